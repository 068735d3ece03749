"""The queue over Celery. A message says that there may be work; the row says whether there is."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis
from kombu.exceptions import OperationalError

from desktop.address import is_told
from desktop.jobs.model import Job
from desktop.paths import home
from desktop.settings import external_redis
from desktop.tasks.celery_app import DRAFT_QUEUE, DRAFT_TASK, QUEUE, TASK, UNACKED, app, broker_url
from desktop.tasks.redis_client import redis_client

_log = logging.getLogger(__name__)
# Celery's limits are the last resort against a hung job, so they follow the song: 20 times its length on a slow machine.
_SLOWEST = 20.0
_SOFT, _GRACE = 3300, 300
# Before Redis would give the message to somebody else. A song that is stopped by it goes on from its segments.
_LONGEST = 6 * 24 * 3600
# Seconds for which a playhead counts after it was told, and that the teller waits for Redis at most.
_ATTENTION, _PATIENCE = 15, 0.5


class CeleryQueue:
    """A `JobQueue` on the Redis that Celery uses."""

    def publish(self, job: Job) -> None:
        """Ask for `job` to be run. When Redis is away nothing happens: reconciliation asks again."""
        if not _is_there():
            return
        soft = min(max(_SOFT, int((job.seconds or 0) * _SLOWEST)), _LONGEST)
        _send(TASK, job, task_id=identity(job), soft_time_limit=soft, time_limit=soft + _GRACE)

    def publish_in_order(self, jobs: Sequence[Job]) -> None:
        """Forget the messages that wait, and ask for `jobs` anew."""
        if not _is_there():
            return
        try:
            with redis_client() as client:
                client.delete(QUEUE)
        except redis.RedisError as error:
            _log.info("The order waits in the library: %s", error)
            return
        for job in jobs:
            self.publish(job)

    def publish_draft(self, job: Job) -> None:
        """Ask for a draft of `job`, or for nothing when Redis is away."""
        if _is_there():
            _send(DRAFT_TASK, job, queue=DRAFT_QUEUE)

    def tell_playhead(self, job_id: str, second: float) -> None:
        """Let the worker know where an unfinished job is listened to, for some seconds."""
        with suppress(redis.RedisError), redis_client(_PATIENCE) as client:
            client.set(playhead_key(job_id), second, ex=_ATTENTION)

    def known(self) -> set[str]:
        """Identities of all messages that wait or are in a worker's hands. Raises redis.RedisError."""
        with redis_client() as client:
            waiting = client.lrange(QUEUE, 0, -1)
            held = client.hvals(UNACKED["unacked_key"])
        return {_id(text) for text in waiting} | {_id(text, held=True) for text in held}

    def clear(self) -> None:
        """Forget every message: only while no worker is alive. Raises redis.RedisError."""
        with redis_client() as client:
            client.delete(QUEUE, *UNACKED.values())


def playhead_key(job_id: str) -> str:
    """Where Redis holds the second at which a job is listened to."""
    return f"unbraid:playhead:{job_id}"


def _send(task: str, job: Job, **options: Any) -> None:
    try:
        # A connection of its own: the app's pool remembers where Redis was when the app began.
        with app.connection_for_write(broker_url()) as connection:
            app.send_task(task, (job.id,), connection=connection, retry=False, ignore_result=True, **options)
    except OperationalError as error:
        _log.info("%s waits in the library: %s", job.id, error)


def identity(job: Job) -> str:
    """A message's name. With the token in it, an entry left by a lost owner does not stand for the job's next run."""
    return f"{job.id}:{job.token}"


def _is_there() -> bool:
    """False before the library's own Redis runs: nothing must ever go to somebody else's."""
    return external_redis() is not None or is_told(home())


def _id(text: str | bytes, held: bool = False) -> str:
    """The identity of a message; that of none when it is none of ours: anybody with the password may write there."""
    try:
        message = json.loads(text)
        return str((message[0] if held else message)["headers"]["id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
