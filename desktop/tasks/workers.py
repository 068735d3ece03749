<<<<<<< HEAD
"""Which Celery workers answer, and what each of them does: separate songs, make drafts, or something else."""

from dataclasses import dataclass
from typing import Any

import redis
from kombu import Connection
from kombu.exceptions import OperationalError

from desktop.errors import ServiceUnavailableError
from desktop.redis_trouble import redis_trouble
from desktop.settings import external_redis
from desktop.tasks.celery_app import DRAFT_TASK, TASK, app
from desktop.tasks.names import names

# Seconds that all workers together have to answer. A busy machine gets more tries.
_ANSWER_S, _TRIES = 3.0, 3
# Not the 30 s that a worker waits for Redis: somebody looks at an empty line meanwhile.
_TRANSPORT = {"socket_timeout": 5, "socket_connect_timeout": 5}


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


def _found(connection: Connection) -> Workers:
    known = names()
    tasks: dict[str, list[str]] = _inspect(connection).registered() or {}
    queues: dict[str, list[dict[str, Any]]] = _inspect(connection, list(tasks)).active_queues() or {} if tasks else {}

    def does(node: str, task: str, queue: str) -> bool:
        # A task that is limited is followed by its limit.
        knows = any(name.split()[0] == task for name in tasks[node])
        return knows and any(consumed["name"] == queue for consumed in queues.get(node, []))

    songs = tuple(sorted(node for node in tasks if does(node, TASK, known.queue)))
    drafts = tuple(sorted(node for node in tasks if does(node, DRAFT_TASK, known.draft_queue)))
    return Workers(songs, drafts, tuple(sorted(tasks.keys() - {*songs, *drafts})))


def _inspect(connection: Connection, nodes: list[str] | None = None) -> Any:
    """Return Celery's questioner; with `nodes` it is content as soon as all of them have answered."""
    return app.control.inspect(nodes, timeout=_ANSWER_S, connection=connection, limit=len(nodes) if nodes else None)
=======
"""Asks the workers of this library whether they take its songs."""

import threading

import redis
from kombu.exceptions import OperationalError

from desktop.jobs.store import JobStore
from desktop.redis_trouble import redis_trouble
from desktop.settings import external_redis
from desktop.tasks.celery_app import TASK, app, broker_url, connect
from desktop.tasks.names import names
from desktop.tasks.queue import CeleryQueue

# Seconds in which workers answer, and Redis.
_ANSWER_S, _REDIS_S = 3.0, 5.0
# Seconds for which a message may be the next while nothing is in work, and between two looks at it.
_TAKEN_S, _INTERVAL_S = 5.0, 0.5
_NO_WORKER = "No worker takes songs from this library's queue."
_UNKNOWN_TASK = f"The worker does not know the task {TASK}."
_STUCK = "Songs wait, and the worker takes none."


def worker_trouble(store: JobStore) -> str | None:
    """Return why no worker takes songs of the library in `store`, as a sentence; None if one does.

    Other libraries' workers on the same Redis, and those that only make drafts, do not count. Takes some seconds, also
    if Redis does not answer. Raises StorageError.
    """
    if store.at_work():
        return None
    connect()
    try:
        return _trouble_of_workers() or (_STUCK if store.due() and not _next_message_is_taken() else None)
    except (redis.RedisError, OperationalError) as error:
        return redis_trouble(error, external_redis())


def _trouble_of_workers() -> str | None:
    from celery.app.control import Control  # not sooner: it brings half of Celery's worker with it

    # Of the app's own connections the timeouts are those of a worker, which can wait.
    options = app.conf.broker_transport_options | {"socket_timeout": _REDIS_S, "socket_connect_timeout": _REDIS_S}
    with app.connection_for_write(broker_url(), transport_options=options) as connection:
        control = Control(app)
        inspect = control.inspect(timeout=_ANSWER_S, connection=connection)
        taken = inspect.active_queues() or {}
        workers = [name for name, queues in taken.items() if any(queue["name"] == names().queue for queue in queues)]
        if not workers:
            return _NO_WORKER
        inspect = control.inspect(workers, timeout=_ANSWER_S, connection=connection)
        known = inspect.registered() or {}
    return None if any(task.startswith(TASK) for tasks in known.values() for task in tasks) else _UNKNOWN_TASK


def _next_message_is_taken() -> bool:
    """Wait until a worker takes the message that is the next now. False if none does."""
    queue, moment = CeleryQueue(), threading.Event()
    first = queue.next_message()
    for _ in range(int(_TAKEN_S / _INTERVAL_S)):
        if first is None or queue.next_message() != first:
            return True
        moment.wait(_INTERVAL_S)
    return False
>>>>>>> main
