"""The queue over Celery. A message says that there may be work; the row says whether there is."""

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from time import time
from typing import Any

import redis
from kombu.exceptions import OperationalError

from desktop.address import is_told
from desktop.errors import UnbraidError
from desktop.jobs.model import Job
from desktop.paths import home
from desktop.settings import external_redis
from desktop.tasks.celery_app import DRAFT_TASK, LIBRARY_HEADER, TASK, app, broker_url
from desktop.tasks.names import names
from desktop.tasks.redis_client import redis_client

_log = logging.getLogger(__name__)
# Celery's limits are the last resort against a hung job, so they follow the song: 20 times its length on a slow machine.
_SLOWEST = 20.0
_SOFT, _GRACE = 3300, 300
# Before Redis would give the message to somebody else. A song that is stopped by it goes on from its segments.
_LONGEST = 6 * 24 * 3600
# Seconds for which a playhead counts after it was told, and that the teller waits for Redis at most.
_ATTENTION, _PATIENCE = 15, 0.5
# Seconds within which a worker that has taken a message claims its job: it may have to start a process for it first.
_TAKEN = 30.0
# Seconds after which the lock of a process that died, or hangs, is free.
_LONGEST_RECONCILING = 10.0


class CeleryQueue:
    """A `JobQueue` on the Redis that Celery uses."""

    def publish(self, job: Job) -> None:
        """Ask for `job` to be run. When Redis is away nothing happens: reconciliation asks again."""
        with _put_off(job):
            self.send(job)

    def send(self, job: Job) -> None:
        """Ask for `job` to be run. Raises kombu's OperationalError."""
        if not _is_there():
            return
        soft = min(max(_SOFT, int((job.seconds or 0) * _SLOWEST)), _LONGEST)
        _send(TASK, job, queue=names().queue, task_id=identity(job), soft_time_limit=soft, time_limit=soft + _GRACE)

    def publish_in_order(self, jobs: Sequence[Job]) -> None:
        """Forget this library's messages that wait, and ask for `jobs` anew."""
        if not _is_there():
            return
        try:
            with redis_client() as client:
                _forget_waiting(client)
        except (redis.RedisError, UnbraidError) as error:
            _log.info("The order waits in the library: %s", error)
            return
        for job in jobs:
            self.publish(job)

    def publish_draft(self, job: Job) -> None:
        """Ask for a draft of `job`, or for nothing when Redis is away."""
        if _is_there():
            with _put_off(job):
                _send(DRAFT_TASK, job, queue=names().draft_queue)

    def tell_playhead(self, job_id: str, second: float) -> None:
        """Let the worker know where an unfinished job is listened to, for some seconds."""
        with suppress(redis.RedisError, UnbraidError), redis_client(_PATIENCE) as client:
            client.set(names().playhead(job_id), second, ex=_ATTENTION)

    def known(self) -> set[str]:
        """Return the identities of the messages that wait, or that a worker has just taken. Raises redis.RedisError.

        A message that was taken some time ago, and whose job is still due, is in the hands of a worker that has died.
        """
        now = time()
        with redis_client() as client:
            waiting = client.lrange(names().queue, 0, -1)
            held = client.hgetall(names().unacked["unacked_key"])
            taken = client.zrange(names().unacked["unacked_index_key"], 0, -1, withscores=True)
        fresh = [held[tag] for tag, moment in taken if tag in held and abs(now - float(moment)) < _TAKEN]
        return {_Message(text).id for text in waiting} | {_Message(text).id for text in fresh}

    def next_message(self) -> str | None:
        """Return the message that a worker is to take next, as it is; None if none waits. Raises redis.RedisError."""
        with redis_client() as client:
            message = client.lindex(names().queue, -1)
        return None if message is None else str(message)

    @contextmanager
    def reconciling(self) -> Generator[bool]:
        """Hold the lock on comparing this library's messages with its rows, or yield False. Raises redis.RedisError."""
        with redis_client() as client:
            lock = client.lock(names().reconciling, timeout=_LONGEST_RECONCILING, blocking=False)
            if not lock.acquire():
                yield False
                return
            try:
                yield True
            finally:
                with suppress(redis.RedisError):  # it expires by itself
                    lock.release()

    def clear(self) -> None:
        """Forget this library's messages, and no others: only while no worker is alive. Raises redis.RedisError."""
        with redis_client() as client:
            client.delete(names().reconciling)
            _forget_waiting(client)
            held = client.hgetall(names().unacked["unacked_key"])
            ours = [tag for tag, text in held.items() if _Message(text).is_ours]
            if ours:
                client.hdel(names().unacked["unacked_key"], *ours)
                client.zrem(names().unacked["unacked_index_key"], *ours)


class _Message:
    """What the headers of a message say, as text that came from Redis: anybody with the password may write there."""

    def __init__(self, text: str | bytes) -> None:
        headers = _headers(text)
        self.id = str(headers.get("id", ""))
        self.is_ours = headers.get(LIBRARY_HEADER) == names().library


def _headers(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
        # One that a worker holds is noted with its exchange and its routing key.
        return dict((message[0] if isinstance(message, list) else message)["headers"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _forget_waiting(client: "redis.Redis") -> None:
    with client.pipeline() as steps:
        for text in client.lrange(names().queue, 0, -1):
            if _Message(text).is_ours:
                steps.lrem(names().queue, 1, str(text))
        steps.execute()


def _send(task: str, job: Job, **options: Any) -> None:
    # A connection of its own: the app's pool remembers where Redis was when the app began.
    with app.connection_for_write(broker_url()) as connection:
        # Nobody asks for the result of these: the row has it.
        app.send_task(task, (job.id,), connection=connection, retry=False, ignore_result=True, **options)


@contextmanager
def _put_off(job: Job) -> Generator[None]:
    try:
        yield
    except (OperationalError, UnbraidError) as error:
        _log.info("%s waits in the library: %s", job.id, error)


def identity(job: Job) -> str:
    """A message's name. With the token in it, an entry left by a lost owner does not stand for the job's next run."""
    return f"{job.id}:{job.token}"


def _is_there() -> bool:
    """False before the library's own Redis runs: nothing must ever go to somebody else's."""
    return external_redis() is not None or is_told(home())
