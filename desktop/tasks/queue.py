"""The queue over Celery: messages for due jobs, and the workers that consume them.

A message says that there may be work; the row says whether there is.
"""

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
from desktop.tasks.celery_app import (
    ANALYSE_TASK,
    DRAFT_TASK,
    EXPORT_TASK,
    LIBRARY_HEADER,
    SEPARATE_TASK,
    app,
    broker_url,
    configure_for_library,
)
from desktop.tasks.redis_client import redis_client, redis_names
from desktop.text.message import Message
from desktop.variables import external_redis

_log = logging.getLogger(__name__)
# Celery's time limits are the last resort against a hung job, so they grow with the track: 20 times its length covers a
# slow machine.
_TIME_LIMIT_FACTOR = 20.0
_MIN_SOFT_LIMIT_S, _HARD_LIMIT_MARGIN_S = 3300, 300
# Below the visibility timeout, after which messages are redelivered. A job that reaches it resumes from its segments.
_MAX_SOFT_LIMIT_S = 6 * 24 * 3600
# Seconds for which a published playhead is valid, and that its publisher waits for Redis at most.
_PLAYHEAD_TTL_S, _PLAYHEAD_TIMEOUT_S = 15, 0.5
# Seconds that a worker waits for Redis at most when it looks whether something more urgent waits.
_GLANCE_TIMEOUT_S = 0.5
# Seconds within which a worker claims the job of a message that it has taken: it may have to start a process first.
_CLAIM_TIMEOUT_S = 30.0
# Seconds after which the lock of a process that died or hangs expires.
_RECONCILE_LOCK_TTL_S = 10.0
# Total wait for the replies of all workers in seconds, and the number of attempts on a busy machine.
_REPLY_TIMEOUT_S, _ATTEMPTS = 3.0, 3
# Shorter than the 30 s of a worker: a user waits for the reply.
_INTERACTIVE_TIMEOUTS = {"socket_timeout": 5, "socket_connect_timeout": 5}
# Seconds for which a message may stay at the head of the queue while no job is processing, and between two checks.
_TAKE_TIMEOUT_S, _POLL_INTERVAL_S = 5.0, 0.5
_NO_WORKER_MESSAGE = Message("No worker takes songs from this library's queue.")
_WORKER_STUCK_MESSAGE = Message("Songs are waiting, but the worker takes none.")


