"""Imports of ready-made stems into the library of the window, one after another, with their progress as a notice."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.file_types import audio_suffixes
from desktop.audio.names import printable
from desktop.errors import CancelledError, DuplicateTrackError, UnbraidError
from desktop.jobs.import_process import ImportCancellation
from desktop.jobs.model import Job, options_from_settings
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip

_PROGRESS_KEY, _DUPLICATE_KEY = "opening stems", "duplicate stems"
# Smaller steps are invisible.
_MIN_PROGRESS_STEP = 0.01
_MAX_NAME_LENGTH = 40


@dataclass(frozen=True)
class _Import:
    paths: tuple[Path, ...]
    allow_duplicates: bool
    cancellation: ImportCancellation = field(default_factory=ImportCancellation)

    @property
    def name(self) -> str:
        """Name of the song as far as it is known."""
        source = self.paths[0] if len(self.paths) == 1 else self.paths[0].parent
        return printable(source.name or source, _MAX_NAME_LENGTH)


class StemImporter(QObject):
    """Opens stems that another program separated as songs of the library."""

    def __init__(
        self,
        service: ServiceProvider,
        settings_store: SettingsStore,
        library: LibraryController,
        notices: NoticeStrip,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._service = service
        self._settings_store = settings_store
        self._library = library
        self._notices = notices
        self._window = window
        self._background = BackgroundRunner("stems", self)
        self._waiting: deque[_Import] = deque()
        self._running: _Import | None = None

    def choose_files(self) -> None:
        """Open the dialog for the stems of one song, or a stem file, and open what is chosen."""
        suffixes = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(audio_suffixes()))
        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            tr("Open the stems of one song: all their files, or a stem file (.stem.mp4)"),
            str(self._settings_store.import_folder()),
            f"{tr('Stems')} ({suffixes});;{tr('All files')} (*)",
            options=QFileDialog.Option.HideNameFilterDetails,
        )
        if names:
            self._settings_store.change(folder=str(Path(names[0]).parent))
            self.add([Path(name) for name in names])

    def add(self, paths: Sequence[Path], allow_duplicates: bool = False) -> None:
        """Open the stems in a folder, a stem file or several files as one song, after those that are being opened.

        With `allow_duplicates`, also stems that are already in the library.
        """
        self._waiting.append(_Import(tuple(paths), allow_duplicates))
        if self._running is None:
            self._start_next()

    def close(self) -> None:
        """Cancel the imports, and wait until the files of the running one are deleted."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancellation.request()
        self._background.close()

    def _start_next(self) -> None:
        self._running = running = self._waiting.popleft() if self._waiting else None
        self._library.set_opening_stems(running is not None)
        if running is None:
            return
        self._notices.show_notice(
            Notice(
                tr("Opening the stems of {name}", name=running.name),
                key=_PROGRESS_KEY,
                progress=0.0,
                action_text=tr("Cancel"),
                on_action=running.cancellation.request,
            )
        )
        self._background.run(partial(self._import, running), self._show_song, partial(self._show_error, running))

    def _import(self, running: _Import) -> Job:
        """Open stems, in the background thread."""
        return self._service().stem_imports.add(
            running.paths,
            options_from_settings(self._settings_store.settings),
            is_duplicate=lambda _: not running.allow_duplicates,
            report_progress=_coarse(partial(self._report_progress, running)),
            cancellation=running.cancellation,
        )

    def _report_progress(self, running: _Import, fraction: float) -> None:
        text = tr("Opening the stems of {name}", name=running.name)
        self._background.call_in_gui_thread(lambda: self._notices.set_progress(_PROGRESS_KEY, text, fraction))

    def _show_song(self, job: Job) -> None:
        self._end()
        self._library.insert_song(job)

    def _show_error(self, failed: _Import, error: UnbraidError) -> None:
        self._end()
        if isinstance(error, DuplicateTrackError):
            self._show_duplicate(failed, error)
        elif not isinstance(error, CancelledError):
            self._notices.show_notice(Notice(str(error), key=str(error), edge_colour=Colour.BAD))

    def _end(self) -> None:
        self._notices.remove_notice(_PROGRESS_KEY)
        self._start_next()

    def _show_duplicate(self, failed: _Import, error: DuplicateTrackError) -> None:
        """Say that the stems are in the library or its bin, with buttons that lead there or add them anyway."""
        job_id = error.job_id
        first_action: tuple[str, Callable[[], None]] = (
            (tr("Restore"), lambda: self._library.removals.restore([job_id]))
            if error.in_bin
            else (tr("Open"), lambda: self._library.song_requested.emit(job_id))
        )
        self._notices.show_notice(
            Notice(
                str(error),
                key=_DUPLICATE_KEY,
                action_text=first_action[0],
                on_action=first_action[1],
                second_action=(tr("Add again"), lambda: self.add(failed.paths, allow_duplicates=True)),
            )
        )


def _coarse(report: Callable[[float], None]) -> Callable[[float], None]:
    """Return a function that calls `report` with a fraction only if it is visibly larger than the last one."""
    last = 0.0

    def report_coarsely(fraction: float) -> None:
        nonlocal last
        if fraction - last >= _MIN_PROGRESS_STEP:
            last = fraction
            report(fraction)

    return report_coarsely
