"""The sign in the system tray, for as long as the songs go on without the window."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.queue_times import BatchCount, batch_words
from desktop.ui.system.news import News
from desktop.ui.theme.icons import app_icon

NAME = "Unbraid"
_MESSAGE_MS = 10_000
_LIKE_LESS_THAN = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"


class Tray(QObject):
    """Says how far the songs are, and brings the window back or ends the app."""

    show_asked = Signal()
    quit_asked = Signal()

    def __init__(self, jobs: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._batches = BatchCount()
        self.menu = QMenu()
        self.menu.addAction("Show Unbraid").triggered.connect(self.show_asked)
        self.menu.addAction("Quit").triggered.connect(self.quit_asked)
        self.icon = QSystemTrayIcon(app_icon(), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activate)
        self._standing = False
        self._message = QTimer(self, interval=_MESSAGE_MS, singleShot=True)
        self._message.timeout.connect(self._end_message)
        jobs.queue_changed.connect(self._say)

    @staticmethod
    def is_there() -> bool:
        """False where the system has no tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def tell(self, news: News) -> None:
        """Show a notification at the sign, which appears for that if it is not to be seen."""
        if self.is_there():
            self.icon.show()
            # Some desktops read these words as HTML, others as they are: so nothing in them may look like it.
            words = news.words.replace("<", _LIKE_LESS_THAN)
            self.icon.showMessage(news.heading, words, self.icon.icon(), _MESSAGE_MS)
            self._message.start()

    def appear(self) -> None:
        """Stand in the tray."""
        self._standing = True
        self._say()
        self.icon.show()

    def go(self) -> None:
        """Leave the tray."""
        self._standing = False
        self.icon.hide()

    def _end_message(self) -> None:
        if not self._standing:
            self.icon.hide()

    def _say(self) -> None:
        # Counted also while the sign is not to be seen: a batch begins before the window hides.
        batch = self._batches.of(self._jobs.jobs, self._jobs.active, self._jobs.left)
        words = [word for word in batch_words(batch) if word] if batch else ["all songs are done"]
        said = f"{NAME} · {', '.join(words)}"
        if said != self.icon.toolTip():
            self.icon.setToolTip(said)

    def _activate(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_asked.emit()
