"""The current song of the table: shown in the player in its latest state, and selected automatically at first."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.widgets.file_drop import disable_child_drops
from desktop.ui.widgets.text_escaping import escape_window_title

_SELECT_DELAY_MS = 700
"""Milliseconds before the selection, so that the window appears first: opening a track's lanes takes a moment."""


class ShownSong(QObject):
    """Shows the current job of the table in the player and in the window's title."""

    def __init__(self, jobs: JobTableModel, table: JobView, player_panel: PlayerPanel, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._table = table
        self._player_panel = player_panel
        self._window = window
        table.current_job_changed.connect(self._show_job)
        jobs.job_changed.connect(self._update_job)
        jobs.rowsRemoved.connect(self._deselect_removed_job)

    def _show_job(self, job: Job | None) -> None:
        self._player_panel.show_job(job)
        self._window.setWindowTitle(escape_window_title(f"{job.title} – Unbraid") if job else "Unbraid")
        disable_child_drops(self._player_panel)

    def _update_job(self, job: Job) -> None:
        shown = self._player_panel.job
        if shown is not None and shown.id == job.id:
            self._player_panel.show_job(job)

    def _deselect_removed_job(self) -> None:
        shown = self._player_panel.job
        if shown is not None and self._jobs.find_job(shown.id) is None:
            self._table.handle_job_removed(shown.id)


class InitialSelection(QObject):
    """Selects the first row at the start, then added tracks, unless the user selected a row or is using the player."""

    def __init__(self, table: JobView, library: LibraryController, player: PlayerController, parent: QObject) -> None:
        super().__init__(parent)
        self._table = table
        self._proxy = library.proxy
        self._player = player
        self._has_current_job = False
        self._is_selected_by_user = False
        self._select_timer = QTimer(self, interval=_SELECT_DELAY_MS, singleShot=True)
        self._select_timer.timeout.connect(self._select_first_row)
        table.current_job_changed.connect(self._on_current_job_changed)
        table.selection_changed_by_user.connect(self._on_selection_changed_by_user)
        library.refresher.loaded.connect(self._schedule_selection)
        library.proxy.rowsInserted.connect(self._schedule_selection)
        library.import_queue.busy_changed.connect(self._on_import_busy_changed)
        library.first_added.connect(self._select_added)

    def _on_current_job_changed(self, job: Job | None) -> None:
        self._has_current_job = job is not None

    def _on_selection_changed_by_user(self) -> None:
        self._is_selected_by_user = True

    def _on_import_busy_changed(self, is_importing: bool) -> None:
        # A selection before the import must not keep the added track from being selected; one during the import does.
        if is_importing:
            self._is_selected_by_user = False

    def _select_added(self, job: Job) -> None:
        if not self._is_selected_by_user and not self._player.tracks.has_user_input:
            self._table.select_job(job.id)

    def _schedule_selection(self) -> None:
        if not self._has_current_job and not self._select_timer.isActive():
            self._select_timer.start()

    def _select_first_row(self) -> None:
        """Select the first row if no track is shown, including a track that another process added."""
        job = self._proxy.job_at(self._proxy.index(0, 0))
        if job is not None and not self._has_current_job:
            self._table.select_job(job.id)
