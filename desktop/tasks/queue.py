"""The queue over Celery. A message says that there may be work; the row says whether there is."""

import json
import logging
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import time
from typing import Any

import redis
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pidbox import Mailbox

from desktop.errors import ServiceUnavailableError, UnbraidError
from desktop.jobs.model import Job
from desktop.jobs.store import JobStore
from desktop.paths import find_home
from desktop.runtime.redis_endpoint import describe_redis_error, has_endpoint
from desktop.settings import external_redis
from desktop.tasks.celery_app import DRAFT_TASK, LIBRARY_HEADER, SEPARATE_TASK, app, broker_url, configure_for_library
from desktop.tasks.redis_client import redis_client, redis_names

_log = logging.getLogger(__name__)
# Celery's limits are the last resort against a hung job, so they follow the song: 20 times its length on a slow machine.
_TIME_LIMIT_FACTOR = 20.0
_MIN_SOFT_LIMIT_S, _HARD_LIMIT_MARGIN_S = 3300, 300
# Before Redis would give the message to somebody else. A song that is stopped by it goes on from its segments.
_MAX_SOFT_LIMIT_S = 6 * 24 * 3600
# Seconds for which a playhead counts after it was told, and that the teller waits for Redis at most.
_PLAYHEAD_TTL_S, _PLAYHEAD_TIMEOUT_S = 15, 0.5
# Seconds within which a worker that has taken a message claims its job: it may have to start a process for it first.
_CLAIM_TIMEOUT_S = 30.0
# Seconds after which the lock of a process that died, or hangs, is free.
_RECONCILE_LOCK_TTL_S = 10.0


class CeleryQueue:
    """A `JobQueue` on the Redis that Celery uses."""

    def publish(self, job: Job) -> None:
        """Ask for `job` to be run. When Redis is away nothing happens: reconciliation asks again."""
        with _log_if_unreachable(job):
            self.send(job)

    def send(self, job: Job) -> None:
        """Ask for `job` to be run. Raises kombu's OperationalError."""
        if not _has_redis():
            return
        soft_limit_s = min(max(_MIN_SOFT_LIMIT_S, int((job.seconds or 0) * _TIME_LIMIT_FACTOR)), _MAX_SOFT_LIMIT_S)
        _send_task(
            SEPARATE_TASK,
            job,
            queue=redis_names().queue,
            task_id=message_id(job),
            soft_time_limit=soft_limit_s,
            time_limit=soft_limit_s + _HARD_LIMIT_MARGIN_S,
        )

    def republish(self, jobs: Sequence[Job]) -> None:
        """Forget this library's messages that wait, and ask for `jobs` anew."""
        if not _has_redis():
            return
        try:
            with redis_client() as client:
                _delete_waiting(client)
        except (redis.RedisError, UnbraidError) as error:
            _log.info("The order waits in the library: %s", error)
            return
        for job in jobs:
            self.publish(job)

    def publish_draft(self, job: Job) -> None:
        """Ask for a draft of `job`, or for nothing when Redis is away."""
        if _has_redis():
            with _log_if_unreachable(job):
                _send_task(DRAFT_TASK, job, queue=redis_names().draft_queue)

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        """Let the worker know where an unfinished job is listened to, for some seconds."""
        with suppress(redis.RedisError, UnbraidError), redis_client(_PLAYHEAD_TIMEOUT_S) as client:
            client.set(redis_names().playhead_key(job_id), position_s, ex=_PLAYHEAD_TTL_S)

    def message_ids(self) -> set[str]:
        """Return the identities of the messages that wait, or that a worker has just taken. Raises redis.RedisError.

        A message that was taken some time ago, and whose job is still due, is in the hands of a worker that has died.
        """
        now = time()
        with redis_client() as client:
            waiting = client.lrange(redis_names().queue, 0, -1)
            held = client.hgetall(redis_names().unacked_options["unacked_key"])
            taken = client.zrange(redis_names().unacked_options["unacked_index_key"], 0, -1, withscores=True)
        recent = [held[tag] for tag, moment in taken if tag in held and abs(now - float(moment)) < _CLAIM_TIMEOUT_S]
        return {_MessageHeaders(text).id for text in waiting} | {_MessageHeaders(text).id for text in recent}

    def next_message(self) -> str | None:
        """Return the message that a worker is to take next, as it is; None if none waits. Raises redis.RedisError."""
        with redis_client() as client:
            message = client.lindex(redis_names().queue, -1)
        return None if message is None else str(message)

    @contextmanager
    def lock_for_reconciliation(self) -> Generator[bool]:
        """Hold the lock on comparing this library's messages with its rows, or yield False. Raises redis.RedisError."""
        with redis_client() as client:
            lock = client.lock(redis_names().reconcile_lock_key, timeout=_RECONCILE_LOCK_TTL_S, blocking=False)
            if not lock.acquire():
                yield False
                return
            try:
                yield True
            finally:
                with suppress(redis.RedisError):  # it expires by itself
                    lock.release()

    def delete_messages(self) -> None:
        """Forget this library's messages, and no others: only while no worker is alive. Raises redis.RedisError."""
        with redis_client() as client:
            client.delete(redis_names().reconcile_lock_key)
            _delete_waiting(client)
            held = client.hgetall(redis_names().unacked_options["unacked_key"])
            own_tags = [tag for tag, text in held.items() if _MessageHeaders(text).is_ours]
            if own_tags:
                client.hdel(redis_names().unacked_options["unacked_key"], *own_tags)
                client.zrem(redis_names().unacked_options["unacked_index_key"], *own_tags)


class _MessageHeaders:
    """What the headers of a message say, as text that came from Redis: anybody with the password may write there."""

    def __init__(self, text: str | bytes) -> None:
        headers = _parse_headers(text)
        self.id = str(headers.get("id", ""))
        self.is_ours = headers.get(LIBRARY_HEADER) == redis_names().library


