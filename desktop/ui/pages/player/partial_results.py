"""Partial results of an unfinished job: what can be shown and played, and playhead reports for the workers."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.segments.partial_result import COMPLETE_MARKER, PartialResult
from desktop.ui.pages.player.controller import PlayerController

if TYPE_CHECKING:
    from desktop.segments.live_peaks import LivePeaks

REFRESH_DELAY_MS = 200
"""Milliseconds between two checks for finished segments."""
PLAYHEAD_REPORT_INTERVAL_MS = 3000
"""Milliseconds between two reports of the playhead."""


class PartialResults(QObject):
    """Watches the segment and draft stores of one job at a time."""

    results_changed = Signal()
    """New segments were finished, or playback started or stopped waiting."""
    playhead_reported = Signal(str, float)
    """Id of an unfinished job, and its playhead in seconds."""
    draft_requested = Signal(str)
    """Id of an unfinished job whose draft is missing or incomplete."""

    def __init__(self, controller: PlayerController, home: Home, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._home = home
        self._job_id = ""
        self._draft_segment_count = 0
        self._partial_result = PartialResult(Path(), Path())
        self.folders = (Path(), Path())
        """Folders of the finished segments and of the draft."""
        self.peaks: LivePeaks | None = None
        """Peaks of the partial results; None until there are any, then kept until the job has ended."""
        self._refresh_timer = QTimer(self, interval=REFRESH_DELAY_MS, singleShot=True)
        self._refresh_timer.timeout.connect(self._refresh_and_notify)
        self._report_timer = QTimer(self, interval=PLAYHEAD_REPORT_INTERVAL_MS)
        self._report_timer.timeout.connect(self._report_playhead)
        self._report_timer.timeout.connect(self._request_missing_draft)
        controller.position_changed.connect(self._on_position_changed)
        controller.waiting_changed.connect(self._on_waiting_changed)

    @property
    def has_draft(self) -> bool:
        """Whether a draft exists, complete or not."""
        return self._partial_result.draft is not None

    def watch(self, job: Job) -> None:
        """Watch an unfinished job: check it at once if it is another job than before, else after a short delay."""
        if job.id == self._job_id:
            if not self._refresh_timer.isActive():
                self._refresh_timer.start()
            return
        folder = self._home.job_folder(job.id)
        self._job_id, self.peaks = job.id, None
        self.folders = (folder.segments, folder.draft)
        self._partial_result = PartialResult(*self.folders)
        self._refresh()
        self._report_timer.start()
        self._draft_segment_count = 0
        QTimer.singleShot(0, self, self._request_missing_draft)

    def stop_watching(self) -> None:
        """Stop watching."""
        self._job_id, self.peaks = "", None
        self._refresh_timer.stop()
        self._report_timer.stop()

    def _refresh(self) -> None:
        self._partial_result.refresh()
        primary = self._partial_result.primary
        if primary and (self.peaks is None or primary.manifest != self.peaks.manifest):
            from desktop.segments.live_peaks import LivePeaks

            self.peaks = LivePeaks(self._partial_result, primary)
        if self.peaks is not None:
            self.peaks.fill_finished_segments()

    def _refresh_and_notify(self) -> None:
        if self._job_id:
            self._refresh()
            self.results_changed.emit()

    def _report_playhead(self) -> None:
        if not self._job_id:
            return
        if self._controller.is_ready:
            self.playhead_reported.emit(self._job_id, self._controller.position_seconds)

    def _request_missing_draft(self) -> None:
        """Request a draft if there is none, or if it has stopped growing before it was complete."""
        draft = self._partial_result.draft
        segment_count = len(draft.finished) if draft else 0
        if (
            self._job_id
            and segment_count == self._draft_segment_count
            and not (self.folders[1] / COMPLETE_MARKER).exists()
        ):
            self.draft_requested.emit(self._job_id)
        self._draft_segment_count = segment_count

    def _on_position_changed(self, _frame: int) -> None:
        """Report a seek at once, so that the part that is heard next is separated next."""
        if not self._controller.is_playing:
            self._report_playhead()

    def _on_waiting_changed(self, _waiting: bool) -> None:
        self._report_playhead()
        self._refresh_and_notify()
