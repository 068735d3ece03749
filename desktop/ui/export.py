"""Stems of the library written into a folder that the user chooses, beside everything else that the window does."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.names import shown
from desktop.export.result import NO_STEMS, ExportProgress, ExportResult, export_format
from desktop.jobs.model import Job
from desktop.ui.background import Background
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.queue_times import about
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.opener import no_file_manager, open_folder
from desktop.ui.theme import tokens
from desktop.ui.window_memory import WindowMemory

_PROGRESS, _RESULT = "exporting", "exported"
_NAMED = 3


class StemExport(QObject):
    """Exports one selection after the other, and tells how far it is and what came of it."""

    changed = Signal()
    """Songs are being exported, or not any more."""

    def __init__(self, service: AwaitedService, memory: WindowMemory, notices: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._service = service
        self._memory = memory
        self._notices = notices
        self._window = window
        self._background = Background("export", self)
        self._stop = Event()
        self._waiting: deque[Sequence[Job]] = deque()
        self._done = 0

    @property
    def songs_left(self) -> int:
        """How many songs are not exported yet."""
        return max(0, sum(len(jobs) for jobs in self._waiting) - self._done)

    def export(self, jobs: Sequence[Job]) -> None:
        """Ask for a folder, and export the stems of `jobs` into it. Songs without stems are left out, and named."""
        with_stems = [job for job in jobs if job.stems]
        if not with_stems:
            self._notices.say("There are no stems to export yet. Export songs that are separated." if jobs
                              else "No song is selected. Select the songs to export.")  # fmt: skip
            return
        title = f"Export the stems of {_songs(with_stems)}"
        chosen = QFileDialog.getExistingDirectory(self._window, title, str(self._memory.export_folder()))
        if chosen:
            self._memory.change(export_folder=chosen)
            self._begin(jobs, Path(chosen))

    def close(self) -> None:
        """Stop between two blocks of sound, and leave nothing half written."""
        self._stop.set()
        self._background.close()

    def _begin(self, jobs: Sequence[Job], folder: Path) -> None:
        if not self._waiting:
            self._stop = Event()
        self._waiting.append([job for job in jobs if job.stems])
        work = partial(self._export, jobs, folder, export_format(self._memory.settings), self._stop)
        if len(self._waiting) == 1:
            self._show_begun()
        self._background.run(work, self._end)
        self.changed.emit()

    def _export(self, jobs: Sequence[Job], folder: Path, file_format: str, stop: Event) -> ExportResult:
        """Export, in the background's thread."""
        from desktop.export.batch import export_songs  # with numpy, which the window does not wait for

        def report(progress: ExportProgress) -> None:
            self._background.in_window(lambda: self._show(progress))

        def current(job_id: str) -> Job:
            return self._service().job(job_id)

        return export_songs(jobs, folder, file_format, current, report, stop.is_set)

    def _show_begun(self) -> None:
        sentence = f"Exporting {_songs(self._waiting[0])}"
        self._notices.show_notice(Notice(sentence, key=_PROGRESS, progress=0.0, action="Cancel", act=self._stop.set))

    def _show(self, progress: ExportProgress) -> None:
        self._done = progress.done
        place = min(progress.done + 1, progress.total)
        doing = (
            f"Exporting song {place} of {progress.total}"
            if progress.total > 1
            else f"Exporting {_songs(self._waiting[0])}"
        )
        words = (doing, about(progress.left) if progress.left is not None else "", _more(len(self._waiting) - 1))
        self._notices.change(_PROGRESS, " · ".join(filter(None, words)), progress.part)

    def _end(self, result: ExportResult) -> None:
        self._waiting.popleft()
        self._done = 0
        self._notices.clear(_PROGRESS)
        self._tell(result)
        if self._waiting:
            self._show_begun()
        self.changed.emit()

    def _tell(self, result: ExportResult) -> None:
        folder = result.folder
        show = partial(open_folder, folder, self, lambda: self._notices.say(f"{no_file_manager(folder)}."))
        self._notices.show_notice(
            Notice(
                result_words(result),
                key=result_words(result),
                tone=tokens.BAD if result.trouble else tokens.ACCENT,
                action="Show" if result.exported else "",
                act=show,
            )
        )


def result_words(result: ExportResult) -> str:
    """Return what an export has done, in sentences."""
    where = shown(result.folder, 80)
    done = [job for job, _ in result.exported]
    words: list[str] = []
    if result.trouble:
        words.append(result.trouble)
    if result.cancelled:
        words.append("The export was cancelled.")
    if done:
        stems = "1 stem" if result.files == 1 else f"{result.files} stems"
        words.append(f"Exported {stems} of {_songs(done)} to {where}.")
    elif result.cancelled:
        words.append("No files were written.")
    words += [*_other_formats(result), *_left_out(result)]
    return " ".join(words)


def _other_formats(result: ExportResult) -> list[str]:
    """Return a sentence for songs whose stems the wanted format cannot hold."""
    wanted = result.file_format
    others = [(job, files[0].suffix[1:]) for job, files in result.exported if files[0].suffix[1:] != wanted]
    if not others:
        return []
    formats = " or ".join(sorted({used.upper() for _, used in others}))
    return [f"{wanted.upper()} cannot hold {_songs([job for job, _ in others])}: written as {formats}."]


def _left_out(result: ExportResult) -> list[str]:
    jobs = [job for job, _ in result.left_out]
    if not jobs:
        return []
    if len(jobs) == 1:
        return [f"{_songs(jobs)} was left out: {result.left_out[0][1]}"]
    names = ", ".join(f"“{shown(job.title, 40)}”" for job in jobs[:_NAMED])
    why = " because they have no stems" if all(reason == NO_STEMS for _, reason in result.left_out) else ""
    return [f"{len(jobs)} songs were left out{why}: {names}{' …' if len(jobs) > _NAMED else ''}"]


def _songs(jobs: Sequence[Job]) -> str:
    return f"“{shown(jobs[0].title, 60)}”" if len(jobs) == 1 else f"{len(jobs)} songs"


def _more(waiting: int) -> str:
    return "" if waiting < 1 else "1 more export queued" if waiting == 1 else f"{waiting} more exports queued"
