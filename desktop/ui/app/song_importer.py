"""Import of tracks through the dialogs for files and folders, the clipboard and the demo song."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.file_types import audio_suffixes
from desktop.audio.names import natural_sort_key
from desktop.audio.ni_stem_file import is_ni_stem_file
from desktop.jobs.model import Job, options_from_settings
from desktop.paths import resources
from desktop.text.message import Message, tr
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.widgets.file_drop import DroppedFiles, files_from_mime
from desktop.ui.widgets.notices import NoticeStrip

_NO_FILES_TEXT = Message("There are no files on the clipboard. Copy songs in a file manager, then paste them here.")


class SongImporter(QObject):
    """Adds tracks to the library with the model and the options of the settings."""

    def __init__(
        self,
        library: LibraryController,
        settings_store: SettingsStore,
        player: PlayerController,
        notices: NoticeStrip,
        open_stems: Callable[[Sequence[Path]], None],
        window: QWidget,
    ) -> None:
        """`open_stems` opens a stem file as a song."""
        super().__init__(window)
        self._library = library
        self._settings_store = settings_store
        self._player = player
        self._notices = notices
        self._open_stems = open_stems
        self._window = window

    def add(self, files: DroppedFiles, allow_duplicates: bool = False) -> None:
        """Add dropped, pasted or chosen files and folders. A stem file (NI) is opened with its stems.

        With `allow_duplicates`, tracks that are already in the library are added again.
        """
        options = options_from_settings(self._settings_store.settings)
        songs = tuple(path for path in files.paths if not is_ni_stem_file(path))
        self._library.import_queue.add(replace(files, paths=songs), options, allow_duplicates)
        for path in files.paths:
            if path not in songs:
                self._open_stems([path])

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files and folders at `paths`."""
        self.add(DroppedFiles(tuple(paths)))

    def choose_files(self) -> None:
        """Open the dialog for files and add the chosen ones."""
        suffixes = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(audio_suffixes()))
        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            tr("Add songs"),
            str(self._settings_store.import_folder()),
            f"{tr('Songs')} ({suffixes});;{tr('All files')} (*)",
            options=QFileDialog.Option.HideNameFilterDetails,
        )
        if names:
            self._settings_store.change(folder=str(Path(names[0]).parent))
            self.add_paths([Path(name) for name in sorted(names, key=natural_sort_key)])

    def choose_folder(self) -> None:
        """Open the dialog for a folder and add all tracks in it."""
        title = tr("Add all songs of a folder")
        name = QFileDialog.getExistingDirectory(self._window, title, str(self._settings_store.import_folder()))
        if name:
            self._settings_store.change(folder=str(Path(name).parent))
            self.add_paths([Path(name)])

    def paste(self) -> None:
        """Add the files on the clipboard, or show a notice if there are none."""
        files = files_from_mime(QGuiApplication.clipboard().mimeData())
        if files.paths or files.refusals:
            self.add(files)
        else:
            self._notices.show_text(str(_NO_FILES_TEXT))

    def add_demo_song(self) -> None:
        """Add the demo song and play it as soon as a part of it can be played."""
        self._library.first_added.connect(self._play_when_loaded, Qt.ConnectionType.SingleShotConnection)
        self.add(DroppedFiles(tuple(list_demo_songs())), allow_duplicates=True)  # it may be in the bin

    def _play_when_loaded(self, job: Job) -> None:
        self._player.tracks.play_when_loaded(job.id)


def list_demo_songs() -> list[Path]:
    """Return the paths of the demo songs that ship with the app."""
    return sorted((resources() / "demo").glob("*.flac"))
