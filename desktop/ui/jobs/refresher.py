"""Keeps the table's rows as they are in the library."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.errors import UnbraidError, UnknownJobError
from desktop.jobs.model import Job
from desktop.jobs.speeds import Speeds, load_speeds
from desktop.paths import Home
from desktop.settings import Settings, load_settings
from desktop.ui.background import Background
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.job_model import JobTableModel

_MANY = 20
"""From so many changed rows on, reading all of them is the shorter way."""
_TRY_AGAIN_MS = 2000


@dataclass(frozen=True)
class _Read:
    """What was found for the rows that were asked for."""

    jobs: Sequence[Job]
    gone: Sequence[str]
    whole: bool
    speeds: Speeds
    settings: Settings
    paused: bool = False


class Refresher(QObject):
    """Reads rows when the feed says that they changed: the first at once, those that come meanwhile together."""

    loaded = Signal()
    """The whole library has been read."""
    paused = Signal(bool)
    """Whether the queue is held."""
    failed = Signal(str)
    """Why it cannot be read."""

    def __init__(
        self,
        service: AwaitedService,
        feed: JobFeed,
        jobs: JobTableModel,
        home: Home,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._jobs = jobs
        self._home = home
        self._background = background
        self._wanted: set[str] = set()
        self._everything = False
        self._busy = False
        feed.changed.connect(self.refresh)
        feed.gap.connect(self.reload)
        feed.paused.connect(self.paused)
        feed.progressed.connect(jobs.progress)

    def refresh(self, job_id: str) -> None:
        """Read one row again."""
        self._wanted.add(job_id)
        self._read()

    def reload(self) -> None:
        """Read all rows again."""
        self._everything = True
        self._read()

    def _read(self) -> None:
        if self._busy or not (self._wanted or self._everything):
            return
        self._busy = True
        wanted, whole = tuple(self._wanted), self._everything or len(self._wanted) > _MANY
        self._wanted, self._everything = set(), False
        self._background.run(lambda: self._found(wanted, whole), self._take, self._give_up)

    def _found(self, wanted: Sequence[str], whole: bool) -> _Read:
        """Read, in the background's thread."""
        speeds, settings = load_speeds(self._home), load_settings(self._home)
        if whole:
            return _Read(self._service().jobs(), (), True, speeds, settings, self._service().paused())
        jobs, gone = list[Job](), list[str]()
        for job_id in wanted:
            try:
                jobs.append(self._service().job(job_id))
            except UnknownJobError:
                gone.append(job_id)
        return _Read(jobs, gone, False, speeds, settings)

    def _take(self, read: _Read) -> None:
        self._busy = False
        self._jobs.know_speeds(read.speeds, read.settings)
        if read.whole:
            self._jobs.sync(read.jobs)
            self.paused.emit(read.paused)
            self.loaded.emit()
        else:
            self._jobs.put(read.jobs)
            self._jobs.drop(read.gone)
        self._read()

    def _give_up(self, error: UnbraidError) -> None:
        self._busy = False
        self.failed.emit(str(error))
        QTimer.singleShot(_TRY_AGAIN_MS, self, self.reload)
