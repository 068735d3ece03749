"""Heartbeat of a running job: lease renewal, progress events, stop requests, and the estimate of the time left."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType

from desktop.errors import CancelledError, LostClaimError, StorageError
from desktop.jobs.model import Job, JobProgress, OwnerDirective
from desktop.jobs.queue import EventSink
from desktop.jobs.store import JobStore
from desktop.runtime.stall_timer import StallTimer
from desktop.stage import Stage
from desktop.text.message import Message

STALL_TIMEOUT_S = 600.0
"""Seconds without progress after which a job counts as stalled."""
# Seconds between heartbeats, and so until a cancel or a pause is noticed at the latest.
_HEARTBEAT_INTERVAL_S = 0.5
# Seconds between progress events: 25 per second look smooth.
_PROGRESS_INTERVAL_S = 0.04
# Seconds that a job may continue after a stop request. A segment may take longer, and is then aborted.
_STOP_TIMEOUT_S = 1.4
# An estimate is reliable after `_MIN_PROGRESS` of the job and `_MIN_WORK_S`, or after `_SUFFICIENT_WORK_S` (seconds).
_MIN_PROGRESS, _MIN_WORK_S, _SUFFICIENT_WORK_S = 0.03, 1.0, 10.0
# Seconds. Loading and decoding dominate the time of a shorter track, so a saved speed predicts better than its own.
_SHORT_TRACK_S = 30.0
# Seconds between saves of the measured speed.
_SAVE_INTERVAL_S = 10.0
_log = logging.getLogger(__name__)


class Heartbeat:
    """Context manager around a claimed job, whose thread renews the lease even during a long segment."""

    def __init__(
        self,
        store: JobStore,
        events: EventSink,
        job: Job,
        on_overdue: Callable[[bool, float], None] = lambda stalled, elapsed: None,
    ) -> None:
        """Create the heartbeat of a job that was just claimed.

        `on_overdue(stalled, elapsed)` is called once, in the heartbeat's thread, if the job has stalled (True) or does
        not stop in time (False). `elapsed` is the time since the claim in seconds.
        """
        self.job = job
        self._on_overdue = on_overdue
        self._progress_watch = StallTimer()
        self._stop_requested_at: float | None = None
        self._store = store
        self._events = events
        self._started_at = monotonic()
        self._stage: Stage | None = None
        self._progress = job.progress
        self._max_progress = 0.0
        self.time_left = TimeLeftEstimator(job.seconds)
        self._last_event_at = 0.0
        self._directive = OwnerDirective.CONTINUE
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._send_heartbeats, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finished.set()
        self._thread.join()
        self.time_left.save_measured_speed(force=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the claim."""
        return monotonic() - self._started_at

    def report(self, stage: Stage, progress: float) -> None:
        """Report the stage and the progress, 0 to 1 over the whole job, or over the download while downloading."""
        stage_changed = stage is not self._stage
        if stage_changed:
            # At once: if the new stage crashes the process, the row tells which stage it was.
            with suppress(StorageError):  # the next heartbeat tries again
                self._store.ownership.record_details(self.job, stage=stage.value)
        if stage_changed or progress > self._max_progress:
            self._max_progress = progress
            self.time_left.update(stage, progress)
        self._progress = progress if stage_changed and self._resets_progress(stage) else max(progress, self._progress)
        self._stage = stage
        if stage_changed or monotonic() - self._last_event_at >= _PROGRESS_INTERVAL_S:
            self._last_event_at = monotonic()
            self._events.emit(
                JobProgress(self.job.id, self.job.token, stage, self._progress, self.elapsed, self.time_left.seconds)
            )

    def should_stop(self) -> bool:
        """Return True if the job was cancelled or paused, or the claim is lost."""
        return self._directive is not OwnerDirective.CONTINUE

    def raise_if_stopped(self) -> None:
        """Raise LostClaimError if the claim is lost, or CancelledError if the job was cancelled or paused."""
        if self._directive is OwnerDirective.ABANDON:
            raise LostClaimError(Message("Another worker owns this job now."))
        if self.should_stop():
            raise CancelledError(Message("Stopped."))

    def _resets_progress(self, stage: Stage) -> bool:
        """Return True if progress may decrease at `stage`.

        It does after a download, and when separating begins: until the finished segments are counted, a resumed job
        keeps its old progress.
        """
        return Stage.DOWNLOADING in (stage, self._stage) or stage is Stage.SEPARATING

    def _send_heartbeats(self) -> None:
        while not self._finished.wait(_HEARTBEAT_INTERVAL_S):
            try:
                seconds_left = self.time_left.seconds
                directive = self._store.ownership.heartbeat(
                    self.job, self._stage, self._progress, self.elapsed, seconds_left
                )
            except StorageError as error:
                _log.warning("Heartbeat could not be written: %s", error)
                continue
            self._directive = directive
            self.time_left.save_measured_speed(force=self.should_stop())
            if self._is_overdue():
                self._on_overdue(not self.should_stop(), self.elapsed)
                return

    def _is_overdue(self) -> bool:
        now = monotonic()
        seconds_without_progress = self._progress_watch.seconds_unchanged((self._stage, self._max_progress))
        if not self.should_stop():
            self._stop_requested_at = None
            return seconds_without_progress > STALL_TIMEOUT_S
        self._stop_requested_at = self._stop_requested_at or now
        return now - self._stop_requested_at >= _STOP_TIMEOUT_S


