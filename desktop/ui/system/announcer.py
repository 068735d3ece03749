"""Screen reader announcements: failed tracks, finished tracks, and each quarter of the batch."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.jobs.text import format_last_attempt
from desktop.text.message import tr, tr_count
from desktop.ui.pages.library.batches import BatchTracker
from desktop.ui.pages.library.queue_estimate import BatchProgress

_MIN_INTERVAL_MS = 30_000
"""Milliseconds between two announcements: sixty tracks of five seconds each make ten announcements, not sixty."""


class Announcer(QObject):
    """Announces the outcomes of jobs and the progress of the batch through the callback `announce`.

    Events within 30 seconds of an announcement are combined into the next one.
    """

    def __init__(self, batches: BatchTracker, announce: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._announce_text = announce
        self._completed: list[Job] = []
        self._failed: list[Job] = []
        self._quarter = 0
        self._progress_text = ""
        self._interval_timer = QTimer(self, interval=_MIN_INTERVAL_MS, singleShot=True)
        self._interval_timer.timeout.connect(self._announce_pending)
        batches.job_completed.connect(self._announce_completed)
        batches.job_failed.connect(self._announce_failed)

    def follow_batch(self, batch: BatchProgress | None) -> None:
        """Announce each completed quarter of `batch`; if it is None, announce all pending events at once."""
        if batch is None:
            self._quarter, self._progress_text = 0, ""
            self._announce_pending()
            return
        quarter = int(batch.progress * 4)
        if quarter > self._quarter and batch.is_running:
            self._progress_text = tr(
                "Separating {number} of {total}, {percent} percent.",
                number=batch.current_number,
                total=batch.total,
                percent=quarter * 25,
            )
            self._announce_soon()
        self._quarter = quarter

    def _announce_completed(self, job: Job) -> None:
        self._completed.append(job)
        self._announce_soon()

    def _announce_failed(self, job: Job) -> None:
        self._failed.append(job)
        self._announce_soon()

    def _announce_soon(self) -> None:
        if not self._interval_timer.isActive():
            self._announce_pending()

    def _announce_pending(self) -> None:
        sentences = [_failures_text(self._failed), _completions_text(self._completed), self._progress_text]
        self._failed, self._completed, self._progress_text = [], [], ""
        if text := " ".join(filter(None, sentences)):
            self._announce_text(text)
            self._interval_timer.start()


def _failures_text(jobs: list[Job]) -> str:
    if len(jobs) == 1 and jobs[0].last_attempt:
        return format_last_attempt(jobs[0], printable(jobs[0].title))
    if len(jobs) == 1:
        sentence = tr("“{title}” could not be separated.", title=printable(jobs[0].title))
        return f"{sentence} {jobs[0].error}" if jobs[0].error else sentence
    if not jobs:
        return ""
    return tr_count("{count} song could not be separated.", "{count} songs could not be separated.", len(jobs))


def _completions_text(jobs: list[Job]) -> str:
    if len(jobs) == 1:
        return tr("“{title}” has been separated.", title=printable(jobs[0].title))
    if not jobs:
        return ""
    return tr_count("{count} song has been separated.", "{count} songs have been separated.", len(jobs))
