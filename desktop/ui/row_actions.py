"""What clicks and keys in the job table lead to."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job, JobState
from desktop.models.shelf import Model
from desktop.paths import Home
from desktop.settings import DEFAULT_MODEL
from desktop.ui.dialogs.error_details import ErrorDetails
from desktop.ui.export import StemExport
from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.library import Library
from desktop.ui.jobs.menu import Entry, JobMenu, entries
from desktop.ui.jobs.status import Link, better_model
from desktop.ui.jobs.view import JobView
from desktop.ui.player.controller import PlayerController


class RowActions(QObject):
    """Does what a row, its link, its buttons and its menu ask for."""

    def __init__(
        self,
        table: JobView,
        library: Library,
        player: PlayerController,
        exporter: StemExport,
        home: Home,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._table = table
        self._jobs = library.jobs
        self._commands = library.commands
        self._removals = library.removals
        self._player = player
        self._exporter = exporter
        self._home = home
        self._window = window
        self._models: list[tuple[str, str]] = []
        self._chosen = DEFAULT_MODEL
        table.link_clicked.connect(self._follow)
        table.action_asked.connect(self.do)
        table.menu_asked.connect(self.open_menu)
        table.opened.connect(self._open)
        table.dropped.connect(self._commands.move_beside)

    def know_models(self, models: Sequence[Model], chosen: str) -> None:
        """Offer these models; `chosen` is the one for new songs."""
        self._models = [(model.name, model.title) for model in models]
        self._chosen = chosen

    def open_menu(self, where: QPoint) -> None:
        """Open the menu of the chosen songs at a point of the screen."""
        self._open_menu(self._table.chosen(), where)

    def open_menu_of(self, job: Job, where: QPoint) -> None:
        """Open the menu of one song at a point of the screen, whatever is chosen in the table."""
        self._open_menu([job], where)

    def _open_menu(self, jobs: Sequence[Job], where: QPoint) -> None:
        lines = entries(jobs, self._models, self._removals.count_finished())
        if lines:
            menu = JobMenu(lines, self._window)
            menu.triggered.connect(partial(self._pick, [job.id for job in jobs]))
            menu.popup(where)

    def move_chosen(self, step: int) -> None:
        """Move the chosen song one place earlier (-1) or later (1) in line."""
        chosen = self._table.chosen()
        if len(chosen) == 1:
            self._commands.move_by(chosen[0], step)

    def hold_chosen(self) -> None:
        """Pause the chosen songs, or let them go on."""
        self._commands.pause_or_resume(self._table.chosen())

    def show_details(self, job: Job) -> None:
        """Show why a job failed, or why it was not separated again."""
        ErrorDetails(job, self._home, self._window).show()

    def do(self, job: Job, action: JobAction) -> None:
        """Do to a song what a button of its row or of the player says."""
        self._do_to([job], action, None)

    def _pick(self, job_ids: Sequence[str], action: QAction) -> None:
        entry = action.data()
        jobs = [job for job_id in job_ids if (job := self._jobs.job(job_id)) is not None]
        if isinstance(entry, Entry) and (jobs or not job_ids):
            self._do_to(jobs, entry.action, entry.model)

    def _do_to(self, jobs: Sequence[Job], action: JobAction, model: str | None) -> None:
        match action:
            case JobAction.CANCEL:
                self._commands.cancel(jobs)
            case JobAction.PAUSE:
                self._commands.pause(jobs)
            case JobAction.RESUME:
                self._commands.resume(jobs)
            case JobAction.NEXT:
                self._commands.do_next(jobs[0])
            case JobAction.EARLIER | JobAction.LATER:
                self._commands.move_by(jobs[0], -1 if action is JobAction.EARLIER else 1)
            case JobAction.RETRY:
                self._commands.retry(jobs, model)
            case JobAction.REMOVE:
                self._removals.remove(jobs)
            case JobAction.EXPORT:
                self._exporter.export(jobs)
            case JobAction.SHOW_FILES:
                self._commands.show_files(jobs[0])
            case JobAction.DETAILS:
                self.show_details(jobs[0])
            case JobAction.CLEAR:
                self._removals.clear_finished()
            case JobAction.BIN:
                self._removals.bin_asked.emit()
            case JobAction.MORE:
                pass

    def _follow(self, job: Job, link: Link) -> None:
        match link:
            case Link.DETAILS:
                self.show_details(job)
            case Link.SEPARATE_BETTER:
                self._commands.retry([job], better_model(job, self._chosen))
            case Link.TRY_AGAIN:
                self._commands.retry([job])
            case Link.NONE:
                pass

    def _open(self, job: Job) -> None:
        """Play a song that was double-clicked; one that failed tells why."""
        if job.state is JobState.FAILED:
            self.show_details(job)
        elif job.result is not None and not self._player.playing:
            self._player.toggle()
