"""Export of what the user asks for into a folder, in a background thread."""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.audio.names import printable
from desktop.export.result import NO_STEMS_REASON, ExportProgress, ExportResult
from desktop.export.settings import ExportSettings
from desktop.jobs.model import Job
from desktop.playback.song_state import SongState
from desktop.text.durations import format_rough_time_left
from desktop.text.message import count_message, tr, tr_count
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export.dialog import ask_for_export
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip

StateReader = Callable[[Sequence[str], Callable[[Mapping[str, SongState]], None]], None]
"""Reads the states of jobs in the background, and calls the function with them by id of the job."""
_PROGRESS_KEY, _RESULT_KEY = "exporting", "exported"
_MAX_NAMED_SONGS = 3


class StemExporter(QObject):
    """Exports selections one after another and shows their progress and results as notices."""

    changed = Signal()
    """Emitted when an export is queued or has ended."""

    def __init__(
        self,
        service: ServiceProvider,
        settings_store: SettingsStore,
        notices: NoticeStrip,
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
        self._stop_event = Event()
        self._queue: deque[Sequence[Job]] = deque()
        self._done_count = 0

    @property
    def remaining_count(self) -> int:
        """Number of tracks in running and queued exports that are not exported yet."""
        return max(0, sum(len(jobs) for jobs in self._queue) - self._done_count)

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

    def close(self) -> None:
        """Stop the export after the current block of audio, without leaving incomplete files."""
        self._stop_event.set()
        self._background.close()

    def _ask(self, jobs: Sequence[Job], states: Mapping[str, SongState]) -> None:
        songs = [ExportSong(job, states[job.id]) for job in jobs if job.stems]
        try:
            answer = ask_for_export(self._window, songs, self._settings_store, self._background)
        finally:
            self._is_asking = False
        if answer is not None:
            self._start(jobs, *answer)

    def _start(self, jobs: Sequence[Job], settings: ExportSettings, folder: Path) -> None:
        if settings == ExportSettings(stems=settings.stems, file_format=settings.file_format):
            self._enqueue([_with_stems(job, settings.stems) for job in jobs], folder, settings)
        else:
            self._notices.show_text(tr("So far, only unchanged stems with their usual names can be exported."))

    def _enqueue(self, jobs: Sequence[Job], folder: Path, settings: ExportSettings) -> None:
        if not self._queue:
            self._stop_event = Event()
        self._queue.append([job for job in jobs if job.stems])
        work = partial(self._run_export, jobs, folder, settings, self._stop_event)
        if len(self._queue) == 1:
            self._show_started()
        self._background.run(work, self._finish)
        self.changed.emit()

    def _run_export(
        self, jobs: Sequence[Job], folder: Path, settings: ExportSettings, stop_event: Event
    ) -> ExportResult:
        """Run the export; called in the background thread."""
        from desktop.export.batch import export_batch  # imports numpy, which must not delay the window

        def report(progress: ExportProgress) -> None:
            self._background.call_in_gui_thread(lambda: self._show_progress(progress))

        def current(job_id: str) -> Job:
            return _with_stems(self._service().job(job_id), settings.stems)

        return export_batch(jobs, folder, settings.file_format, current, report, stop_event.is_set)

    def _show_started(self) -> None:
        self._notices.show_notice(
            Notice(
                _exporting_text(self._queue[0]),
                key=_PROGRESS_KEY,
                progress=0.0,
                action_text=tr("Cancel"),
                on_action=self._stop_event.set,
            )
        )

    def _show_progress(self, progress: ExportProgress) -> None:
        self._done_count = progress.songs_done
        number = min(progress.songs_done + 1, progress.songs_total)
        status = (
            tr("Exporting song {number} of {total}", number=number, total=progress.songs_total)
            if progress.songs_total > 1
            else _exporting_text(self._queue[0])
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
            open_folder, folder, self, lambda: self._notices.show_text(no_file_manager_text(folder))
        )
        self._notices.show_notice(
            Notice(
                result_text(result),
                key=result_text(result),
                edge_colour=Colour.BAD if result.error else Colour.ACCENT,
                action_text=tr("Show") if result.exported else "",
                on_action=open_result_folder,
            )
        )


def result_text(result: ExportResult) -> str:
    """Return the result of an export as text: error, cancellation, exported stems, other formats, skipped tracks."""
    sentences: list[str] = []
    if result.error:
        sentences.append(str(result.error))
    if result.cancelled:
        sentences.append(tr("The export was cancelled."))
    if result.exported:
        sentences.append(_exported_text(result))
    elif result.cancelled:
        sentences.append(tr("No files were written."))
    sentences += [*_other_formats_texts(result), *_skipped_texts(result)]
    return " ".join(sentences)


def _with_stems(job: Job, names: Collection[str] | None) -> Job:
    """Return the job with the stems `names` only; with all if `names` is None."""
    return job if names is None else replace(job, stems=tuple(stem for stem in job.stems if stem.name in names))


def _exporting_text(jobs: Sequence[Job]) -> str:
    if len(jobs) == 1:
        return tr("Exporting “{title}”", title=_title(jobs[0]))
    return tr_count("Exporting {count} song", "Exporting {count} songs", len(jobs))


def _exported_text(result: ExportResult) -> str:
    """Return a sentence about the stems that were written."""
    jobs, folder = [job for job, _ in result.exported], printable(result.folder, 80)
    if len(jobs) == 1:
        return tr_count(
            "Exported {count} stem of “{title}” to {folder}.",
            "Exported {count} stems of “{title}” to {folder}.",
            result.file_count,
            title=_title(jobs[0]),
            folder=folder,
        )
    return tr_count(
        "Exported {stems} of {count} song to {folder}.",
        "Exported {stems} of {count} songs to {folder}.",
        len(jobs),
        stems=count_message("{count} stem", "{count} stems", result.file_count),
        folder=folder,
    )


def _other_formats_texts(result: ExportResult) -> list[str]:
    """Return a sentence about the tracks that were written in another format than the one in the settings."""
    wanted = result.file_format
    others = [(job, files[0].suffix[1:]) for job, files in result.exported if files[0].suffix[1:] != wanted]
    if not others:
        return []
    formats = reduce(
        lambda first, last: tr("{first} or {last}", first=first, last=last),
        sorted({used.upper() for _, used in others}),
    )
    if len(others) == 1:
        title = _title(others[0][0])
        return [
            tr(
                "{format} cannot hold “{title}”: written as {formats}.",
                format=wanted.upper(),
                title=title,
                formats=formats,
            )
        ]
    return [
        tr_count(
            "{format} cannot hold {count} song: written as {formats}.",
            "{format} cannot hold {count} songs: written as {formats}.",
            len(others),
            format=wanted.upper(),
            formats=formats,
        )
    ]


def _skipped_texts(result: ExportResult) -> list[str]:
    """Return a sentence about the tracks that were not exported."""
    if not result.skipped:
        return []
    if len(result.skipped) == 1:
        job, reason = result.skipped[0]
        return [tr("“{title}” was left out: {reason}", title=_title(job), reason=reason)]
    names = ", ".join(tr("“{title}”", title=printable(job.title, 40)) for job, _ in result.skipped[:_MAX_NAMED_SONGS])
    if len(result.skipped) > _MAX_NAMED_SONGS:
        names = f"{names} …"
    if all(reason == NO_STEMS_REASON for _, reason in result.skipped):
        return [
            tr_count(
                "{count} song was left out because it has no stems: {names}",
                "{count} songs were left out because they have no stems: {names}",
                len(result.skipped),
                names=names,
            )
        ]
    return [
        tr_count(
            "{count} song was left out: {names}",
            "{count} songs were left out: {names}",
            len(result.skipped),
            names=names,
        )
    ]


def _queued_exports_text(count: int) -> str:
    return tr_count("{count} more export queued", "{count} more exports queued", count) if count > 0 else ""


def _title(job: Job) -> str:
    return printable(job.title, 60)