class CeleryQueue:
    """`JobQueue` on the Redis that Celery uses."""

    def publish(self, job: Job) -> None:
        """Publish a message to separate `job`. If Redis does not answer, reconciliation publishes it later."""
        with _log_if_unreachable(job.id):
            self.send(job)

    def send(self, job: Job) -> None:
        """Send a message to separate `job`. Raises kombu's OperationalError if Redis does not answer."""
        if not _has_redis():
            return
        soft_limit_s = min(max(_MIN_SOFT_LIMIT_S, int((job.seconds or 0) * _TIME_LIMIT_FACTOR)), _MAX_SOFT_LIMIT_S)
        _send_task(
            SEPARATE_TASK,
            job.id,
            queue=redis_names().queue,
            task_id=message_id(job),
            soft_time_limit=soft_limit_s,
            time_limit=soft_limit_s + _HARD_LIMIT_MARGIN_S,
        )

    def republish(self, jobs: Sequence[Job]) -> None:
        """Replace this library's waiting messages by messages for `jobs`."""
        if not _has_redis():
            return
        try:
            with redis_client() as client:
                _delete_waiting(client, redis_names().queue)
        except (redis.RedisError, UnbraidError) as error:
            _log.info("Queue was not republished: %s", error)
            return
        for job in jobs:
            self.publish(job)

    def publish_draft(self, job: Job) -> None:
        """Publish a message to make a draft of `job`. If Redis does not answer, nothing is published."""
        if _has_redis():
            with _log_if_unreachable(job.id):
                _send_task(DRAFT_TASK, job.id, queue=redis_names().draft_queue)

    def publish_analysis(self, job_id: str) -> None:
        """Publish a message to analyse the song of a job. If Redis does not answer, reconciliation does it later."""
        if _has_redis():
            with _log_if_unreachable(job_id):
                _send_task(ANALYSE_TASK, job_id, queue=redis_names().analysis_queue)

    def publish_export(self) -> None:
        """Publish a message that an export waits. If Redis does not answer, reconciliation does it later."""
        if _has_redis():
            with _log_if_unreachable("export"):
                _send_task(EXPORT_TASK, queue=redis_names().export_queue)

    def has_waiting_drafts(self) -> bool:
        """Return True if a message for a draft waits; False if Redis does not answer."""
        with suppress(redis.RedisError, UnbraidError), redis_client(_GLANCE_TIMEOUT_S) as client:
            return bool(client.llen(redis_names().draft_queue))
        return False

    def has_waiting_analyses(self) -> bool:
        """Return True if a message for an analysis waits. Raises redis.RedisError."""
        with redis_client() as client:
            return bool(client.llen(redis_names().analysis_queue))

    def has_waiting_exports(self) -> bool:
        """Return True if a message for exports waits. Raises redis.RedisError."""
        with redis_client() as client:
            return bool(client.llen(redis_names().export_queue))

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        """Publish the playhead of an unfinished job in seconds; it expires after `_PLAYHEAD_TTL_S`."""
        with suppress(redis.RedisError, UnbraidError), redis_client(_PLAYHEAD_TIMEOUT_S) as client:
            client.set(redis_names().playhead_key(job_id), position_s, ex=_PLAYHEAD_TTL_S)

    def message_ids(self) -> set[str]:
        """Return the ids of the waiting messages and of those that a worker has just taken. Raises redis.RedisError.

        Messages taken longer ago are left out: if their job is still due, their worker has died.
        """
        now = time()
        with redis_client() as client:
            waiting = client.lrange(redis_names().queue, 0, -1)
            unacked = client.hgetall(redis_names().unacked_options["unacked_key"])
            taken_at = client.zrange(redis_names().unacked_options["unacked_index_key"], 0, -1, withscores=True)
        recent = [
            unacked[tag]
            for tag, timestamp in taken_at
            if tag in unacked and abs(now - float(timestamp)) < _CLAIM_TIMEOUT_S
        ]
        return {_MessageHeaders(text).id for text in waiting} | {_MessageHeaders(text).id for text in recent}

    def next_message(self) -> str | None:
        """Return the raw message that a worker takes next; None if none waits. Raises redis.RedisError."""
        with redis_client() as client:
            message = client.lindex(redis_names().queue, -1)
        return None if message is None else str(message)

    @contextmanager
    def lock_for_reconciliation(self) -> Generator[bool]:
        """Yield True while holding the reconciliation lock, or False if it is taken. Raises redis.RedisError."""
        with redis_client() as client:
            lock = client.lock(redis_names().reconcile_lock_key, timeout=_RECONCILE_LOCK_TTL_S, blocking=False)
            if not lock.acquire():
                yield False
                return
            try:
                yield True
            finally:
                with suppress(redis.RedisError):  # the lock expires
                    lock.release()

    def delete_messages(self) -> None:
        """Delete all messages of this library only. Call this while no worker runs. Raises redis.RedisError."""
        with redis_client() as client:
            client.delete(redis_names().reconcile_lock_key)
            _delete_waiting(client, redis_names().queue)
            for queue in (redis_names().analysis_queue, redis_names().export_queue):
                _delete_waiting(client, queue)  # reconciliation publishes them one at a time
            unacked = client.hgetall(redis_names().unacked_options["unacked_key"])
            own_tags = [tag for tag, text in unacked.items() if _MessageHeaders(text).is_own]
            if own_tags:
                client.hdel(redis_names().unacked_options["unacked_key"], *own_tags)
                client.zrem(redis_names().unacked_options["unacked_index_key"], *own_tags)


@dataclass(frozen=True)
class Workers:
    """Names of the workers that replied, such as celery@studio."""

    songs: tuple[str, ...]
    """Workers that separate this library's tracks."""
    drafts: tuple[str, ...]
    """Workers that make this library's drafts."""
    others: tuple[str, ...]
    """Workers that do neither: of other libraries, or with other queues."""


def message_id(job: Job) -> str:
    """Return the id of a job's message.

    It contains the token, so that a message left by a lost owner does not count as the message for the next run.
    """
    return f"{job.id}:{job.token}"


def find_workers() -> Workers:
    """Return the workers that this library's remote control reaches. Takes 10 seconds if none separates tracks.

    Raises ServiceUnavailableError if Redis does not answer or refuses the connection.
    """
    configure_for_library()
    found = Workers((), (), ())
    try:
        with app.connection_for_write(transport_options=_INTERACTIVE_TIMEOUTS) as connection:
            for _ in range(_ATTEMPTS):
                found = _inspect_workers(connection)
                if found.songs:
                    break
    except (redis.RedisError, OperationalError) as error:
        raise ServiceUnavailableError(describe_redis_error(error, external_redis())) from error
    return found


