"""Composition root of the window process, which never imports torch, not even indirectly."""

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

from desktop.errors import StorageError, UnbraidError
from desktop.jobs.schema import check_file_schema_version
from desktop.library_opener import LibraryOpener
from desktop.paths import find_home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.crash_reports import mark_unreported
from desktop.runtime.environment import is_portable
from desktop.runtime.fatal_error import is_stderr_terminal, print_error
from desktop.runtime.library import open_library
from desktop.runtime.logging_setup import log_file
from desktop.runtime.processes import termination_signals
from desktop.text.message import tr
from desktop.ui.app.garbage_collector import GarbageCollector
from desktop.ui.app.single_instance import SingleInstance
from desktop.ui.system.application import create_application
from desktop.ui.theme.style import apply_theme
from desktop.ui.widgets.accessibility import install_accessible_roles

if TYPE_CHECKING:
    from desktop.ui.app.main_window import MainWindow

_log = logging.getLogger(__name__)


def main(files: Sequence[Path], on_ready: "Callable[[MainWindow], None] | None" = None) -> int:
    """Open the window, queue `files`, and run until the user quits; return the exit status.

    If a window on this library is already open, send it the files and return. If the window cannot be opened, show the
    reason; where another library folder may help, the user can choose one.

    `on_ready` is called once with the window, after its first paint.
    """
    application = create_application()
    application.setApplicationName("Unbraid")
    application.setDesktopFileName("unbraid")
    install_accessible_roles()
    while True:
        with contextlib.ExitStack() as cleanup:
            try:
                apply_theme(application)
                opened = _open_window(files, cleanup, on_ready)
                if opened is None:
                    return 0
                quit_window, opener = opened
                with _quit_on_signals(quit_window):
                    status = application.exec()
                if opener.error is None:
                    return status
                raise opener.error
            except UnbraidError as error:
                other_folder = _show_startup_error(str(error), isinstance(error, StorageError))
            except Exception as error:  # noqa: BLE001 otherwise a user who started the app by a click sees nothing
                report = process_crash_handler.record_exception(error)
                message = tr(
                    "Something went wrong in Unbraid. A report is in {report}. Attach it when you report the problem.",
                    report=str(report or find_home().logs),
                )
                other_folder = _show_startup_error(message, offers_other_folder=False)
        if other_folder is None:
            return 1
        os.environ["UNBRAID_HOME"] = str(other_folder)


def _open_window(
    files: Sequence[Path], cleanup: contextlib.ExitStack, on_ready: "Callable[[MainWindow], None] | None"
) -> tuple[Callable[[], None], LibraryOpener] | None:
    """Show the window; return the function that quits it and the library opener, or None if another process has one.

    Cleanup steps are added to `cleanup`. Raises StorageError.
    """
    garbage_collection = GarbageCollector()
    cleanup.callback(garbage_collection.close)
    library = open_library("window")
    if is_portable():
        # Qt's file dialog saves its own settings, which must stay in the portable folder.
        QSettings.setPath(
            QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(library.third_party_caches / "qt")
        )
    single_instance = SingleInstance(library)
    cleanup.callback(single_instance.close)
    if single_instance.send_files(files):
        return None
    crashes = process_crash_handler.collect_reports()
    check_file_schema_version(library.database)

    from desktop.models.store import ModelStore
    from desktop.playback.session import Session
    from desktop.ui.app.app_notices import CrashNotices
    from desktop.ui.app.desktop_integration import DesktopIntegration
    from desktop.ui.app.main_window import MainWindow
    from desktop.ui.core.job_feed import JobFeed
    from desktop.updates.feed_config import load_feed_config

    feed = JobFeed()
    opener = LibraryOpener(library, feed)
    cleanup.callback(opener.stop)
    session = Session()
    window = MainWindow(opener.wait_for_service, feed, session, ModelStore(library), library, load_feed_config())
    integration = DesktopIntegration(window)
    crash_notices = CrashNotices(window.notices, window)
    process_crash_handler.on_report = crash_notices.report_error
    window.show()
    single_instance.listen(integration.open_from_client)

    def after_first_paint() -> None:
        if crashes:
            crash_notices.show_last_crash(crashes[-1])
        window.add_tracks(files)
        window.update_notice.check_for_update()
        if on_ready:
            on_ready(window)

    def close_window() -> None:
        process_crash_handler.on_report = mark_unreported
        single_instance.close()
        window.hide()
        integration.close()
        session.close()

    window.closing.connect(opener.cancel)
    opener.opened.connect(garbage_collection.freeze_existing)
    opener.notice_raised.connect(window.notices.show_text)
    opener.failed.connect(integration.quit_now)
    cleanup.callback(close_window)
    opener.start()
    QTimer.singleShot(0, after_first_paint)
    return integration.quit_now, opener


def _show_startup_error(message: str, offers_other_folder: bool) -> Path | None:
    """Show why the window cannot be opened, in the terminal or in a dialog; return the library folder chosen there."""
    _log.error("The window could not be opened: %s", message)
    print_error(message)
    if is_stderr_terminal():
        return None
    from desktop.ui.dialogs.log_tail import read_log_tail
    from desktop.ui.dialogs.startup_error import StartupErrorDialog

    dialog = StartupErrorDialog(message, read_log_tail(log_file(find_home(), "window")), offers_other_folder)
    dialog.exec()
    return dialog.chosen_folder


def _defer_to_qt(action: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    """Return a signal handler that has Qt call `action`: quitting has no effect before Qt's event loop runs."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        QTimer.singleShot(0, action)

    return handle


@contextlib.contextmanager
def _quit_on_signals(quit_window: Callable[[], None]) -> Generator[None]:
    """Quit in order on a shutdown, a closed terminal and Ctrl-C, while the context is open.

    Python runs signal handlers only between its own bytecode, so a socket wakes Qt's event loop.
    """
    wake_write, wake_read = socket.socketpair()
    wake_write.setblocking(False)
    wake_read.setblocking(False)
    notifier = QSocketNotifier(wake_read.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: wake_read.recv(64))
    for number in (signal.SIGINT, *termination_signals()):
        signal.signal(number, _defer_to_qt(quit_window))
    previous = signal.set_wakeup_fd(wake_write.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        notifier.setEnabled(False)
        wake_write.close()
        wake_read.close()
