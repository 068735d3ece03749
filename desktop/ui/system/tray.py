"""Icon in the system tray, shown while work continues without the window."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.text.message import tr
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.queue_estimate import format_batch
from desktop.ui.system.notifications import Notification
from desktop.ui.theme.icons import app_icon

APP_NAME = "Unbraid"
_MESSAGE_MS = 10_000
_LESS_THAN_LOOKALIKE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"


class TrayIcon(QObject):
    """Tray icon with the batch progress as its tooltip, and a menu to show the window or quit the app."""

    show_requested = Signal()
    quit_requested = Signal()

    def __init__(self, activity: ActivityTracker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._activity = activity
        self.menu = QMenu()
        self.menu.addAction(tr("Show Unbraid")).triggered.connect(self.show_requested)
        self.menu.addAction(tr("Quit")).triggered.connect(self.quit_requested)
        self.icon = QSystemTrayIcon(app_icon(), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self._is_shown = False
        self._message_timer = QTimer(self, interval=_MESSAGE_MS, singleShot=True)
        self._message_timer.timeout.connect(self._end_message)
        activity.membership_changed.connect(self._update_tooltip)
        activity.progress_changed.connect(self._update_tooltip)

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
        batch = self._activity.batch
        parts = [part for part in format_batch(batch) if part] if batch else [tr("all songs are done")]
        tooltip = f"{APP_NAME} · {', '.join(parts)}"
        if tooltip != self.icon.toolTip():
            self.icon.setToolTip(tooltip)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_requested.emit()
