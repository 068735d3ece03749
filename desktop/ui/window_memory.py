"""What the window remembers from one start to the next."""

import logging
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.paths import Home
from desktop.settings import Settings, load_settings, save_settings
from desktop.ui.song_split import SongSplit

_FIRST_SIZE = (1440, 900)
_TITLE_BAR = 40
"""What a window manager adds above, at most."""
_log = logging.getLogger(__name__)


class WindowMemory:
    """The settings, and how the window stood."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.settings: Settings = load_settings(home)

    def change(self, **values: str | float) -> None:
        """Remember other settings."""
        self.settings = replace(self.settings, **values)
        try:
            save_settings(self._home, self.settings)
        except OSError as error:
            # Nothing is lost but a comfort; a full disk is told where it matters.
            _log.warning("Settings were not saved: %s", error)

    def restore(self, window: QWidget, splitter: SongSplit) -> None:
        """Put the window where it was, or fit it to the screen at the first start."""
        if not window.restoreGeometry(_bytes(self.settings.window)):
            room = QGuiApplication.primaryScreen().availableSize()
            window.resize(min(_FIRST_SIZE[0], room.width() - 4), min(_FIRST_SIZE[1], room.height() - _TITLE_BAR))
        splitter.restore(_bytes(self.settings.splitter))

    def keep(self, window: QWidget, splitter: SongSplit, master_db: float) -> None:
        """Remember where the window is."""
        self.change(
            window=_text(window.saveGeometry()), splitter=_text(splitter.state_by_hand()), master_db=float(master_db)
        )

    def folder(self) -> Path:
        """Return where the dialog for songs opens: where songs came from last, else the user's music."""
        return _folder_or_music(self.settings.folder)

    def export_folder(self) -> Path:
        """Return where the dialog for an export opens: where stems went last, else the user's music."""
        return _folder_or_music(self.settings.export_folder)


def _folder_or_music(last: str) -> Path:
    if last and Path(last).is_dir():
        return Path(last)
    music = Path.home() / "Music"
    return music if music.is_dir() else Path.home()


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "ignore")))


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
