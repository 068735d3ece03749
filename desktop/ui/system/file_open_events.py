"""Files that macOS asks the running app to open, from the Finder or dropped on its Dock icon."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent, QGuiApplication


class FileOpenEvents(QObject):
    """Event filter that collects file open events and passes their paths to `on_files_opened`.

    macOS sends one event per file; files that are opened together are delivered in one call.
    """

    def __init__(self, on_files_opened: Callable[[Sequence[Path]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_files_opened = on_files_opened
        self._paths: list[Path] = []
        self._deliver_timer = QTimer(self, singleShot=True, interval=0)
        self._deliver_timer.timeout.connect(self._deliver)
        application = QGuiApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent) or not event.file():
            return False
        self._paths.append(Path(event.file()))
        self._deliver_timer.start()
        return True

    def _deliver(self) -> None:
        paths, self._paths = self._paths, []
        self._on_files_opened(paths)
