"""A claim while it is worked on: signs of life to the row, progress to the eyes, and whether to stop."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType

from desktop.errors import CancelledError, LostClaimError, StorageError
from desktop.jobs.model import Job, OwnerDirective, Stage
from desktop.jobs.queue import EventSink, JobProgress
from desktop.jobs.store import JobStore
from desktop.runtime.stall_timer import StallTimer

# Seconds between signs of life; a cancel or a pause is noticed as soon.
_HEARTBEAT_INTERVAL_S = 0.5
# Seconds between two progress events: quicker than an eye needs, slow enough for any screen.
_PROGRESS_INTERVAL_S = 0.04
# Seconds that a job may go on after it shall stop: a segment may take longer, and is not waited for.
_STOP_TIMEOUT_S = 1.4
STALL_TIMEOUT_S = 600.0
"""Seconds without any progress after which nothing more is expected of a job."""
_log = logging.getLogger(__name__)


class Heartbeat:
    """Use as a context: a thread of its own keeps the lease alive, also through a long segment."""

    def __init__(
        self,
        store: JobStore,
        events: EventSink,
        job: Job,
        on_overdue: Callable[[bool, float], None] = lambda stalled, elapsed: None,
    ) -> None:
        """`on_overdue` is called once, from that thread, when the job does not stop as it shall, or has stalled (True).

        It also gets the seconds since the claim.
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
        """Say how far the job is: `progress` 0 to 1 over the whole of it."""
        stage_changed = stage is not self._stage
        if stage_changed:
            # At once: if the process dies of what begins now, the row tells what that was.
            with suppress(StorageError):  # the next sign of life tries again
                self._store.record_details(self.job, stage=stage.value)
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
        """True when the user cancelled or paused, or the claim is lost."""
        return self._directive is not OwnerDirective.CONTINUE

    def raise_if_stopped(self) -> None:
        """Raise CancelledError or LostClaimError when the job shall stop."""
        if self._directive is OwnerDirective.ABANDON:
            raise LostClaimError("Another worker owns this job now.")
        if self.should_stop():
            raise CancelledError("Stopped.")

    def _resets_progress(self, stage: Stage) -> bool:
        """True where progress may fall: from a download to the song, and to the segments that were really kept.

        A job that goes on stands where it stood until those are counted.
        """
        return Stage.DOWNLOADING in (stage, self._stage) or stage is Stage.SEPARATING

    def _send_heartbeats(self) -> None:
        while not self._finished.wait(_HEARTBEAT_INTERVAL_S):
            try:
                seconds_left = self.time_left.seconds
                directive = self._store.heartbeat(self.job, self._stage, self._progress, self.elapsed, seconds_left)
            except StorageError as error:
                _log.warning("No sign of life could be written: %s", error)
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


# From less than this an estimate would jump: a part of the job and seconds of work, or seconds of work alone.
_MIN_PROGRESS, _MIN_WORK_S = 0.03, 1.0
_SUFFICIENT_WORK_S = 10.0
# A shorter song tells less of the next one than what is known: loading and decoding take most of its time (seconds).
_SHORT_SONG_S = 30.0
# Between two times that a measured speed is remembered (seconds).
_SAVE_INTERVAL_S = 10.0


class TimeLeftEstimator:
    """Told of each step of a job. Without a measured segment or a remembered speed it says nothing."""

    def __init__(self, song_seconds: float | None) -> None:
        self._song_seconds = song_seconds or 0.0
        self._expected_total_s: float | None = None
        self._save_speed: Callable[[float], None] = _discard_speed
        self._saved_at = monotonic()
        self._stage: Stage | None = None
        self._started_at = monotonic()
        self._progress_at_start = self._progress = 0.0

    def set_expected_speed(self, speed: float | None, save: Callable[[float], None]) -> None:
        """Take the speed to expect (seconds of work for a second of song), and how to remember what is measured."""
        self._expected_total_s = speed * self._song_seconds if speed and self._song_seconds else None
        self._save_speed = save

    def update(self, stage: Stage, progress: float) -> None:
        """Take note of how far the job is: `done` 0 to 1 over the whole of it."""
        if stage is not self._stage and stage is not Stage.WRITING:
            # Segments that were kept are no measure of how long the others take.
            self._started_at, self._progress_at_start = monotonic(), progress
        self._stage, self._progress = stage, progress

    @property
    def seconds(self) -> float | None:
        """Estimated seconds to go, None while unknown."""
        total_s = self._measure_total_seconds() or self._expected_total_s
        return None if total_s is None or self._stage is Stage.DOWNLOADING else total_s * (1.0 - self._progress)

    def save_measured_speed(self, force: bool = False) -> None:
        """Remember the measured speed, when it is time to, or `at_once`."""
        total_s = self._measure_total_seconds()
        if total_s is None or self._song_seconds < (_SHORT_SONG_S if self._expected_total_s else 1.0):
            return
        if force or monotonic() - self._saved_at >= _SAVE_INTERVAL_S:
            self._saved_at = monotonic()
            self._save_speed(total_s / self._song_seconds)

    def _measure_total_seconds(self) -> float | None:
        """Return the seconds that the whole job would take at the pace since its segments began."""
        if self._stage not in (Stage.SEPARATING, Stage.WRITING):
            return None
        worked_s, progress = monotonic() - self._started_at, self._progress - self._progress_at_start
        is_reliable = (progress >= _MIN_PROGRESS and worked_s >= _MIN_WORK_S) or (
            progress > 0 and worked_s >= _SUFFICIENT_WORK_S
        )
        return worked_s / progress if is_reliable else None


def _discard_speed(_: float) -> None:
    """Nobody wants to know the speed."""