def _parse_headers(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
        # One that a worker holds is noted with its exchange and its routing key.
        return dict((message[0] if isinstance(message, list) else message)["headers"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _delete_waiting(client: "redis.Redis") -> None:
    with client.pipeline() as pipeline:
        for text in client.lrange(redis_names().queue, 0, -1):
            if _MessageHeaders(text).is_ours:
                pipeline.lrem(redis_names().queue, 1, str(text))
        pipeline.execute()


def _send_task(task: str, job: Job, **options: Any) -> None:
    # A connection of its own: the app's pool remembers where Redis was when the app began.
    with app.connection_for_write(broker_url()) as connection:
        # Nobody asks for the result of these: the row has it.
        app.send_task(task, (job.id,), connection=connection, retry=False, ignore_result=True, **options)


@contextmanager
def _log_if_unreachable(job: Job) -> Generator[None]:
    try:
        yield
    except (OperationalError, UnbraidError) as error:
        _log.info("%s waits in the library: %s", job.id, error)


def message_id(job: Job) -> str:
    """A message's name. With the token in it, an entry left by a lost owner does not stand for the job's next run."""
    return f"{job.id}:{job.token}"


def _has_redis() -> bool:
    """False before the library's own Redis runs: nothing must ever go to somebody else's."""
    return external_redis() is not None or has_endpoint(find_home())


# Seconds that all workers together have to answer. A busy machine gets more tries.
_REPLY_TIMEOUT_S, _ATTEMPTS = 3.0, 3
# Not the 30 s that a worker waits for Redis: somebody looks at an empty line meanwhile.
_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
# Seconds for which a message may be the next while nothing is in work, and between two looks at it.
_TAKE_TIMEOUT_S, _POLL_INTERVAL_S = 5.0, 0.5
_NO_WORKER_MESSAGE = "No worker takes songs from this library's queue."
_WORKER_STUCK_MESSAGE = "Songs wait, and the worker takes none."


@dataclass(frozen=True)
class Workers:
    """Names of the workers that answered, such as celery@studio."""

    songs: tuple[str, ...]
    """They take this library's songs."""
    drafts: tuple[str, ...]
    """They make this library's drafts."""
    others: tuple[str, ...]
    """They take neither: workers of other libraries, or with other queues."""


def find_workers() -> Workers:
    """Ask every worker that this library's remote control reaches. Takes 10 seconds when none separates songs.

    Raises ServiceUnavailableError when Redis does not answer, or refuses.
    """
    configure_for_library()
    found = Workers((), (), ())
    try:
        with app.connection_for_write(transport_options=_TRANSPORT_OPTIONS) as connection:
            for _ in range(_ATTEMPTS):
                found = _inspect_workers(connection)
                if found.songs:
                    break
    except (redis.RedisError, OperationalError) as error:
        raise ServiceUnavailableError(describe_redis_error(error, external_redis())) from error
    return found


def find_worker_problem(store: JobStore, workers: Workers | None = None) -> str | None:
    """Return why no worker takes songs of the library in `store`, as a sentence; None if one does.

    `workers` are those that were found a moment ago. Takes some seconds, also if Redis does not answer. Raises
    StorageError.
    """
    if store.has_processing_jobs():  # a worker without child processes answers nothing until its song is done
        return None
    try:
        if not (workers or find_workers()).songs:
            return _NO_WORKER_MESSAGE
        return _WORKER_STUCK_MESSAGE if store.due_jobs() and not _next_message_is_taken() else None
    except ServiceUnavailableError as error:
        return str(error)
    except redis.RedisError as error:
        return describe_redis_error(error, external_redis())


def _inspect_workers(connection: Connection) -> Workers:
    library_names = redis_names()
    # Not by Celery's `inspect`: it warns of workers of one name, and keeps the answer of one of them. And it sends on a
    # connection of the application's pool, which remembers where Redis was.
    control = Mailbox(library_names.control_exchange, "fanout", connection, accept=["json"])
    tasks = _flatten_replies(control.multi_call("registered", timeout=_REPLY_TIMEOUT_S))
    node_names = [node for node, _ in tasks]
    # It is content as soon as there are as many answers as names.
    queues = _flatten_replies(control.call(node_names, "active_queues", timeout=_REPLY_TIMEOUT_S)) if node_names else []

    def consumes(node: str, task: str, queue: str) -> bool:
        # A task that is limited is followed by its limit.
        knows = any(name.split()[0] == task for other, known_tasks in tasks if other == node for name in known_tasks)
        return knows and any(
            consumed["name"] == queue for other, taken in queues if other == node for consumed in taken
        )

    nodes = sorted(set(node_names))
    songs = tuple(node for node in nodes if consumes(node, SEPARATE_TASK, library_names.queue))
    drafts = tuple(node for node in nodes if consumes(node, DRAFT_TASK, library_names.draft_queue))
    return Workers(songs, drafts, tuple(node for node in nodes if node not in {*songs, *drafts}))


def _flatten_replies(replies: list[dict[str, Any]] | None) -> list[tuple[str, Any]]:
    """Return each answer with the name of the worker that gave it."""
    return [answer for reply in replies or () for answer in reply.items()]


def _next_message_is_taken() -> bool:
    """Wait until a worker takes the message that is the next now. False if none does."""
    queue, timer = CeleryQueue(), threading.Event()
    first_message = queue.next_message()
    for _ in range(int(_TAKE_TIMEOUT_S / _POLL_INTERVAL_S)):
        if first_message is None or queue.next_message() != first_message:
            return True
        timer.wait(_POLL_INTERVAL_S)
    return False
