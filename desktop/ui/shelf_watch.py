"""Tells when a model came to the shelf or left it, whichever process did it."""

from pathlib import Path

from PySide6.QtCore import QEvent, QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.paths import Home

# Several files make one model, and each comes by two steps (milliseconds).
_TOGETHER_MS = 300


class ShelfWatch(QObject):
    """Watches the folders of the shelf. Where they cannot be watched, it looks whenever the window comes to the front."""

    changed = Signal()
    """The shelf may hold other models than before."""

    def __init__(self, home: Home, window: QWidget) -> None:
        super().__init__(window)
        self._folders = (home.models, home.models / "imported")
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._note_change)
        self._soon = QTimer(self, interval=_TOGETHER_MS, singleShot=True)
        self._soon.timeout.connect(self.changed)
        self._watch()
        window.installEventFilter(self)

    def _watch(self) -> None:
        missing = [str(folder) for folder in self._folders if Path(folder).is_dir()]
        missing = [folder for folder in missing if folder not in self._watcher.directories()]
        if missing:
            self._watcher.addPaths(missing)

    def _note_change(self) -> None:
        self._watch()  # the folder of imported models is made with the first one
        self._soon.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look also when the window comes to the front."""
        if event.type() is QEvent.Type.WindowActivate:
            self._note_change()
        return super().eventFilter(watched, event)
