"""Tells the user of the songs by the system's own notifications, while no window of the app is in front."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.paths import resources
from desktop.ui.pages.library.batches import BatchResult, BatchTracker

_log = logging.getLogger(__name__)
_SERVICE = "org.freedesktop.Notifications"
# Seconds that the program may take which asks the service.
_COMMAND_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Notification:
    """One notification."""

    heading: str
    body: str


def failure_notification(job: Job) -> Notification:
    """Return the notification of the first failure of a batch.

    Later failures are told together with the batch's end: a hundred broken files are told twice, not a hundred times.
    """
    attempt, again_text = job.last_attempt or job, " again" if job.last_attempt else ""
    return Notification(f"“{printable(job.title)}” could not be separated{again_text}", attempt.error or "")


def batch_notification(result: BatchResult) -> Notification | None:
    """Return the notification of a batch's end, None when `failure_notification` has told it already."""
    done, failed = result.completed, len(result.failed)
    if not done and failed < 2:
        return None
    if not done:
        return Notification(f"{failed} songs could not be separated", "The list says why.")
    body = "" if not failed else f"{_songs_text(failed)} could not be separated. The list says why."
    if len(done) == 1:
        return Notification(f"“{printable(done[0].title)}” is separated", body or "Its stems are ready.")
    return Notification(f"{len(done)} songs are separated", body or "Their stems are ready.")


def _songs_text(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"


class Notifier(QObject):
    """Tells of batches of songs."""

    def __init__(
        self,
        batches: BatchTracker,
        is_in_front: Callable[[], bool],
        show_notification: Callable[[Notification], None],
        parent: QObject | None = None,
    ) -> None:
        """`tell` shows a notification; it is not called while `in_front()`."""
        super().__init__(parent)
        self._is_in_front = is_in_front
        self._show_notification = show_notification
        batches.first_failure.connect(self._notify_failure)
        batches.batch_ended.connect(self._notify_batch_end)

    def _notify_failure(self, job: Job) -> None:
        self._notify(failure_notification(job))

    def _notify_batch_end(self, result: BatchResult) -> None:
        self._notify(batch_notification(result))

    def _notify(self, notification: Notification | None) -> None:
        if notification is not None and not self._is_in_front():
            self._show_notification(notification)


def is_app_active() -> bool:
    """True while a window of this app has the keyboard."""
    return QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive


def send_notification(notification: Notification) -> bool:
    """Show `news` by the Linux desktop's notification service. False where nothing can.

    By a program of the desktop's: the service wants an unsigned number, which Python cannot send through QtDBus.
    """
    command = _notify_command(notification) if sys.platform == "linux" else None
    if command is None:
        return False
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("No notification could be shown: %s", error)
        return False
    return True


def _notify_command(notification: Notification) -> Sequence[str] | None:
    # The words may be taken for HTML.
    heading, body, icon = (
        notification.heading,
        escape(notification.body, quote=False),
        str(resources() / "icons" / "unbraid-128.png"),
    )
    if program := shutil.which("notify-send"):
        return [program, "--app-name=Unbraid", f"--icon={icon}", "--", heading, body]
    if program := shutil.which("gdbus"):
        method = [f"--dest={_SERVICE}", "--object-path=/org/freedesktop/Notifications", f"--method={_SERVICE}.Notify"]
        text = [_quote_gvariant(part) for part in ("Unbraid", icon, heading, body)]
        return [program, "call", "--session", *method, text[0], "uint32 0", *text[1:], "@as []", "@a{sv} {}", "10000"]
    return None


def _quote_gvariant(text: str) -> str:
    """As GVariant reads a string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
