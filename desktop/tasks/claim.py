"""A claim while it is worked on: signs of life to the row, progress to the eyes, and whether to stop."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType

from desktop.change_watch import ChangeWatch
from desktop.errors import CancelledError, LostClaimError, StorageError
from desktop.jobs.model import Duty, Job, Stage
from desktop.jobs.queue import EventSink, JobProgress
from desktop.jobs.store import JobStore
from desktop.tasks.time_left import TimeLeft

# Seconds between signs of life; a cancel or a pause is noticed as soon.
_BEAT = 0.5
# Seconds between two progress events: quicker than an eye needs, slow enough for any screen.
_FRAME = 0.04
# Seconds that a job may go on after it shall stop: a segment may take longer, and is not waited for.
_GRACE = 1.4
STALLED = 600.0
"""Seconds without any progress after which nothing more is expected of a job."""
_log = logging.getLogger(__name__)


class HeldClaim:
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
        self._progress_watch = ChangeWatch()
        self._asked_to_stop: float | None = None
        self._store = store
        self._events = events
        self._began = monotonic()
        self._stage: Stage | None = None
        self._progress = job.progress
        self._reached = 0.0
        self.time_left = TimeLeft(job.seconds)
        self._shown = 0.0
        self._duty = Duty.GO_ON
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "HeldClaim":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self.time_left.keep(at_once=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the claim."""
        return monotonic() - self._began

    def report(self, stage: Stage, progress: float) -> None:
        """Say how far the job is: `progress` 0 to 1 over the whole of it."""
        changed = stage is not self._stage
        if changed:
            # At once: if the process dies of what begins now, the row tells what that was.
            with suppress(StorageError):  # the next sign of life tries again
                self._store.describe(self.job, stage=stage.value)
        if changed or progress > self._reached:
            self._reached = progress
            self.time_left.move(stage, progress)
        self._progress = progress if changed and self._counts_anew(stage) else max(progress, self._progress)
        self._stage = stage
        if changed or monotonic() - self._shown >= _FRAME:
            self._shown = monotonic()
            self._events.emit(
                JobProgress(self.job.id, self.job.token, stage, self._progress, self.elapsed, self.time_left.seconds)
            )

    def should_stop(self) -> bool:
        """True when the user cancelled or paused, or the claim is lost."""
        return self._duty is not Duty.GO_ON

    def check(self) -> None:
        """Raise CancelledError or LostClaimError when the job shall stop."""
        if self._duty is Duty.LET_GO:
            raise LostClaimError("Another worker owns this job now.")
        if self.should_stop():
            raise CancelledError("Stopped.")

    def _counts_anew(self, stage: Stage) -> bool:
        """True where progress may fall: from a download to the song, and to the segments that were really kept.

        A job that goes on stands where it stood until those are counted.
        """
        return Stage.DOWNLOADING in (stage, self._stage) or stage is Stage.SEPARATING

    def _beat(self) -> None:
        while not self._done.wait(_BEAT):
            try:
                left = self.time_left.seconds
                duty = self._store.heartbeat(self.job, self._stage, self._progress, self.elapsed, left)
            except StorageError as error:
                _log.warning("No sign of life could be written: %s", error)
                continue
            self._duty = duty
            self.time_left.keep(at_once=self.should_stop())
            if self._is_overdue():
                self._on_overdue(not self.should_stop(), self.elapsed)
                return

    def _is_overdue(self) -> bool:
        now = monotonic()
        unmoved = self._progress_watch.unchanged((self._stage, self._reached))
        if not self.should_stop():
            self._asked_to_stop = None
            return unmoved > STALLED
        self._asked_to_stop = self._asked_to_stop or now
        return now - self._asked_to_stop >= _GRACE
