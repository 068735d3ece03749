"""Decides what happens to active work when the window is closed: quit, continue in the background, or ask."""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.quit_dialog import QuitDialog
from desktop.ui.pages.library.activity import ActivityTracker

ASK, BACKGROUND = "ask", "background"
# Milliseconds from the end of the last job to the end of the hidden app, so that a notification can still be shown.
_QUIT_DELAY_MS = 4000
# Seconds after the system announced the end of the session in which the window closes without asking.
_SESSION_END_WINDOW_S = 60.0


class QuitPolicy(QObject):
    """Decides whether the window may close; without active separations or exports it always may."""

    window_hidden = Signal()
    """Emitted when the window was hidden and work continues in the background."""
    window_shown = Signal()
    """Emitted when the window is visible again."""

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
        activity.membership_changed.connect(self._update_quit_timer)
        self._exporter.changed.connect(self._update_quit_timer)
        window.may_close = self.may_close
        application = QApplication.instance()
        if isinstance(application, QGuiApplication):
            # Direct connection: the system waits for the reply, and no dialog may open meanwhile.
            application.commitDataRequest.connect(self.end_session, Qt.ConnectionType.DirectConnection)

    def may_close(self) -> bool:
        """Return True if the window may close now.

        Otherwise ask the user or hide the window, as the settings say, and return False.
        """
        if self._is_quitting or monotonic() - self._session_ended_at < _SESSION_END_WINDOW_S or not self._has_activity:
            return True
        match self._effective_choice():
            case "stop":
                return True
            case "background":
                # Not inside the close event: Qt would count the window as closed.
                QTimer.singleShot(0, self, self.go_to_background)
            case _:
                self._ask_user()
        return False

    @property
    def _has_activity(self) -> bool:
        return self._activity.is_active or self._exporter.remaining_count > 0

    def end_session(self) -> None:
        """Allow the window to close without asking, because the computer shuts down or the user logs out."""
        self._session_ended_at = monotonic()

    def quit_now(self) -> None:
        """Quit the app without asking; interrupted jobs continue at the next start."""
        self._is_quitting = True
        self._window.close()
        QApplication.quit()

    def go_to_background(self) -> None:
        """Hide the window; the app quits when all work is done."""
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
        """Show the window and bring it to the front."""
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
        """Start the quit timer if the hidden app has no activity, and stop it otherwise."""
        if self.is_in_background and not self._has_activity:
            if not self._quit_timer.isActive():
                self._quit_timer.start()
        else:
            self._quit_timer.stop()

    def _quit_if_idle(self) -> None:
        if self.is_in_background and not self._has_activity:
            self.quit_now()
