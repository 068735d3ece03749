"""The ways by which songs come into the library: dialogs for files and folders, the clipboard, and the demo song."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.audio.file_types import audio_suffixes
from desktop.audio.names import natural_key
from desktop.jobs.model import Job
from desktop.paths import resources
from desktop.ui.drop import Given, given_by
from desktop.ui.jobs.library import Library
from desktop.ui.notices import NoticeStrip
from desktop.ui.player.controller import PlayerController
from desktop.ui.window_memory import WindowMemory

_NO_FILES = "There are no files on the clipboard. Copy songs in a file manager, then paste them here."


class AddSongs(QObject):
    """Asks for songs, and adds them with the model that is chosen for new ones."""

    def __init__(
        self, library: Library, memory: WindowMemory, player: PlayerController, notices: NoticeStrip, window: QWidget
    ) -> None:
        super().__init__(window)
        self._library = library
        self._memory = memory
        self._player = player
        self._notices = notices
        self._window = window

    def add(self, given: Given, again: bool = False) -> None:
        """Add what was dropped, pasted or chosen; `again`: also songs that are in the library already."""
        self._library.add(given, self._memory.settings.model, again)

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files and folders."""
        self.add(Given(tuple(paths)))

    def choose_files(self) -> None:
        """Open the dialog for files."""
        suffixes = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(audio_suffixes()))
        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            "Add songs",
            str(self._memory.folder()),
            f"Songs ({suffixes});;All files (*)",
            options=QFileDialog.Option.HideNameFilterDetails,
        )
        if names:
            self._memory.change(folder=str(Path(names[0]).parent))
            self.add_paths([Path(name) for name in sorted(names, key=natural_key)])

    def choose_folder(self) -> None:
        """Open the dialog for a folder, of which every song is added."""
        title = "Add all songs of a folder"
        name = QFileDialog.getExistingDirectory(self._window, title, str(self._memory.folder()))
        if name:
            self._memory.change(folder=str(Path(name).parent))
            self.add_paths([Path(name)])

    def paste(self) -> None:
        """Add the files on the clipboard."""
        given = given_by(QGuiApplication.clipboard().mimeData())
        if given.paths or given.refusals:
            self.add(given)
        else:
            self._notices.say(_NO_FILES)

    def try_demo(self) -> None:
        """Add the demo song, and play it as soon as any of it can be heard."""
        self._library.first_added.connect(self._play, Qt.ConnectionType.SingleShotConnection)
        self.add(Given(tuple(demo_songs())), again=True)  # it may be among the removed songs

    def _play(self, job: Job) -> None:
        self._player.play_when_loaded(job.id)


def demo_songs() -> list[Path]:
    """Return the songs that are shipped with the app, to try it with."""
    return sorted((resources() / "demo").glob("*.flac"))
