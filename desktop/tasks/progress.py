"""Job events over Redis, live: events are for eyes and may be lost, rows are the truth."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from time import monotonic

import redis

from desktop.crashes.watch import watching
from desktop.errors import UnbraidError
from desktop.jobs.model import Stage
from desktop.jobs.queue import DraftGrew, JobChanged, JobEvent, JobProgress, QueueChanged
from desktop.tasks.job_id import parse_job_id
from desktop.tasks.names import names
from desktop.tasks.redis_client import redis_client

# Seconds an emitter waits for Redis at most, and leaves it alone after a failure.
_PATIENCE = 0.5
_REST = 2.0
# Seconds between looks at whether the listener shall end, and that its end is waited for.
_GLANCE, _LONGEST_STOP = 0.5, 2.0
_log = logging.getLogger(__name__)


class RedisEvents:
    """An `EventSink` that publishes."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def emit(self, event: JobEvent) -> None:
        """Announce `event` to every listener, or to nobody when Redis is away."""
        with self._lock:
            if monotonic() < self._resting_until:
                return
            try:
                self._client = self._client or redis_client(_PATIENCE)
                self._client.publish(names().events, _text(event))
            except (redis.RedisError, UnbraidError):
                self._resting_until = monotonic() + _REST
                self._drop()

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._client:
            self._client.close()
        self._client = None


class EventListener:
    """A thread that hears every event, and tells of every gap in which it may have missed some."""

    def __init__(self, on_event: Callable[[JobEvent], None], on_gap: Callable[[], None]) -> None:
        """Both are called from the listener's thread. `on_gap` is also called at each start of listening."""
        self._on_event = on_event
        self._on_gap = on_gap
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to listen, and go on through every restart of Redis."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. One that waits for Redis is left behind; it calls nobody any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_STOP)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except (redis.RedisError, UnbraidError) as error:
                _log.info("The event feed broke off: %s", error)
            except Exception as error:  # noqa: BLE001 without this thread the window would show nothing any more
                watching.record(error)
            self._stop.wait(_GLANCE)

    def _listen(self) -> None:
        with redis_client() as client, client.pubsub(ignore_subscribe_messages=True) as feed:
            feed.subscribe(names().events)
            feed.get_message(timeout=_GLANCE)
            self._tell(self._on_gap)
            while not self._stop.is_set():
                message = feed.get_message(timeout=_GLANCE)
                event = _event(message["data"]) if message else None
                if event:
                    self._tell(self._on_event, event)

    def _tell(self, listener: Callable[..., None], *given: JobEvent) -> None:
        if not self._stop.is_set():
            listener(*given)


def _text(event: JobEvent) -> str:
    return json.dumps(asdict(event))


def _event(text: str | bytes | None) -> JobEvent | None:
    """The event in a message; None when it is none of ours."""
    try:
        fields = json.loads(text or "{}")
        if "job_id" in fields and parse_job_id(fields["job_id"]) != fields["job_id"]:
            raise ValueError("no job id")
        if "stage" in fields:
            return JobProgress(**fields | {"stage": Stage(fields["stage"])})
        if "complete" in fields:
            return DraftGrew(**fields)
        return QueueChanged(**fields) if "paused" in fields else JobChanged(**fields)
    except (ValueError, TypeError, RecursionError) as error:
        _log.warning("A message was passed over: %s", error)
        return None
