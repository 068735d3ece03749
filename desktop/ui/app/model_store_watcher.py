"""Tells when a model came to the shelf or left it, whichever process did it."""

from pathlib import Path

from PySide6.QtCore import QEvent, QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.paths import Home

# Several files make one model, and each comes by two steps (milliseconds).
_DEBOUNCE_MS = 300


class ModelStoreWatcher(QObject):
    """Watches the folders of the shelf. Where they cannot be watched, it looks whenever the window comes to the front."""

    changed = Signal()
    """The shelf may hold other models than before."""

    def __init__(self, home: Home, window: QWidget) -> None:
        super().__init__(window)
        self._folders = (home.models, home.models / "imported")
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._schedule_change)
        self._debounce_timer = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._debounce_timer.timeout.connect(self.changed)
        self._add_missing_folders()
        window.installEventFilter(self)

    def _add_missing_folders(self) -> None:
        missing = [str(folder) for folder in self._folders if Path(folder).is_dir()]
        missing = [folder for folder in missing if folder not in self._watcher.directories()]
        if missing:
            self._watcher.addPaths(missing)

    def _schedule_change(self) -> None:
        self._add_missing_folders()  # the folder of imported models is made with the first one
        self._debounce_timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look also when the window comes to the front."""
        if event.type() is QEvent.Type.WindowActivate:
            self._schedule_change()
        return super().eventFilter(watched, event)
