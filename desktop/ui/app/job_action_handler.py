"""Handler of clicks, keys and menus in the job table and the player panel."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job, JobState
from desktop.models.store import Model
from desktop.paths import Home
from desktop.settings import DEFAULT_MODEL
from desktop.ui.app.stem_exporter import StemExporter
from desktop.ui.core.job_actions import JobAction
from desktop.ui.dialogs.failure_details import FailureDetailsDialog
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.library.menu import JobMenu, MenuItem, build_menu_items
from desktop.ui.pages.library.status import StatusLink, choose_retry_model
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.controller import PlayerController


class JobActionHandler(QObject):
    """Runs the actions that rows, links, buttons and context menus request."""

    def __init__(
        self,
        table: JobView,
        library: LibraryController,
        player: PlayerController,
        exporter: StemExporter,
        home: Home,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._table = table
        self._jobs = library.table_model
        self._commands = library.commands
        self._removals = library.removals
        self._player = player
        self._exporter = exporter
        self._home = home
        self._window = window
        self._models: list[tuple[str, str]] = []
        self._selected_model = DEFAULT_MODEL
        table.link_clicked.connect(self._follow_link)
        table.action_requested.connect(self.run_action)
        table.menu_requested.connect(self.open_selection_menu)
        table.job_opened.connect(self._play_or_show_details)
        table.job_dropped.connect(self._commands.move_to)

    def set_models(self, models: Sequence[Model], selected_name: str) -> None:
        """Set the models that menus offer; `selected_name` is the model for new tracks."""
        self._models = [(model.name, model.title) for model in models]
        self._selected_model = selected_name

    def open_selection_menu(self, position: QPoint) -> None:
        """Open the context menu of the selected tracks at `position`, in screen coordinates."""
        self._open_menu(self._table.selected_jobs(), position)

    def open_job_menu(self, job: Job, position: QPoint) -> None:
        """Open the context menu of `job` at `position`, in screen coordinates, regardless of the selection."""
        self._open_menu([job], position)

    def _open_menu(self, jobs: Sequence[Job], position: QPoint) -> None:
        menu_entries = build_menu_items(jobs, self._models, self._removals.count_finished())
        if menu_entries:
            menu = JobMenu(menu_entries, self._window)
            menu.triggered.connect(partial(self._run_menu_entry, [job.id for job in jobs]))
            menu.popup(position)

    def move_selected(self, step: int) -> None:
        """Move the selected track one place up (-1) or down (1) in the queue, if exactly one is selected."""
        selected = self._table.selected_jobs()
        if len(selected) == 1:
            self._commands.move_by(selected[0], step)

    def toggle_selected_paused(self) -> None:
        """Pause or resume the selected tracks."""
        self._commands.pause_or_resume(self._table.selected_jobs())

    def show_details(self, job: Job) -> None:
        """Open the dialog that shows why `job` failed or could not be separated again."""
        FailureDetailsDialog(job, self._home, self._window).show()

    def run_action(self, job: Job, action: JobAction) -> None:
        """Run `action` on `job`."""
        self._run_action_on([job], action, None)

    def _run_menu_entry(self, job_ids: Sequence[str], action: QAction) -> None:
        entry = action.data()
        jobs = [job for job_id in job_ids if (job := self._jobs.find_job(job_id)) is not None]
        if isinstance(entry, MenuItem) and (jobs or not job_ids):
            self._run_action_on(jobs, entry.action, entry.model)

    def _run_action_on(self, jobs: Sequence[Job], action: JobAction, model: str | None) -> None:
        match action:
            case JobAction.CANCEL:
                self._commands.cancel(jobs)
            case JobAction.PAUSE:
                self._commands.pause(jobs)
            case JobAction.RESUME:
                self._commands.resume(jobs)
            case JobAction.SEPARATE_NEXT:
                self._commands.move_first(jobs[0])
            case JobAction.MOVE_UP | JobAction.MOVE_DOWN:
                self._commands.move_by(jobs[0], -1 if action is JobAction.MOVE_UP else 1)
            case JobAction.RETRY:
                self._commands.retry(jobs, model)
            case JobAction.REMOVE:
                self._removals.remove(jobs)
            case JobAction.EXPORT:
                self._exporter.export(jobs)
            case JobAction.SHOW_FILES:
                self._commands.show_folder(jobs[0])
            case JobAction.SHOW_ERROR:
                self.show_details(jobs[0])
            case JobAction.REMOVE_FINISHED:
                self._removals.remove_finished()
            case JobAction.SHOW_BIN:
                self._removals.bin_requested.emit()
            case JobAction.SHOW_MENU:
                pass

    def _follow_link(self, job: Job, link: StatusLink) -> None:
        match link:
            case StatusLink.SHOW_ERROR:
                self.show_details(job)
            case StatusLink.SEPARATE_BETTER:
                self._commands.retry([job], choose_retry_model(job, self._selected_model))
            case StatusLink.RETRY:
                self._commands.retry([job])
            case StatusLink.NONE:
                pass

    def _play_or_show_details(self, job: Job) -> None:
        """Play the stems of `job`, or show the failure details if it failed."""
        if job.state is JobState.FAILED:
            self.show_details(job)
        elif job.result is not None and not self._player.is_playing:
            self._player.toggle_playback()
