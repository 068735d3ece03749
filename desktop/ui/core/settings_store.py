"""Settings and window state, kept between starts."""

import logging
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.paths import Home
from desktop.settings import Settings, load_settings, save_settings
from desktop.ui.widgets.main_splitter import MainSplitter

_DEFAULT_SIZE_PX = (1440, 900)
_MAX_TITLE_BAR_HEIGHT_PX = 40
"""Largest height of a window manager's title bar, in pixels."""
_log = logging.getLogger(__name__)


class SettingsStore:
    """Cached settings of a library; each change is written to disk at once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.settings: Settings = load_settings(home)

    def change(self, **values: str | float) -> None:
        """Set the named fields and save the settings; a failure to save is logged only."""
        self.settings = replace(self.settings, **values)
        try:
            save_settings(self._home, self.settings)
        except OSError as error:
            # Only convenience is lost; a full disk is reported by the operations that need the space.
            _log.warning("Settings were not saved: %s", error)

    def restore_window(self, window: QWidget, splitter: MainSplitter) -> None:
        """Restore the saved window geometry and splitter, or fit the window to the screen at the first start."""
        if not window.restoreGeometry(_decode_state(self.settings.window)):
            available_size = QGuiApplication.primaryScreen().availableSize()
            window.resize(
                min(_DEFAULT_SIZE_PX[0], available_size.width() - 4),
                min(_DEFAULT_SIZE_PX[1], available_size.height() - _MAX_TITLE_BAR_HEIGHT_PX),
            )
        splitter.restore_user_state(_decode_state(self.settings.splitter))

    def save_window(self, window: QWidget, splitter: MainSplitter, master_db: float) -> None:
        """Save the window geometry, the splitter state and the master level in dB."""
        self.change(
            window=_encode_state(window.saveGeometry()),
            splitter=_encode_state(splitter.save_user_state()),
            master_db=float(master_db),
        )

    def import_folder(self) -> Path:
        """Return the initial folder of the import dialog: the last one used, else the user's music folder or home."""
        return _folder_or_music(self.settings.folder)

    def export_folder(self) -> Path:
        """Return the initial folder of the export dialog: the last one used, else the user's music folder or home."""
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
