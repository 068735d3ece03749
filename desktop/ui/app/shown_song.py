"""The song that the player shows: the current one of the table, in its latest state."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.widgets.file_drop import disable_child_drops
from desktop.ui.widgets.text_escaping import escape_window_title


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
