"""What happens to songs in work when the window is closed: asked once, and remembered if the user wants that."""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog

from desktop.ui.dialogs.quit_question import QuitQuestion
from desktop.ui.main_window import MainWindow
from desktop.ui.system.work import Work

ASK, BACKGROUND, STOP = "ask", "background", "stop"
# From the last song's end to the app's, hidden as it is: time for a notification to be shown (milliseconds).
_REST_MS = 4000
# For so long after the system said that it ends the session, nothing is asked (seconds).
_SESSION_ENDS = 60.0


class Farewell(QObject):
    """Decides whether the window may close. It holds nobody up while nothing is in work."""

    hidden = Signal()
    """The window is gone and the songs go on."""
    shown = Signal()
    """The window is back."""

    def __init__(self, window: MainWindow, work: Work, has_tray: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window = window
        self._work = work
        self._has_tray = has_tray
        self._at_once = False
        self._session_ended = -_SESSION_ENDS
        self.in_background = False
        self.question: QuitQuestion | None = None
        self._end = QTimer(self, interval=_REST_MS, singleShot=True)
        self._end.timeout.connect(self._end_if_done)
        self._exporter = window.exporter
        work.changed.connect(self._look)
        self._exporter.changed.connect(self._look)
        window.may_close = self.may_close
        application = QApplication.instance()
        if isinstance(application, QGuiApplication):
            # Direct: the system waits for the answer, and must not be asked anything back.
            application.commitDataRequest.connect(self.end_session, Qt.ConnectionType.DirectConnection)

    def may_close(self) -> bool:
        """True when the window may go now. Otherwise the user is asked, or it hides."""
        if self._at_once or monotonic() - self._session_ended < _SESSION_ENDS or not self._active:
            return True
        match self._wanted():
            case "stop":
                return True
            case "background":
                # Not within the event that closes the window: Qt would count it as closed.
                QTimer.singleShot(0, self, self.go_to_background)
            case _:
                self._ask()
        return False

    @property
    def _active(self) -> bool:
        return self._work.active or self._exporter.songs_left > 0

    def end_session(self) -> None:
        """Let the window go without a word: the computer shuts down, or the user logs out."""
        self._session_ended = monotonic()

    def leave(self) -> None:
        """End the app now. What runs goes on at the next start."""
        self._at_once = True
        self._window.close()
        QApplication.quit()

    def go_to_background(self) -> None:
        """Hide the window; the app ends by itself when the songs are done."""
        self.in_background = True
        QGuiApplication.setQuitOnLastWindowClosed(False)
        if self._window.player.playing:
            self._window.player.toggle()
        for dialog in self._window.findChildren(QDialog):
            dialog.close()
        self._window.hide()
        self.hidden.emit()
        self._look()

    def come_back(self) -> None:
        """Show the window again."""
        if self.in_background:
            self.in_background = False
            self._end.stop()
            self._window.show()
            QGuiApplication.setQuitOnLastWindowClosed(True)
            self.shown.emit()
        self._window.raise_()
        self._window.activateWindow()

    def _wanted(self) -> str:
        wanted = self._window.memory.settings.quit
        if wanted == STOP and self._exporter.songs_left:
            return ASK  # stopping costs a separation nothing, an export everything that is not written yet
        return ASK if wanted == BACKGROUND and not self._has_tray() else wanted

    def _ask(self) -> None:
        if self.question is None:
            self.question = QuitQuestion(
                self._work.songs, self._exporter.songs_left, self._has_tray(), self._window
            )
            self.question.answered.connect(self._take_answer)
            self.question.finished.connect(self._forget_question)
        self.question.open()

    def _forget_question(self) -> None:
        self.question = None

    def _take_answer(self, wanted: str, for_good: bool) -> None:
        if for_good:
            self._window.memory.change(quit=wanted)
        if wanted == BACKGROUND:
            self.go_to_background()
        else:
            self.leave()

    def _look(self) -> None:
        """End soon when nothing is left to be done; not when there is something again."""
        if self.in_background and not self._active:
            if not self._end.isActive():
                self._end.start()
        else:
            self._end.stop()

    def _end_if_done(self) -> None:
        if self.in_background and not self._active:
            self.leave()