class TimeLeftEstimator:
    """Estimates the remaining time of a job from its measured pace, or from the expected speed before that."""

    def __init__(self, track_seconds: float | None) -> None:
        self._track_seconds = track_seconds or 0.0
        self._expected_total_s: float | None = None
        self._save_speed: Callable[[float], None] = _discard_speed
        self._saved_at = monotonic()
        self._stage: Stage | None = None
        self._started_at = monotonic()
        self._progress_at_start = self._progress = 0.0

    def set_expected_speed(self, speed: float | None, save: Callable[[float], None]) -> None:
        """Set the expected speed (seconds of work per second of track) and the function that saves measured ones."""
        self._expected_total_s = speed * self._track_seconds if speed and self._track_seconds else None
        self._save_speed = save

    def update(self, stage: Stage, progress: float) -> None:
        """Update the stage and the progress, 0 to 1 over the whole job."""
        if stage is not self._stage and stage is not Stage.WRITING:
            # Segments of an earlier run do not count for the pace.
            self._started_at, self._progress_at_start = monotonic(), progress
        self._stage, self._progress = stage, progress

    @property
    def seconds(self) -> float | None:
        """Estimated remaining seconds; None while unknown."""
        total_s = self._measure_total_seconds() or self._expected_total_s
        return None if total_s is None or self._stage is Stage.DOWNLOADING else total_s * (1.0 - self._progress)

    def save_measured_speed(self, force: bool = False) -> None:
        """Save the measured speed at most every `_SAVE_INTERVAL_S`, or at once if `force`."""
        total_s = self._measure_total_seconds()
        if total_s is None or self._track_seconds < (_SHORT_TRACK_S if self._expected_total_s else 1.0):
            return
        if force or monotonic() - self._saved_at >= _SAVE_INTERVAL_S:
            self._saved_at = monotonic()
            self._save_speed(total_s / self._track_seconds)

    def _measure_total_seconds(self) -> float | None:
        """Return the seconds for the whole job at the pace since separating began; None while unreliable."""
        if self._stage not in (Stage.SEPARATING, Stage.WRITING):
            return None
        worked_s, progress = monotonic() - self._started_at, self._progress - self._progress_at_start
        is_reliable = (progress >= _MIN_PROGRESS and worked_s >= _MIN_WORK_S) or (
            progress > 0 and worked_s >= _SUFFICIENT_WORK_S
        )
        return worked_s / progress if is_reliable else None


def _discard_speed(_: float) -> None:
    pass
