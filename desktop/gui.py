"""Composition root of the window process. Never imports torch, not through anything."""

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSocketNotifier, QTimer

from desktop.crashes.untold import mark_untold
from desktop.crashes.watch import watching
from desktop.errors import StorageError, UnbraidError
from desktop.jobs.schema import refuse_newer_file
from desktop.last_words import in_terminal, write_words
from desktop.lifetime import requests_to_end
from desktop.log import log_file
from desktop.opening import open_home
from desktop.paths import home
from desktop.portable import is_portable
from desktop.start import Start
from desktop.ui.accessibility import install_roles
from desktop.ui.door import Door
from desktop.ui.garbage import GarbageCollection
from desktop.ui.system.screen import new_application
from desktop.ui.theme.style import apply_theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_OUR_FAULT = "Something went wrong that should not. What is known of it is in {}; it helps whoever mends it."
_log = logging.getLogger(__name__)


def main(files: Sequence[Path], visit: "Callable[[MainWindow], None] | None" = None) -> int:
    """Open the window, queue `files`, and run until the user quits. Returns the exit status.

    When a window is open on this library already, it gets the files, and this process is done. What keeps the window
    from opening is told in a sentence; where another folder for the library may help, the user can choose one.

    `visit` is called once with the window, when all stands and it has been painted.
    """
    application = new_application()
    application.setApplicationName("Unbraid")
    application.setDesktopFileName("unbraid")
    install_roles()
    while True:
        with contextlib.ExitStack() as ending:
            try:
                apply_theme(application)
                begun = _begun(files, ending, visit)
                if begun is None:
                    return 0
                leave, start = begun
                with _quit_on_signals(leave):
                    status = application.exec()
                if start.refusal is None:
                    return status
                raise start.refusal
            except UnbraidError as error:
                other = _cannot_start(str(error), isinstance(error, StorageError))
            except Exception as error:  # noqa: BLE001 else whoever clicked sees nothing at all
                report = watching.record(error)
                other = _cannot_start(_OUR_FAULT.format(report or home().logs), other_folder=False)
        if other is None:
            return 1
        os.environ["UNBRAID_HOME"] = str(other)


def _begun(
    files: Sequence[Path], ending: contextlib.ExitStack, visit: "Callable[[MainWindow], None] | None"
) -> tuple[Callable[[], None], Start] | None:
    """Show the window: how to leave it, and what starts behind it; or None when another process has one.

    What ends it again goes into `ending`.

    Raises StorageError.
    """
    garbage = GarbageCollection()
    ending.callback(garbage.close)
    library = open_home("window")
    if is_portable():
        # Qt's file dialog keeps what it remembers by itself.
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(library.caches / "qt"))
    door = Door(library)
    ending.callback(door.close)
    if door.hand_over(files):
        return None
    crashes = watching.look_back()
    refuse_newer_file(library.database)

    from desktop.models.shelf import Shelf
    from desktop.playback.transport import Transport
    from desktop.ui.crash_notices import CrashNotices
    from desktop.ui.job_feed import JobFeed
    from desktop.ui.main_window import MainWindow
    from desktop.ui.system.companion import Companion
    from desktop.updates.source import shipped_source

    feed = JobFeed()
    start = Start(library, feed)
    ending.callback(start.end)
    transport = Transport()
    window = MainWindow(start.service, feed, transport, Shelf(library), library, shipped_source())
    companion = Companion(window, feed)
    faults = CrashNotices(window.notices, window)
    watching.on_report = faults.tell
    window.show()
    door.open(companion.take_over)

    def after_first_paint() -> None:
        if crashes:
            faults.tell_last_time(crashes[-1])
        window.add_tracks(files)
        window.updates.look()
        if visit:
            visit(window)

    def end() -> None:
        watching.on_report = mark_untold
        door.close()
        window.hide()
        companion.close()
        transport.close()

    window.closing.connect(start.leave)
    start.opened.connect(garbage.settle)
    start.noticed.connect(window.notices.say)
    start.refused.connect(companion.leave)
    ending.callback(end)
    start.begin()
    QTimer.singleShot(0, after_first_paint)
    return companion.leave, start


def _cannot_start(sentence: str, other_folder: bool) -> Path | None:
    """Tell the user why there is no window: in the terminal, else in one of its own. Another folder, if one was chosen."""
    _log.error("No window was opened: %s", sentence)
    write_words(sentence)
    if in_terminal():
        return None
    from desktop.ui.dialogs.cannot_start import CannotStart
    from desktop.ui.dialogs.log_tail import log_tail

    dialog = CannotStart(sentence, log_tail(log_file(home(), "window")), other_folder)
    dialog.exec()
    return dialog.folder


def _soon(act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    """A signal's handler that has Qt call `act`: to quit has no effect until Qt runs."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        QTimer.singleShot(0, act)

    return handle


@contextlib.contextmanager
def _quit_on_signals(leave: Callable[[], None]) -> Generator[None]:
    """A shutdown, a closed terminal and Ctrl-C quit in order.

    Python runs its handlers only when its own code runs, so Qt is woken.
    """
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    notifier = QSocketNotifier(woken.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: woken.recv(64))
    for number in (signal.SIGINT, *requests_to_end()):
        signal.signal(number, _soon(leave))
    previous = signal.set_wakeup_fd(wake.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        notifier.setEnabled(False)
        wake.close()
        woken.close()
