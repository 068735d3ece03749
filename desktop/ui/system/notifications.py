"""Desktop notifications about batches, sent while no window of the app is in front."""

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
from desktop.text.message import tr, tr_count
from desktop.ui.pages.library.batches import BatchResult, BatchTracker

_log = logging.getLogger(__name__)
_SERVICE = "org.freedesktop.Notifications"
# Seconds that the notification program may take.
_COMMAND_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Notification:
    """Text of a desktop notification."""

    heading: str
    body: str


def failure_notification(job: Job) -> Notification:
    """Return the notification of the first failure of a batch.

    Later failures are part of the notification at the end of the batch: a hundred broken files cause two notifications,
    not a hundred.
    """
    title = printable(job.title)
    if job.last_attempt:
        heading, error = tr("“{title}” could not be separated again", title=title), job.last_attempt.error
    else:
        heading, error = tr("“{title}” could not be separated", title=title), job.error
    return Notification(heading, str(error or ""))


def batch_notification(result: BatchResult) -> Notification | None:
    """Return the notification for the end of a batch, or None if `failure_notification` has already covered it."""
    done, failed = result.completed, len(result.failed)
    if not done and failed < 2:
        return None
    if not done:
        heading = tr_count("{count} song could not be separated", "{count} songs could not be separated", failed)
        return Notification(heading, tr("The list says why."))
    body = _failures_text(failed) if failed else ""
    if len(done) == 1:
        heading = tr("“{title}” has been separated", title=printable(done[0].title))
        return Notification(heading, body or tr("Its stems are ready."))
    heading = tr_count("{count} song has been separated", "{count} songs have been separated", len(done))
    return Notification(heading, body or tr("Their stems are ready."))


def _failures_text(count: int) -> str:
    return tr_count(
        "{count} song could not be separated. The list says why.",
        "{count} songs could not be separated. The list says why.",
        count,
    )


class Notifier(QObject):
    """Notifies about the first failure and the end of each batch.

    `show_notification` is called only while `is_in_front` returns False.
    """

    def __init__(
        self,
        batches: BatchTracker,
        is_in_front: Callable[[], bool],
        show_notification: Callable[[Notification], None],
        parent: QObject | None = None,
    ) -> None:
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
    """Return True if a window of this app has the keyboard focus."""
    return QGuiApplication.applicationState() is Qt.ApplicationState.ApplicationActive


def send_notification(notification: Notification) -> bool:
    """Send `notification` to the Linux desktop's notification service; return False if that is not possible.

    Runs `notify-send` or `gdbus`, because the service expects an unsigned number, which Python cannot send through
    QtDBus. Blocks for up to 5 s.
    """
    command = _notify_command(notification) if sys.platform == "linux" else None
    if command is None:
        return False
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("Notification was not sent: %s", error)
        return False
    return True


def _notify_command(notification: Notification) -> Sequence[str] | None:
    heading = notification.heading
    body = escape(notification.body, quote=False)  # the service may interpret the body as HTML
    icon = str(resources() / "icons" / "unbraid-128.png")
    if program := shutil.which("notify-send"):
        return [program, "--app-name=Unbraid", f"--icon={icon}", "--", heading, body]
    if program := shutil.which("gdbus"):
        method = [f"--dest={_SERVICE}", "--object-path=/org/freedesktop/Notifications", f"--method={_SERVICE}.Notify"]
        text = [_quote_gvariant(part) for part in ("Unbraid", icon, heading, body)]
        return [program, "call", "--session", *method, text[0], "uint32 0", *text[1:], "@as []", "@a{sv} {}", "10000"]
    return None


def _quote_gvariant(text: str) -> str:
    """Return `text` as a string literal in GVariant's text format."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
