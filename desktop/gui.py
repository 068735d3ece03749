"""Composition root of the window process. Never imports torch, not through anything."""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from desktop.errors import ServiceUnavailableError
from desktop.lifetime import requests_to_end
from desktop.log import start_log
from desktop.paths import home
from desktop.ui.door import Door
from desktop.ui.theme.style import apply_theme

if TYPE_CHECKING:
    from desktop.backend import Backend
    from desktop.ui.job_feed import JobFeed


def main(files: Sequence[Path]) -> int:
    """Open the window, queue `files`, and run until the user quits. Returns the exit status.

    When a window is open on this library already, it gets the files, and this process is done.
    """
    library = home().prepare()
    start_log(library, "window")
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Unbraid")
    application.setDesktopFileName("unbraid")
    apply_theme(application)

    door = Door(library)
    if door.hand_over(files):
        return 0

    from desktop.backend import Backend
    from desktop.models.shelf import Shelf
    from desktop.playback.transport import Transport
    from desktop.ui.garbage import GarbageCollection
    from desktop.ui.job_feed import JobFeed
    from desktop.ui.main_window import MainWindow
    from desktop.ui.system.companion import Companion
    from desktop.updates.source import shipped_source

    garbage = GarbageCollection()
    backend = Backend(library, drafts=True)
    feed = JobFeed()
    transport = Transport()
    window = MainWindow(backend.service, feed, transport, Shelf(library), library, shipped_source())
    companion = Companion(window, feed)
    window.show()
    door.open(companion.take_over)

    def after_first_paint() -> None:
        backend.subscribe(feed.deliver, feed.gap.emit)
        backend.on_trouble = feed.trouble.emit
        starter.start()
        if backend.notice:
            window.notices.say(backend.notice)
        window.add_tracks(files)
        window.updates.look()

    starter = threading.Thread(target=_start, args=(backend, feed), name="start", daemon=True)
    QTimer.singleShot(0, after_first_paint)
    with _quit_on_signals(companion.leave):
        status = application.exec()
    window.hide()
    companion.close()
    transport.close()
    starter.join()
    backend.stop()
    garbage.close()
    return status


def _start(backend: "Backend", feed: "JobFeed") -> None:
    try:
        backend.start()
    except ServiceUnavailableError as error:
        feed.trouble.emit(str(error))


def _ignored(act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    """A signal's handler that asks for nothing."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

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
        signal.signal(number, _ignored(leave))
    previous = signal.set_wakeup_fd(wake.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        notifier.setEnabled(False)
        wake.close()
        woken.close()
