"""The sign in the system tray, for as long as the songs go on without the window."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.queue_estimate import BatchCounter, format_batch
from desktop.ui.system.notifications import Notification
from desktop.ui.theme.icons import app_icon

APP_NAME = "Unbraid"
_MESSAGE_MS = 10_000
_LESS_THAN_LOOKALIKE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"


class TrayIcon(QObject):
    """Says how far the songs are, and brings the window back or ends the app."""

    show_requested = Signal()
    quit_requested = Signal()

    def __init__(self, jobs: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._batch_counter = BatchCounter()
        self.menu = QMenu()
        self.menu.addAction("Show Unbraid").triggered.connect(self.show_requested)
        self.menu.addAction("Quit").triggered.connect(self.quit_requested)
        self.icon = QSystemTrayIcon(app_icon(), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self._is_shown = False
        self._message_timer = QTimer(self, interval=_MESSAGE_MS, singleShot=True)
        self._message_timer.timeout.connect(self._end_message)
        jobs.queue_changed.connect(self._update_tooltip)

    @staticmethod
    def is_available() -> bool:
        """False where the system has no tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_notification(self, notification: Notification) -> None:
        """Show a notification at the sign, which appears for that if it is not to be seen."""
        if self.is_available():
            self.icon.show()
            # Some desktops read these words as HTML, others as they are: so nothing in them may look like it.
            body = notification.body.replace("<", _LESS_THAN_LOOKALIKE)
            self.icon.showMessage(notification.heading, body, self.icon.icon(), _MESSAGE_MS)
            self._message_timer.start()

    def show_icon(self) -> None:
        """Stand in the tray."""
        self._is_shown = True
        self._update_tooltip()
        self.icon.show()

    def hide_icon(self) -> None:
        """Leave the tray."""
        self._is_shown = False
        self.icon.hide()

    def _end_message(self) -> None:
        if not self._is_shown:
            self.icon.hide()

    def _update_tooltip(self) -> None:
        # Counted also while the sign is not to be seen: a batch begins before the window hides.
        batch = self._batch_counter.count(self._jobs.jobs, self._jobs.active_jobs, self._jobs.seconds_left)
        parts = [word for word in format_batch(batch) if word] if batch else ["all songs are done"]
        tooltip = f"{APP_NAME} · {', '.join(parts)}"
        if tooltip != self.icon.toolTip():
            self.icon.setToolTip(tooltip)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_requested.emit()
