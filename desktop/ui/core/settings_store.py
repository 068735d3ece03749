"""Settings and window state, kept between starts."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QFileSystemWatcher, QObject, QStandardPaths, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.paths import Home
from desktop.runtime.settings_file import SettingsFile
from desktop.setting_spec import SettingValue
from desktop.settings import Settings
from desktop.ui.theme.metrics import MAX_TITLE_BAR_HEIGHT
from desktop.ui.widgets.main_splitter import MainSplitter

_DEFAULT_SIZE_PX = (1440, 900)
_REFRESH_DELAY_MS = 200
"""Milliseconds from a change in the library's folder to the look at the settings file, one for many changes."""


class SettingsStore(QObject):
    """Settings of a library for the window, in memory: no method but `change` accesses the disk.

    Changes of the file by another process are noticed by a watch.
    """

    changed = Signal(Settings)
    """Emitted with the new settings after a change by this or another process."""

    def __init__(self, home: Home, parent: QObject | None = None) -> None:
        """Read the settings and watch their file."""
        super().__init__(parent)
        self._file = SettingsFile(home)
        self._file.add_listener(self.changed.emit)
        self._path, self._folder = str(home.settings), str(home.root)
        self._watcher = QFileSystemWatcher(self)
        self._refresh_timer = QTimer(self, interval=_REFRESH_DELAY_MS, singleShot=True)
        self._refresh_timer.timeout.connect(self._file.refresh)
        self._watcher.fileChanged.connect(self._schedule_refresh)
        self._watcher.directoryChanged.connect(self._schedule_refresh)
        self._watch()

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self._file.settings

    def change(self, **values: SettingValue) -> bool:
        """Set the named fields and save them; return True if every change so far is on disk."""
        return self._file.change(**values)

    def _watch(self) -> None:
        """Watch the file, which an editor may write in place, and its folder, where another file may replace it.

        A replaced file stays in the list of watched files, although the watch ended with the old one.
        """
        if self._path in self._watcher.files():
            self._watcher.removePath(self._path)
        if Path(self._path).exists():
            self._watcher.addPath(self._path)
        if self._folder not in self._watcher.directories():
            self._watcher.addPath(self._folder)

    def _schedule_refresh(self) -> None:
        self._watch()
        if not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def restore_window(self, window: QWidget, splitter: MainSplitter) -> None:
        """Restore the saved window geometry and splitter, or fit the window to the screen at the first start."""
        if not window.restoreGeometry(_decode_state(self.settings.window)):
            available_size = QGuiApplication.primaryScreen().availableSize()
            window.resize(
                min(_DEFAULT_SIZE_PX[0], available_size.width() - 4),
                min(_DEFAULT_SIZE_PX[1], available_size.height() - MAX_TITLE_BAR_HEIGHT),
            )
        splitter.restore_user_state(_decode_state(self.settings.splitter))

    def save_window(self, window: QWidget, splitter: MainSplitter) -> None:
        """Save the window geometry and the splitter state."""
        self.change(
            window=_encode_state(window.saveGeometry()),
            splitter=_encode_state(splitter.save_user_state()),
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
    music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
    return Path(music) if music and Path(music).is_dir() else Path.home()


def _decode_state(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "ignore")))


def _encode_state(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
