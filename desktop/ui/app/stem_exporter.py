"""Export of stems into a folder that the user chooses, in a background thread."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.names import printable
from desktop.export.result import NO_STEMS_REASON, ExportProgress, ExportResult
from desktop.jobs.model import Job
from desktop.jobs.text import format_songs
from desktop.settings import valid_settings
from desktop.text.durations import format_rough_time_left
from desktop.text.plurals import format_count
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip

_PROGRESS_KEY, _RESULT_KEY = "exporting", "exported"
_MAX_NAMED_SONGS = 3


class StemExporter(QObject):
    """Exports selections one after another and shows their progress and results as notices."""

    changed = Signal()
    """Emitted when an export is queued or has ended."""

    def __init__(
        self, service: ServiceProvider, settings_store: SettingsStore, notices: NoticeStrip, window: QWidget
    ) -> None:
        super().__init__(window)
        self._service = service
        self._settings_store = settings_store
        self._notices = notices
        self._window = window
        self._background = BackgroundRunner("export", self)
        self._stop_event = Event()
        self._queue: deque[Sequence[Job]] = deque()
        self._done_count = 0

    @property
    def remaining_count(self) -> int:
        """Number of tracks in running and queued exports that are not exported yet."""
        return max(0, sum(len(jobs) for jobs in self._queue) - self._done_count)

    def export(self, jobs: Sequence[Job]) -> None:
        """Ask for a folder and export the stems of `jobs` into it.

        Jobs without stems are skipped, and the notice with the result names them.
        """
        with_stems = [job for job in jobs if job.stems]
        if not with_stems:
            self._notices.show_text("There are no stems to export yet. Export songs that are separated." if jobs
                              else "No song is selected. Select the songs to export.")  # fmt: skip
            return
        title = f"Export the stems of {format_songs(with_stems)}"
        folder = QFileDialog.getExistingDirectory(self._window, title, str(self._settings_store.export_folder()))
        if folder:
            self._settings_store.change(export_folder=folder)
            self._enqueue(jobs, Path(folder))

    def close(self) -> None:
        """Stop the export after the current block of audio, without leaving incomplete files."""
        self._stop_event.set()
        self._background.close()

    def _enqueue(self, jobs: Sequence[Job], folder: Path) -> None:
        if not self._queue:
            self._stop_event = Event()
        self._queue.append([job for job in jobs if job.stems])
        file_format = valid_settings(self._settings_store.settings).export_format
        work = partial(self._run_export, jobs, folder, file_format, self._stop_event)
        if len(self._queue) == 1:
            self._show_started()
        self._background.run(work, self._finish)
        self.changed.emit()

    def _run_export(self, jobs: Sequence[Job], folder: Path, file_format: str, stop_event: Event) -> ExportResult:
        """Run the export; called in the background thread."""
        from desktop.export.batch import export_batch  # imports numpy, which must not delay the window

        def report(progress: ExportProgress) -> None:
            self._background.call_in_gui_thread(lambda: self._show_progress(progress))

        def current(job_id: str) -> Job:
            return self._service().job(job_id)

        return export_batch(jobs, folder, file_format, current, report, stop_event.is_set)

    def _show_started(self) -> None:
        text = f"Exporting {format_songs(self._queue[0])}"
        self._notices.show_notice(
            Notice(text, key=_PROGRESS_KEY, progress=0.0, action_text="Cancel", on_action=self._stop_event.set)
        )

    def _show_progress(self, progress: ExportProgress) -> None:
        self._done_count = progress.songs_done
        number = min(progress.songs_done + 1, progress.songs_total)
        status = (
            f"Exporting song {number} of {progress.songs_total}"
            if progress.songs_total > 1
            else f"Exporting {format_songs(self._queue[0])}"
        )
        parts = (
            status,
            format_rough_time_left(progress.seconds_left),
            _queued_exports_text(len(self._queue) - 1),
        )
        self._notices.set_progress(_PROGRESS_KEY, " · ".join(filter(None, parts)), progress.fraction)

    def _finish(self, result: ExportResult) -> None:
        self._queue.popleft()
        self._done_count = 0
        self._notices.remove_notice(_PROGRESS_KEY)
        self._show_result(result)
        if self._queue:
            self._show_started()
        self.changed.emit()

    def _show_result(self, result: ExportResult) -> None:
        folder = result.folder
        open_result_folder = partial(
            open_folder, folder, self, lambda: self._notices.show_text(f"{no_file_manager_text(folder)}.")
        )
        self._notices.show_notice(
            Notice(
                result_text(result),
                key=result_text(result),
                edge_colour=Colour.BAD if result.error else Colour.ACCENT,
                action_text="Show" if result.exported else "",
                on_action=open_result_folder,
            )
        )


def result_text(result: ExportResult) -> str:
    """Return the result of an export as text: error, cancellation, exported stems, other formats, skipped tracks."""
    folder_text = printable(result.folder, 80)
    exported_jobs = [job for job, _ in result.exported]
    sentences: list[str] = []
    if result.error:
        sentences.append(result.error)
    if result.cancelled:
        sentences.append("The export was cancelled.")
    if exported_jobs:
        stems = format_count(result.file_count, "stem")
        sentences.append(f"Exported {stems} of {format_songs(exported_jobs)} to {folder_text}.")
    elif result.cancelled:
        sentences.append("No files were written.")
    sentences += [*_other_formats_texts(result), *_skipped_texts(result)]
    return " ".join(sentences)


def _other_formats_texts(result: ExportResult) -> list[str]:
    """Return a sentence about the tracks that were written in another format than the one in the settings."""
    wanted = result.file_format
    others = [(job, files[0].suffix[1:]) for job, files in result.exported if files[0].suffix[1:] != wanted]
    if not others:
        return []
    formats = " or ".join(sorted({used.upper() for _, used in others}))
    return [f"{wanted.upper()} cannot hold {format_songs([job for job, _ in others])}: written as {formats}."]


def _skipped_texts(result: ExportResult) -> list[str]:
    jobs = [job for job, _ in result.skipped]
    if not jobs:
        return []
    if len(jobs) == 1:
        return [f"{format_songs(jobs)} was left out: {result.skipped[0][1]}"]
    names = ", ".join(f"“{printable(job.title, 40)}”" for job in jobs[:_MAX_NAMED_SONGS])
    reason_text = (
        " because they have no stems" if all(reason == NO_STEMS_REASON for _, reason in result.skipped) else ""
    )
    return [f"{len(jobs)} songs were left out{reason_text}: {names}{' …' if len(jobs) > _MAX_NAMED_SONGS else ''}"]


def _queued_exports_text(count: int) -> str:
    return f"{format_count(count, 'more export')} queued" if count > 0 else ""
