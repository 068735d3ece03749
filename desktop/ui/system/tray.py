"""Icon in the system tray, shown while work continues without the window."""

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
    """Tray icon with the batch progress as its tooltip, and a menu to show the window or quit the app."""

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
        """Return whether the system has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_notification(self, notification: Notification) -> None:
        """Show `notification` at the tray icon; a hidden icon appears for 10 s.

        Without a system tray, do nothing.
        """
        if self.is_available():
            self.icon.show()
            # Some desktops interpret the body as HTML, others show it as it is, so "<" is replaced rather than escaped.
            body = notification.body.replace("<", _LESS_THAN_LOOKALIKE)
            self.icon.showMessage(notification.heading, body, self.icon.icon(), _MESSAGE_MS)
            self._message_timer.start()

    def show_icon(self) -> None:
        """Show the icon in the tray."""
        self._is_shown = True
        self._update_tooltip()
        self.icon.show()

    def hide_icon(self) -> None:
        """Remove the icon from the tray."""
        self._is_shown = False
        self.icon.hide()

    def _end_message(self) -> None:
        if not self._is_shown:
            self.icon.hide()

    def _update_tooltip(self) -> None:
        # Count also while the icon is hidden: a batch begins before the window is hidden.
        batch = self._batch_counter.count(self._jobs.jobs, self._jobs.active_jobs, self._jobs.seconds_left)
        parts = [part for part in format_batch(batch) if part] if batch else ["all songs are done"]
        tooltip = f"{APP_NAME} · {', '.join(parts)}"
        if tooltip != self.icon.toolTip():
            self.icon.setToolTip(tooltip)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_requested.emit()
