"""Opening folders and web pages in the desktop's own programs."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QUrl
from PySide6.QtGui import QDesktopServices
from shiboken6 import isValid

from desktop.audio.names import printable
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner

# xdg-open fails within this time; if it runs longer, the program it started is open (seconds).
_TIMEOUT_S = 5.0


def no_file_manager_text(folder: Path) -> str:
    """Return the text for a folder that could not be opened."""
    return tr("No file manager could be opened. The files are in {folder}.", folder=printable(folder, 200))


def open_folder(folder: Path, parent: QObject, on_failure: Callable[[], None]) -> None:
    """Open `folder` in the file manager without waiting for it.

    Calls `on_failure` in the GUI thread if no program opens it, unless `parent` was deleted meanwhile.
    """
    open_url(QUrl.fromLocalFile(str(folder)), parent, on_failure)


def open_url(url: QUrl, parent: QObject, on_failure: Callable[[], None]) -> None:
    """Open `url` in the desktop's default program without waiting for it.

    Calls `on_failure` in the GUI thread if no program opens it, unless `parent` was deleted meanwhile.
    """
    program = shutil.which("xdg-open") if sys.platform == "linux" else None
    if program is None:
        if not QDesktopServices.openUrl(url):
            on_failure()
        return
    # QDesktopServices starts xdg-open too, but does not report that it found no program for the folder.
    command = [program, url.toString(QUrl.ComponentFormattingOption.FullyEncoded)]

    def report(opened: bool) -> None:
        if not opened and isValid(parent):  # a dialog may be closed meanwhile
            on_failure()

    BackgroundRunner("open", QCoreApplication.instance()).run_detached(lambda: _run_opener(command), report)


def _run_opener(command: list[str]) -> bool:
    """Return whether the command succeeded or still runs after the timeout.

    In the second case the opened program is a child of the command.
    """
    devnull = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=devnull, stdout=devnull, stderr=devnull, start_new_session=True)
    except OSError:
        return False
    try:
        return process.wait(_TIMEOUT_S) == 0
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="opened", daemon=True).start()
        return True