def find_worker_problem(store: JobStore, workers: Workers | None = None) -> Message | None:
    """Return a sentence on why no worker separates the jobs in `store`; None if one does.

    `workers` is a fresh result of `find_workers`, which is called if None. Takes some seconds, also if Redis does not
    answer. Raises StorageError.
    """
    if store.has_processing_jobs():  # a worker without child processes does not reply until its job has ended
        return None
    try:
        if not (workers or find_workers()).songs:
            return _NO_WORKER_MESSAGE
        return _WORKER_STUCK_MESSAGE if store.due_jobs() and not _next_message_is_taken() else None
    except ServiceUnavailableError as error:
        return error.message
    except redis.RedisError as error:
        return describe_redis_error(error, external_redis())


class _MessageHeaders:
    """Headers of a Redis message, which is untrusted: any client with the password can write messages."""

    def __init__(self, text: str | bytes) -> None:
        headers = _parse_headers(text)
        self.id = str(headers.get("id", ""))
        self.is_own = headers.get(LIBRARY_HEADER) == redis_names().library


def _parse_headers(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
        # An unacknowledged message is a list of the message, its exchange and its routing key.
        return dict((message[0] if isinstance(message, list) else message)["headers"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _delete_waiting(client: "redis.Redis", queue: str) -> None:
    with client.pipeline() as pipeline:
        for text in client.lrange(queue, 0, -1):
            if _MessageHeaders(text).is_own:
                pipeline.lrem(queue, 1, str(text))
        pipeline.execute()


def _send_task(task: str, *arguments: str, **options: Any) -> None:
    # A new connection: the app's pool keeps the address that Redis had when the app started.
    with app.connection_for_write(broker_url()) as connection:
        # The result is in the row, so none is stored.
        app.send_task(task, arguments, connection=connection, retry=False, ignore_result=True, **options)


@contextmanager
def _log_if_unreachable(subject: str) -> Generator[None]:
    try:
        yield
    except (OperationalError, UnbraidError) as error:
        _log.info("Message for %s was not published: %s", subject, error)


def _has_redis() -> bool:
    """Return False before the library's own Redis runs, so that no message goes to another program's Redis."""
    return external_redis() is not None or has_endpoint(find_home())


def _inspect_workers(connection: Connection) -> Workers:
    library_names = redis_names()
    # Not by Celery's `inspect`: of several workers with the same name it keeps one reply and warns. It also uses a
    # connection of the app's pool, which keeps an old address of Redis.
    control = Mailbox(library_names.control_exchange, "fanout", connection, accept=["json"])
    tasks = _flatten_replies(control.multi_call("registered", timeout=_REPLY_TIMEOUT_S))
    node_names = [node for node, _ in tasks]
    # With node names, the call returns as soon as it has as many replies as names.
    queues = _flatten_replies(control.call(node_names, "active_queues", timeout=_REPLY_TIMEOUT_S)) if node_names else []

    def consumes(node: str, task: str, queue: str) -> bool:
        # A task with a rate limit is followed by its limit.
        knows = any(name.split()[0] == task for other, known_tasks in tasks if other == node for name in known_tasks)
        return knows and any(
            consumed["name"] == queue for other, taken in queues if other == node for consumed in taken
        )

    nodes = sorted(set(node_names))
    songs = tuple(node for node in nodes if consumes(node, SEPARATE_TASK, library_names.queue))
    drafts = tuple(node for node in nodes if consumes(node, DRAFT_TASK, library_names.draft_queue))
    return Workers(songs, drafts, tuple(node for node in nodes if node not in {*songs, *drafts}))


def _flatten_replies(replies: list[dict[str, Any]] | None) -> list[tuple[str, Any]]:
    """Return the replies as pairs of worker name and content."""
    return [answer for reply in replies or () for answer in reply.items()]


def _next_message_is_taken() -> bool:
    """Return True as soon as the next message is taken, or if none waits; False after `_TAKE_TIMEOUT_S`."""
    queue, timer = CeleryQueue(), threading.Event()
    first_message = queue.next_message()
    for _ in range(int(_TAKE_TIMEOUT_S / _POLL_INTERVAL_S)):
        if first_message is None or queue.next_message() != first_message:
            return True
        timer.wait(_POLL_INTERVAL_S)
    return False
