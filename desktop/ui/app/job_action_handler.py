"""Handler of clicks, keys and menus in the job table and the player panel."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job, JobState
from desktop.models.store import Model
from desktop.models.titles import find_model_title
from desktop.paths import Home
from desktop.settings import DEFAULT_MODEL
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.failure_details import FailureDetailsDialog
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.library.menu import JobMenu, MenuItem, build_menu_items
from desktop.ui.pages.library.status import StatusLink, choose_model_to_separate_again
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.controller import PlayerController


class JobActionHandler(QObject):
    """Runs the actions that rows, links, buttons and context menus request."""

    def __init__(
        self,
        table: JobView,
        library: LibraryController,
        player: PlayerController,
        registry: ActionRegistry,
        home: Home,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._table = table
        self._jobs = library.table_model
        self._commands = library.commands
        self._removals = library.removals
        self._player = player
        self._registry = registry
        self._home = home
        self._window = window
        self._models: list[tuple[str, str]] = []
        self._selected_model = DEFAULT_MODEL
        self._bind_actions(registry)
        table.link_clicked.connect(self._follow_link)
        table.action_requested.connect(self.run_action)
        table.menu_requested.connect(self.open_selection_menu)
        table.job_opened.connect(self._play_or_show_details)
        table.job_dropped.connect(self._commands.move_to)

    def set_models(self, models: Sequence[Model], selected_name: str) -> None:
        """Set the models that menus offer; `selected_name` is the model for new tracks."""
        self._models = [(model.name, str(find_model_title(model.name, model.title))) for model in models]
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

    def show_details(self, job: Job) -> None:
        """Open the dialog that shows why `job` failed or could not be separated again."""
        FailureDetailsDialog(job, self._home, self._window).show()

    def run_action(self, job: Job, action: ActionId) -> None:
        """Run `action` on `job`."""
        self._registry.run(action, [job])

    def _run_menu_entry(self, job_ids: Sequence[str], action: QAction) -> None:
        entry = action.data()
        jobs = [job for job_id in job_ids if (job := self._jobs.find_job(job_id)) is not None]
        if not isinstance(entry, MenuItem) or (job_ids and not jobs):
            return
        if entry.model is None:
            self._registry.run(entry.action, jobs)
        else:
            self._commands.separate_again(jobs, entry.model)

    def _bind_actions(self, registry: ActionRegistry) -> None:
        commands, removals = self._commands, self._removals
        registry.bind_for_jobs(ActionId.SHOW_ERROR, lambda jobs: self.show_details(jobs[0]))
        registry.bind_for_jobs(ActionId.SHOW_FILES, lambda jobs: commands.show_folder(jobs[0]))
        registry.bind_for_jobs(ActionId.SEPARATE_NEXT, lambda jobs: commands.move_first(jobs[0]))
        registry.bind_for_jobs(ActionId.MOVE_UP, lambda jobs: self._move(jobs, -1))
        registry.bind_for_jobs(ActionId.MOVE_DOWN, lambda jobs: self._move(jobs, 1))
        registry.bind_for_jobs(ActionId.PAUSE, commands.pause)
        registry.bind_for_jobs(ActionId.RESUME, commands.resume)
        registry.bind_for_jobs(ActionId.PAUSE_OR_RESUME, commands.pause_or_resume)
        registry.bind_for_jobs(ActionId.CANCEL, commands.cancel)
        registry.bind_for_jobs(ActionId.SEPARATE_AGAIN, commands.separate_again)
        registry.bind_for_jobs(ActionId.REMOVE, removals.remove)
        registry.bind(ActionId.REMOVE_FINISHED, removals.remove_finished)
        registry.bind(ActionId.UNDO_REMOVAL, removals.undo)
        registry.bind(ActionId.SHOW_BIN, removals.bin_requested.emit)

    def _move(self, jobs: Sequence[Job], step: int) -> None:
        """Move a job one place up (-1) or down (1) in the queue, if it is one."""
        if len(jobs) == 1:
            self._commands.move_by(jobs[0], step)

    def _follow_link(self, job: Job, link: StatusLink) -> None:
        match link:
            case StatusLink.SHOW_ERROR:
                self.show_details(job)
            case StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY:
                self._commands.separate_again([job], choose_model_to_separate_again(job, self._selected_model))
            case StatusLink.SEPARATE_AGAIN:
                self._commands.separate_again([job])
            case StatusLink.NONE:
                pass

    def _play_or_show_details(self, job: Job) -> None:
        """Play the stems of `job`, or show the failure details if it failed."""
        if job.state is JobState.FAILED:
            self.show_details(job)
        elif job.result is not None and not self._player.is_playing:
            self._player.toggle_playback()
