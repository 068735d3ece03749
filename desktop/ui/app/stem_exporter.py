"""Exports of the window: asks what to export, queues the export for the worker, and shows what comes of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.errors import UnbraidError
from desktop.export.settings import ExportSettings
from desktop.jobs.export_job import ExportJob, ExportProgress
from desktop.jobs.model import Job
from desktop.playback.song_state import SongState
from desktop.text.message import tr
from desktop.ui.app.automatic_results import AutomaticResults
from desktop.ui.app.export_texts import exporting_text, progress_text, result_text
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export.dialog import ask_for_export
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip

StateReader = Callable[[Sequence[str], Callable[[Mapping[str, SongState]], None]], None]
"""Reads the states of jobs in the background, and calls the function with them by id of the job."""
_PROGRESS_KEY = "exporting"


class StemExporter(QObject):
    """Queues exports, and shows their progress and results as notices, also of those that an earlier window queued."""

    changed = Signal()
    """Emitted when an export is queued, has one more song, or has ended."""

    def __init__(
        self,
        service: ServiceProvider,
        settings_store: SettingsStore,
        notices: NoticeStrip,
        feed: JobFeed,
        read_states: StateReader,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._read_states = read_states
        self._is_asking = False
        self._service = service
        self._settings_store = settings_store
        self._notices = notices
        self._window = window
        self._background = BackgroundRunner("export", self)
        self._unended: list[ExportJob] = []
        self._followed_id = ""
        """Id of the export whose progress is shown."""
        self._reported_ids: set[str] = set()
        self._automatic = AutomaticResults(notices, self._show_result)
        feed.export_changed.connect(self.refresh)
        feed.export_progressed.connect(self._show_progress)
        feed.events_missed.connect(self.refresh)

    @property
    def remaining_count(self) -> int:
        """Number of tracks in running and queued exports that are not exported yet."""
        return sum(len(export.songs) - len(export.results) for export in self._unended)

    def export(self, jobs: Sequence[Job]) -> None:
        """Ask what to export of `jobs` and into which folder, and export that.

        Jobs without stems are skipped, and the notice with the result names them.
        """
        with_stems = [job for job in jobs if job.stems]
        if not with_stems:
            self._notices.show_text(
                tr("There are no stems to export yet. Export songs that are separated.")
                if jobs
                else tr("No song is selected. Select the songs to export.")
            )
            return
        if not self._is_asking:
            self._is_asking = True
            self._read_states([job.id for job in with_stems], partial(self._ask, jobs))

    def start(self, jobs: Sequence[Job], settings: ExportSettings, folder: Path) -> None:
        """Queue an export of `jobs`, at least one, to `folder`."""
        self._run(lambda: self._service().start_export(jobs, settings, folder))

    def refresh(self) -> None:
        """Read the exports again."""
        self._run(lambda: None)

    def close(self) -> None:
        """Stop showing exports; the worker continues them at the next start."""
        self._background.close()

    def _ask(self, jobs: Sequence[Job], states: Mapping[str, SongState]) -> None:
        songs = [ExportSong(job, states[job.id]) for job in jobs if job.stems]
        try:
            answer = ask_for_export(self._window, songs, self._settings_store, self._background)
        finally:
            self._is_asking = False
        if answer is not None:
            self.start(jobs, *answer)

    def _run(self, change: Callable[[], object]) -> None:
        """Run a change of the exports in the background, and then show them all."""

        def change_and_read() -> list[ExportJob]:
            change()
            return self._service().exports()

        self._background.run(change_and_read, self._show, self._show_error)

    def _show_error(self, error: UnbraidError) -> None:
        self._notices.show_text(str(error))

    def _show(self, exports: Sequence[ExportJob]) -> None:
        self._unended = [export for export in exports if not export.state.has_ended]
        self._follow_first()
        for export in exports:
            if export.state.has_ended and export.id not in self._reported_ids:
                self._report(export)
        self.changed.emit()

    def _follow_first(self) -> None:
        """Show the progress of the first export that the user has started and that is not being cancelled."""
        asked = [export for export in self._unended if not export.is_automatic]
        followed = next((export for export in asked if not export.cancel_requested), None)
        followed_id = followed.id if followed else ""
        if followed_id == self._followed_id:
            return
        self._followed_id = followed_id
        self._notices.remove_notice(_PROGRESS_KEY)
        if followed:
            cancel = partial(self._run, lambda: self._service().cancel_export(followed_id))
            self._notices.show_notice(
                Notice(
                    exporting_text(followed.songs),
                    key=_PROGRESS_KEY,
                    progress=followed.fraction,
                    action_text=tr("Cancel"),
                    on_action=cancel,
                )
            )

    def _show_progress(self, progress: ExportProgress) -> None:
        followed = next((export for export in self._unended if export.id == self._followed_id), None)
        if followed and progress.export_id == followed.id:
            queued_count = sum(not export.is_automatic for export in self._unended) - 1
            text = progress_text(followed, progress, queued_count)
            self._notices.set_progress(_PROGRESS_KEY, text, progress.fraction)

    def _report(self, export: ExportJob) -> None:
        """Show the result of an export, which is forgotten then."""
        self._reported_ids.add(export.id)
        if export.is_automatic:
            self._automatic.add(export)
        else:
            self._show_result(export, result_text(export))
        self._background.run(lambda: self._service().forget_export(export.id))

    def _show_result(self, export: ExportJob, key: str) -> None:
        """Show the result of an export as the notice `key`."""
        folder = export.folder
        open_result_folder = partial(
            open_folder, folder, self, lambda: self._notices.show_text(no_file_manager_text(folder))
        )
        self._notices.show_notice(
            Notice(
                result_text(export),
                key=key,
                edge_colour=Colour.BAD if export.error else Colour.ACCENT,
                action_text=tr("Show") if export.exported else "",
                on_action=open_result_folder,
            )
        )
