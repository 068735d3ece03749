"""Job events and playheads over Redis. Both may be lost; the rows are the truth."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from time import monotonic

import redis

from desktop.errors import UnbraidError
from desktop.jobs.export_job import ExportProgress
from desktop.jobs.model import AnalysisInput, JobProgress
from desktop.jobs.queue import AnalysisChanged, DraftChanged, ExportChanged, JobChanged, JobEvent, QueueChanged
from desktop.runtime.crash_handler import process_crash_handler
from desktop.stage import Stage
from desktop.tasks.redis_client import parse_job_id, redis_client, redis_names

# Seconds that a publisher waits for Redis at most, and that it discards events after a failure.
_PUBLISH_TIMEOUT_S = 0.5
_RETRY_DELAY_S = 2.0
# Seconds between checks whether the listener must stop, and that `stop` waits for its thread.
_POLL_INTERVAL_S, _STOP_TIMEOUT_S = 0.5, 2.0
# Seconds that a worker waits for the playhead at most.
_PLAYHEAD_TIMEOUT_S = 0.5
_log = logging.getLogger(__name__)


class RedisEventPublisher:
    """`EventSink` that publishes events on the library's Redis channel. Thread-safe."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._retry_at = 0.0
        self._lock = threading.Lock()

    def emit(self, event: JobEvent) -> None:
        """Publish `event` to all listeners, or discard it if Redis does not answer."""
        with self._lock:
            if monotonic() < self._retry_at:
                return
            try:
                self._client = self._client or redis_client(_PUBLISH_TIMEOUT_S)
                self._client.publish(redis_names().events_channel, _encode_event(event))
            except (redis.RedisError, UnbraidError):
                self._retry_at = monotonic() + _RETRY_DELAY_S
                self._disconnect()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._client:
            self._client.close()
        self._client = None


class EventListener:
    """Thread that receives job events and reports gaps in which events may have been lost."""

    def __init__(self, on_event: Callable[[JobEvent], None], on_gap: Callable[[], None]) -> None:
        """Create the listener. Both callbacks run in its thread; `on_gap` runs after each connect, also the first."""
        self._on_event = on_event
        self._on_gap = on_gap
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Start the thread, which reconnects after each restart of Redis."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait up to 2 s for it. A thread that still waits for Redis calls no callback any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except (redis.RedisError, UnbraidError) as error:
                _log.info("Event feed was interrupted: %s", error)
            except Exception as error:  # noqa: BLE001 without this thread the window would receive no more events
                process_crash_handler.record_exception(error)
            self._stop.wait(_POLL_INTERVAL_S)

    def _listen(self) -> None:
        with redis_client() as client, client.pubsub(ignore_subscribe_messages=True) as feed:
            feed.subscribe(redis_names().events_channel)
            feed.get_message(timeout=_POLL_INTERVAL_S)
            self._notify(self._on_gap)
            while not self._stop.is_set():
                message = feed.get_message(timeout=_POLL_INTERVAL_S)
                event = _decode_event(message["data"]) if message else None
                if event:
                    self._notify(self._on_event, event)

    def _notify(self, callback: Callable[..., None], *events: JobEvent) -> None:
        if not self._stop.is_set():
            callback(*events)


def read_playhead(job_id: str) -> float | None:
    """Return the playhead of a job in seconds; None if the job is not played or Redis does not answer."""
    try:
        with redis_client(_PLAYHEAD_TIMEOUT_S) as client:
            value = client.get(redis_names().playhead_key(job_id))
    except (redis.RedisError, UnbraidError):
        return None
    return float(value) if isinstance(value, str) else None


def _encode_event(event: JobEvent) -> str:
    return json.dumps(asdict(event))


def _decode_event(text: str | bytes | None) -> JobEvent | None:
    """Return the event in a message; None for an empty or foreign message."""
    try:
        fields = json.loads(text or "{}")
        for name in ("job_id", "export_id"):
            if name in fields and parse_job_id(fields[name]) != fields[name]:
                raise ValueError("no job id")
        if "export_id" in fields:
            return ExportProgress(**fields) if "fraction" in fields else ExportChanged(**fields)
        if "stage" in fields:
            return JobProgress(**fields | {"stage": Stage(fields["stage"])})
        if "complete" in fields:
            return DraftChanged(**fields)
        if "analysed" in fields:
            return AnalysisChanged(**fields | {"analysed": AnalysisInput(fields["analysed"])})
        return QueueChanged(**fields) if "paused" in fields else JobChanged(**fields)
    except (ValueError, TypeError, RecursionError) as error:
        _log.warning("Event message was ignored: %s", error)
        return None
