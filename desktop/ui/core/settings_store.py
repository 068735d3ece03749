"""What the window remembers from one start to the next."""

import logging
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.paths import Home
from desktop.settings import Settings, load_settings, save_settings
from desktop.ui.widgets.main_splitter import MainSplitter

_DEFAULT_SIZE = (1440, 900)
_MAX_TITLE_BAR_HEIGHT = 40
"""What a window manager adds above, at most."""
_log = logging.getLogger(__name__)


class SettingsStore:
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

    def restore_window(self, window: QWidget, splitter: MainSplitter) -> None:
        """Put the window where it was, or fit it to the screen at the first start."""
        if not window.restoreGeometry(_decode_state(self.settings.window)):
            available_size = QGuiApplication.primaryScreen().availableSize()
            window.resize(
                min(_DEFAULT_SIZE[0], available_size.width() - 4),
                min(_DEFAULT_SIZE[1], available_size.height() - _MAX_TITLE_BAR_HEIGHT),
            )
        splitter.restore_user_state(_decode_state(self.settings.splitter))

    def save_window(self, window: QWidget, splitter: MainSplitter, master_db: float) -> None:
        """Remember where the window is."""
        self.change(
            window=_encode_state(window.saveGeometry()),
            splitter=_encode_state(splitter.save_user_state()),
            master_db=float(master_db),
        )

    def import_folder(self) -> Path:
        """Return where the dialog for songs opens: where songs came from last, else the user's music."""
        return _folder_or_music(self.settings.folder)

    def export_folder(self) -> Path:
        """Return where the dialog for an export opens: where stems went last, else the user's music."""
        return _folder_or_music(self.settings.export_folder)


def _folder_or_music(saved_folder: str) -> Path:
    if saved_folder and Path(saved_folder).is_dir():
        return Path(saved_folder)
    music = Path.home() / "Music"
    return music if music.is_dir() else Path.home()


def _decode_state(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "ignore")))


def _encode_state(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
