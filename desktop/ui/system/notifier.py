"""Tells the user of the songs by the system's own notifications, while no window of the app is in front."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from desktop.jobs.model import Job
from desktop.paths import resources
from desktop.ui.jobs.batch import BatchResult, BatchTracker
from desktop.ui.system.news import News, batch_news, failure_news

_log = logging.getLogger(__name__)
_SERVICE = "org.freedesktop.Notifications"
# Seconds that the program may take which asks the service.
_PATIENCE = 5.0


class Notifier(QObject):
    """Tells of batches of songs."""

    def __init__(
        self,
        batches: BatchTracker,
        in_front: Callable[[], bool],
        tell: Callable[[News], None],
        parent: QObject | None = None,
    ) -> None:
        """`tell` shows a notification; it is not called while `in_front()`."""
        super().__init__(parent)
        self._in_front = in_front
        self._tell = tell
        batches.failed_first.connect(self._tell_failure)
        batches.ended.connect(self._tell_end)

    def _tell_failure(self, job: Job) -> None:
        self._say(failure_news(job))

    def _tell_end(self, result: BatchResult) -> None:
        self._say(batch_news(result))

    def _say(self, news: News | None) -> None:
        if news is not None and not self._in_front():
            self._tell(news)


def app_in_front() -> bool:
    """True while a window of this app has the keyboard."""
    return QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive


def send(news: News) -> bool:
    """Show `news` by the Linux desktop's notification service. False where nothing can.

    By a program of the desktop's: the service wants an unsigned number, which Python cannot send through QtDBus.
    """
    command = _command(news) if sys.platform == "linux" else None
    if command is None:
        return False
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("No notification could be shown: %s", error)
        return False
    return True


def _command(news: News) -> Sequence[str] | None:
    # The words may be taken for HTML.
    heading, words, icon = news.heading, escape(news.words, quote=False), str(resources() / "icons" / "unbraid-128.png")
    if program := shutil.which("notify-send"):
        return [program, "--app-name=Unbraid", f"--icon={icon}", "--", heading, words]
    if program := shutil.which("gdbus"):
        method = [f"--dest={_SERVICE}", "--object-path=/org/freedesktop/Notifications", f"--method={_SERVICE}.Notify"]
        text = [_quoted(part) for part in ("Unbraid", icon, heading, words)]
        return [program, "call", "--session", *method, text[0], "uint32 0", *text[1:], "@as []", "@a{sv} {}", "10000"]
    return None


def _quoted(text: str) -> str:
    """As GVariant reads a string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
