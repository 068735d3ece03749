"""Watcher for models that this or another process adds to or removes from the model store."""

from PySide6.QtCore import QEvent, QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.paths import Home

# Milliseconds. A model consists of several files, and each one is written in two steps.
_DEBOUNCE_MS = 300


class ModelStoreWatcher(QObject):
    """Emits `changed` when the folders of the model store change.

    It also emits whenever the window is activated, for folders that cannot be watched.
    """

    changed = Signal()
    """Emitted when the models in the store may have changed."""

    def __init__(self, home: Home, window: QWidget) -> None:
        super().__init__(window)
        self._folders = (home.models, home.models / "imported")
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._schedule_change)
        self._debounce_timer = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._debounce_timer.timeout.connect(self.changed)
        self._watch_existing_folders()
        window.installEventFilter(self)

    def _watch_existing_folders(self) -> None:
        existing = [str(folder) for folder in self._folders if folder.is_dir()]
        unwatched = [folder for folder in existing if folder not in self._watcher.directories()]
        if unwatched:
            self._watcher.addPaths(unwatched)

    def _schedule_change(self) -> None:
        self._watch_existing_folders()  # the first import creates the folder of imported models
        self._debounce_timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowActivate:
            self._schedule_change()
        return super().eventFilter(watched, event)
