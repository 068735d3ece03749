"""A song in work: what of it can be seen and heard, and how the workers learn that somebody listens."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.segments.unfinished import COMPLETE, Unfinished
from desktop.ui.player.controller import PlayerController

if TYPE_CHECKING:
    from desktop.segments.growing_peaks import GrowingPeaks

LOOK_MS = 200
"""Between two looks at what was finished."""
ATTEND_MS = 3000
"""Between two words about where it is listened to."""


class Growing(QObject):
    """Watches the stores of one job at a time."""

    grown = Signal()
    """There is more to be seen, or the sound waits, or goes on."""
    listening = Signal(str, float)
    """A song in work, and the second at which its playhead stands."""
    draft_wanted = Signal(str)
    """A song in work that has no draft."""

    def __init__(self, controller: PlayerController, home: Home, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._home = home
        self._job_id = ""
        self._drafted = 0
        self._unfinished = Unfinished(Path(), Path())
        self.folders = (Path(), Path())
        """Of the finished segments, and of the draft."""
        self.peaks: GrowingPeaks | None = None
        """None until there is something to be seen or heard; it stays until the job has ended."""
        self._soon = QTimer(self, interval=LOOK_MS, singleShot=True)
        self._soon.timeout.connect(self._look_and_tell)
        self._attending = QTimer(self, interval=ATTEND_MS)
        self._attending.timeout.connect(self._attend)
        self._attending.timeout.connect(self._mind_the_draft)
        controller.position_changed.connect(self._on_moved)
        controller.waiting_changed.connect(self._on_waiting)

    @property
    def has_draft(self) -> bool:
        """True when there is a draft, or the beginning of one."""
        return self._unfinished.draft is not None

    def watch(self, job: Job) -> None:
        """Look at a job that is not finished: at once when it is another than before, else soon."""
        if job.id == self._job_id:
            if not self._soon.isActive():
                self._soon.start()
            return
        folder = self._home.job(job.id)
        self._job_id, self.peaks = job.id, None
        self.folders = (folder.segments, folder.draft)
        self._unfinished = Unfinished(*self.folders)
        self._look()
        self._attending.start()
        self._drafted = 0
        QTimer.singleShot(0, self, self._mind_the_draft)

    def leave(self) -> None:
        """Watch nothing any more."""
        self._job_id, self.peaks = "", None
        self._soon.stop()
        self._attending.stop()

    def _look(self) -> None:
        self._unfinished.look()
        leading = self._unfinished.leading
        if leading and (self.peaks is None or leading.about != self.peaks.about):
            from desktop.segments.growing_peaks import GrowingPeaks  # not sooner, as in unfinished.py

            self.peaks = GrowingPeaks(self._unfinished, leading)
        if self.peaks is not None:
            self.peaks.take()

    def _look_and_tell(self) -> None:
        if self._job_id:
            self._look()
            self.grown.emit()

    def _attend(self) -> None:
        if not self._job_id:
            return
        if self._controller.ready:
            self.listening.emit(self._job_id, self._controller.seconds)

    def _mind_the_draft(self) -> None:
        """Ask for a draft that nobody makes: there is none, or it stopped growing before it was whole."""
        draft = self._unfinished.draft
        drafted = len(draft.done) if draft else 0
        if self._job_id and drafted == self._drafted and not (self.folders[1] / COMPLETE).exists():
            self.draft_wanted.emit(self._job_id)
        self._drafted = drafted

    def _on_moved(self, _frame: int) -> None:
        """A seek is told at once: what is heard next shall be separated next."""
        if not self._controller.playing:
            self._attend()

    def _on_waiting(self, _waiting: bool) -> None:
        self._attend()
        self._look_and_tell()
