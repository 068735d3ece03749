"""What happens to songs in work when the window is closed: asked once, and remembered if the user wants that."""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.system.activity import ActivityTracker

ASK, BACKGROUND, STOP = "ask", "background", "stop"
# From the last song's end to the app's, hidden as it is: time for a notification to be shown (milliseconds).
_QUIT_DELAY_MS = 4000
# For so long after the system said that it ends the session, nothing is asked (seconds).
_SESSION_END_WINDOW_S = 60.0


class QuitPolicy(QObject):
    """Decides whether the window may close. It holds nobody up while nothing is in work."""

    window_hidden = Signal()
    """The window is gone and the songs go on."""
    window_shown = Signal()
    """The window is back."""

    def __init__(self, window: MainWindow, activity: ActivityTracker, has_tray: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window = window
        self._activity = activity
        self._has_tray = has_tray
        self._is_quitting = False
        self._session_ended_at = -_SESSION_END_WINDOW_S
        self.is_in_background = False
        self.quit_dialog: QuitDialog | None = None
        self._quit_timer = QTimer(self, interval=_QUIT_DELAY_MS, singleShot=True)
        self._quit_timer.timeout.connect(self._quit_if_idle)
        self._exporter = window.exporter
        activity.changed.connect(self._update_quit_timer)
        self._exporter.changed.connect(self._update_quit_timer)
        window.may_close = self.may_close
        application = QApplication.instance()
        if isinstance(application, QGuiApplication):
            # Direct: the system waits for the answer, and must not be asked anything back.
            application.commitDataRequest.connect(self.end_session, Qt.ConnectionType.DirectConnection)

    def may_close(self) -> bool:
        """True when the window may go now. Otherwise the user is asked, or it hides."""
        if self._is_quitting or monotonic() - self._session_ended_at < _SESSION_END_WINDOW_S or not self._has_activity:
            return True
        match self._effective_choice():
            case "stop":
                return True
            case "background":
                # Not within the event that closes the window: Qt would count it as closed.
                QTimer.singleShot(0, self, self.go_to_background)
            case _:
                self._ask_user()
        return False

    @property
    def _has_activity(self) -> bool:
        return self._activity.is_active or self._exporter.remaining_count > 0

    def end_session(self) -> None:
        """Let the window go without a word: the computer shuts down, or the user logs out."""
        self._session_ended_at = monotonic()

    def quit_now(self) -> None:
        """End the app now. What runs goes on at the next start."""
        self._is_quitting = True
        self._window.close()
        QApplication.quit()

    def go_to_background(self) -> None:
        """Hide the window; the app ends by itself when the songs are done."""
        self.is_in_background = True
        QGuiApplication.setQuitOnLastWindowClosed(False)
        if self._window.player.is_playing:
            self._window.player.toggle_playback()
        for dialog in self._window.findChildren(QDialog):
            dialog.close()
        self._window.hide()
        self.window_hidden.emit()
        self._update_quit_timer()

    def show_window(self) -> None:
        """Show the window again."""
        if self.is_in_background:
            self.is_in_background = False
            self._quit_timer.stop()
            self._window.show()
            QGuiApplication.setQuitOnLastWindowClosed(True)
            self.window_shown.emit()
        self._window.raise_()
        self._window.activateWindow()

    def _effective_choice(self) -> str:
        choice = self._window.settings_store.settings.quit
        if choice == STOP and self._exporter.remaining_count:
            return ASK  # stopping costs a separation nothing, an export everything that is not written yet
        return ASK if choice == BACKGROUND and not self._has_tray() else choice

    def _ask_user(self) -> None:
        if self.quit_dialog is None:
            self.quit_dialog = QuitDialog(
                self._activity.active_count, self._exporter.remaining_count, self._has_tray(), self._window
            )
            self.quit_dialog.answered.connect(self._apply_answer)
            self.quit_dialog.finished.connect(self._clear_quit_dialog)
        self.quit_dialog.open()

    def _clear_quit_dialog(self) -> None:
        self.quit_dialog = None

    def _apply_answer(self, choice: str, remember: bool) -> None:
        if remember:
            self._window.settings_store.change(quit=choice)
        if choice == BACKGROUND:
            self.go_to_background()
        else:
            self.quit_now()

    def _update_quit_timer(self) -> None:
        """End soon when nothing is left to be done; not when there is something again."""
        if self.is_in_background and not self._has_activity:
            if not self._quit_timer.isActive():
                self._quit_timer.start()
        else:
            self._quit_timer.stop()

    def _quit_if_idle(self) -> None:
        if self.is_in_background and not self._has_activity:
            self.quit_now()
