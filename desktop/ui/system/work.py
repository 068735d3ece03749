"""Whether anything is being done, for whoever must know before the window goes or the computer sleeps."""

from PySide6.QtCore import QObject, Signal

from desktop.jobs.model import JobState
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.library import Library


class Work(QObject):
    """Looks at the table's rows; they follow the library."""

    changed = Signal()
    """Something began, ended, or has got on."""

    def __init__(self, library: Library, feed: JobFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = library.jobs
        self._paused = False
        self._adding = False
        self._trouble = False
        library.refresher.paused.connect(self._hold)
        library.adder.busy_changed.connect(self._add)
        feed.trouble.connect(self._know_trouble)
        self._jobs.queue_changed.connect(self.changed)

    @property
    def running(self) -> bool:
        """True while a song is being separated."""
        return any(job.state is JobState.PROCESSING for job in self._jobs.jobs)

    @property
    def songs(self) -> int:
        """How many songs are separated now or will be without anybody asking for more."""
        if self._paused or self._trouble:
            return sum(job.state is JobState.PROCESSING for job in self._jobs.jobs)
        return len(self._jobs.active)

    @property
    def active(self) -> bool:
        """True while there are such songs, or songs are being copied into the library."""
        return self._adding or self.songs > 0

    def _hold(self, paused: bool) -> None:
        self._paused = paused
        self.changed.emit()

    def _add(self, busy: bool) -> None:
        self._adding = busy
        self.changed.emit()

    def _know_trouble(self, sentence: str) -> None:
        self._trouble = bool(sentence)
        self.changed.emit()
