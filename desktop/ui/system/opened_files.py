"""What macOS asks the running app to open: files from the Finder, and those that are dropped on its sign in the Dock."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent, QGuiApplication


class OpenedFiles(QObject):
    """Each comes as an event of its own to the application; all that come at once are given on together."""

    def __init__(self, add: Callable[[Sequence[Path]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._add = add
        self._paths: list[Path] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._give)
        application = QGuiApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the files; leave everything else as it is."""
        if not isinstance(event, QFileOpenEvent) or not event.file():
            return False
        self._paths.append(Path(event.file()))
        self._soon.start()
        return True

    def _give(self) -> None:
        paths, self._paths = self._paths, []
        self._add(paths)
