"""Tells a screen reader how the songs get on: failures, finished songs, and the quarters of the whole queue."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.queue_times import Batch, batch_words

_GAP_MS = 30_000
"""Between two announcements: sixty songs that take five seconds each are ten announcements, not sixty."""


class Announcer(QObject):
    """Follows the table's rows and the batch. What happens within `_GAP_MS` is said together."""

    def __init__(self, jobs: JobTableModel, say: Callable[[str], None], parent: QObject | None = None) -> None:
        """`say` announces a sentence."""
        super().__init__(parent)
        self._say = say
        self._unfinished: set[str] = set()
        self._completed: list[Job] = []
        self._failed: list[Job] = []
        self._quarter = 0
        self._progress = ""
        self._gap = QTimer(self, interval=_GAP_MS, singleShot=True)
        self._gap.timeout.connect(self._announce)
        jobs.job_changed.connect(self._follow_job)

    def follow_batch(self, batch: Batch | None) -> None:
        """Announce each quarter that the queue has got on; at its end, what has not been said yet."""
        if batch is None:
            self._quarter, self._progress = 0, ""
            self._announce()
            return
        quarter = int(batch.progress * 4)
        if quarter > self._quarter and batch.running:
            self._progress = f"{batch_words(batch)[0]}, {quarter * 25} percent."
            self._announce_soon()
        self._quarter = quarter

    def _follow_job(self, job: Job) -> None:
        if not job.state.ended:
            self._unfinished.add(job.id)
        elif job.id in self._unfinished:  # else it ended before the window was opened
            self._unfinished.discard(job.id)
            ended = {JobState.COMPLETED: self._completed, JobState.FAILED: self._failed}.get(job.state)
            if ended is not None:
                ended.append(job)
                self._announce_soon()

    def _announce_soon(self) -> None:
        if not self._gap.isActive():
            self._announce()

    def _announce(self) -> None:
        sentences = [_failures(self._failed), _completions(self._completed), self._progress]
        self._failed, self._completed, self._progress = [], [], ""
        if words := " ".join(filter(None, sentences)):
            self._say(words)
            self._gap.start()


def _failures(jobs: list[Job]) -> str:
    if len(jobs) == 1:
        return f"“{shown(jobs[0].title)}” could not be separated. {jobs[0].error or ''}".strip()
    return f"{len(jobs)} songs could not be separated." if jobs else ""


def _completions(jobs: list[Job]) -> str:
    if len(jobs) == 1:
        return f"“{shown(jobs[0].title)}” is separated."
    return f"{len(jobs)} songs are separated." if jobs else ""
