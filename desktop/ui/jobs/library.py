"""The library as the window has it: its rows, how they are kept true, and what is done to them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.jobs.choices import options_of
from desktop.jobs.model import Job
from desktop.models.shelf import Model, Shelf
from desktop.paths import Home
from desktop.settings import load_settings
from desktop.ui.background import Background
from desktop.ui.drop import Given
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.adder import Adder
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.batch import BatchTracker
from desktop.ui.jobs.commands import Commands
from desktop.ui.jobs.covers import Covers
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.proxy import JobProxy
from desktop.ui.jobs.refresher import Refresher
from desktop.ui.jobs.removals import Removals
from desktop.ui.notices import NoticeStrip

_TOGETHER_MS = 40
_A_SECOND_MS, _A_MINUTE_MS = 1000, 60_000


class Library(QObject):
    """Puts the parts together; the window listens."""

    first_added = Signal(object)
    """The first Job of a drop."""
    models_known = Signal(object)
    """All Models of the shelf, in its order, when they are other than before."""
    song_asked = Signal(str)
    """The id of a song that the user wants to see."""

    def __init__(
        self, service: AwaitedService, feed: JobFeed, shelf: Shelf, home: Home, notices: NoticeStrip, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._shelf = shelf
        self._home = home
        self._work = Background("library", self)
        self._pictures = Background("covers", self)
        self.jobs = JobTableModel(self)
        self.proxy = JobProxy(self.jobs, self)
        self.covers = Covers(home, self._pictures, self)
        self.refresher = Refresher(service, feed, self.jobs, home, self._work, self)
        self.commands = Commands(service, self.jobs, notices, self._work, self)
        self.removals = Removals(service, self.jobs, self.proxy, notices, self._work, self)
        self.adder = Adder(service, self)
        self.batches = BatchTracker(self.jobs, self)
        self.models: tuple[Model, ...] = ()
        """Those of the shelf, as they were last looked at."""
        self._new: list[Job] = []
        self._new_drop = True
        self._flush = QTimer(self, interval=_TOGETHER_MS, singleShot=True)
        self._flush.timeout.connect(self._put_new)
        self._minute = QTimer(self, interval=_A_MINUTE_MS)
        self._minute.timeout.connect(self.jobs.refresh_times)
        self._minute.start()
        self._second = QTimer(self, interval=_A_SECOND_MS)
        self._second.timeout.connect(self._count_down)
        self.jobs.queue_changed.connect(self._count_down)
        self.refresher.paused.connect(self.jobs.show_paused)
        self.adder.added.connect(self._take_new)
        self.adder.finished.connect(self._end_drop)
        self.adder.busy_changed.connect(self.batches.show_adding)

    @property
    def count_waiting_to_be_shown(self) -> int:
        """Songs that are added and not yet in the table."""
        return len(self._new)

    def add(self, given: Given, model: str, again: bool = False) -> None:
        """Add what was dropped, to be separated with `model` as the settings say.

        `again`: also songs that are in the library already.
        """
        self.adder.add(given, replace(options_of(load_settings(self._home)), model=model), again)

    def add_paths(self, paths: Sequence[Path], model: str, again: bool = False) -> None:
        """Add files and folders, likewise."""
        self.add(Given(tuple(paths)), model, again)

    def listen(self, job_id: str, second: float) -> None:
        """Let the worker know where a song in work is listened to."""
        self._work.run(lambda: self._service().listen(job_id, second))

    def want_draft(self, job_id: str) -> None:
        """Ask for a draft of a song in work."""
        self._work.run(lambda: self._service().draft(job_id))

    def load_models(self) -> None:
        """Look at the shelf again."""
        self._work.run(self._shelf.models, self._take_models)

    def close(self) -> None:
        """Stop adding, end what was begun, and let go of every thread."""
        self._minute.stop()
        self._second.stop()
        self._flush.stop()
        self.adder.close()
        self._pictures.close()
        self._work.close(finish=True)

    def _count_down(self) -> None:
        """Let songs that are tried again say when, for as long as there are any."""
        if not self.jobs.refresh_rests():
            self._second.stop()
        elif not self._second.isActive():
            self._second.start()

    def _take_models(self, models: tuple[Model, ...]) -> None:
        if models != self.models:
            self.models = models
            self.models_known.emit(models)

    def _take_new(self, job: Job) -> None:
        self._new.append(job)
        if not self._flush.isActive():
            self._flush.start()

    def _put_new(self) -> None:
        new, self._new = self._new, []
        # A row may have been read meanwhile, and tell more than what was true when the song was added.
        self.jobs.put(job for job in new if self.jobs.job(job.id) is None)
        if self._new_drop and new:
            self._new_drop = False
            self.first_added.emit(new[0])

    def _end_drop(self, _: object) -> None:
        self._put_new()
        self._new_drop = True
