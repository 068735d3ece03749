"""Which Celery workers answer, what each of them does, and whether the library's songs are taken."""

import threading
from dataclasses import dataclass
from typing import Any

import redis
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pidbox import Mailbox

from desktop.errors import ServiceUnavailableError
from desktop.jobs.store import JobStore
from desktop.redis_trouble import redis_trouble
from desktop.settings import external_redis
from desktop.tasks.celery_app import DRAFT_TASK, TASK, app, connect
from desktop.tasks.names import names
from desktop.tasks.queue import CeleryQueue

# Seconds that all workers together have to answer. A busy machine gets more tries.
_ANSWER_S, _TRIES = 3.0, 3
# Not the 30 s that a worker waits for Redis: somebody looks at an empty line meanwhile.
_TRANSPORT = {"socket_timeout": 5, "socket_connect_timeout": 5}
# Seconds for which a message may be the next while nothing is in work, and between two looks at it.
_TAKEN_S, _INTERVAL_S = 5.0, 0.5
_NO_WORKER = "No worker takes songs from this library's queue."
_STUCK = "Songs wait, and the worker takes none."


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
    connect()
    found = Workers((), (), ())
    try:
        with app.connection_for_write(transport_options=_TRANSPORT) as connection:
            for _ in range(_TRIES):
                found = _found(connection)
                if found.songs:
                    break
    except (redis.RedisError, OperationalError) as error:
        raise ServiceUnavailableError(redis_trouble(error, external_redis())) from error
    return found


def worker_trouble(store: JobStore, workers: Workers | None = None) -> str | None:
    """Return why no worker takes songs of the library in `store`, as a sentence; None if one does.

    `workers` are those that were found a moment ago. Takes some seconds, also if Redis does not answer. Raises
    StorageError.
    """
    if store.at_work():  # a worker without child processes answers nothing until its song is done
        return None
    try:
        if not (workers or find_workers()).songs:
            return _NO_WORKER
        return _STUCK if store.due() and not _next_message_is_taken() else None
    except ServiceUnavailableError as error:
        return str(error)
    except redis.RedisError as error:
        return redis_trouble(error, external_redis())


def _found(connection: Connection) -> Workers:
    known = names()
    # Not by Celery's `inspect`: it warns of workers of one name, and keeps the answer of one of them. And it sends on a
    # connection of the application's pool, which remembers where Redis was.
    control = Mailbox(known.control_exchange, "fanout", connection, accept=["json"])
    tasks = _answers(control.multi_call("registered", timeout=_ANSWER_S))
    asked = [node for node, _ in tasks]
    # It is content as soon as there are as many answers as names.
    queues = _answers(control.call(asked, "active_queues", timeout=_ANSWER_S)) if asked else []

    def does(node: str, task: str, queue: str) -> bool:
        # A task that is limited is followed by its limit.
        knows = any(name.split()[0] == task for other, known_tasks in tasks if other == node for name in known_tasks)
        return knows and any(consumed["name"] == queue for other, taken in queues if other == node for consumed in taken)

    nodes = sorted(set(asked))
    songs = tuple(node for node in nodes if does(node, TASK, known.queue))
    drafts = tuple(node for node in nodes if does(node, DRAFT_TASK, known.draft_queue))
    return Workers(songs, drafts, tuple(node for node in nodes if node not in {*songs, *drafts}))


def _answers(replies: list[dict[str, Any]] | None) -> list[tuple[str, Any]]:
    """Return each answer with the name of the worker that gave it."""
    return [answer for reply in replies or () for answer in reply.items()]


def _next_message_is_taken() -> bool:
    """Wait until a worker takes the message that is the next now. False if none does."""
    queue, moment = CeleryQueue(), threading.Event()
    first = queue.next_message()
    for _ in range(int(_TAKEN_S / _INTERVAL_S)):
        if first is None or queue.next_message() != first:
            return True
        moment.wait(_INTERVAL_S)
    return False
