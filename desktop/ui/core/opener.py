"""Folders and web pages, opened by the programs of the desktop."""

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
from desktop.ui.core.background import BackgroundRunner

# xdg-open fails within this time, or what it started stays open (seconds).
_TIMEOUT_S = 5.0


def no_file_manager_text(folder: Path) -> str:
    """Return the sentence for a folder that could not be opened."""
    return f"No file manager could be opened. The files are in {printable(folder, 200)}"


def open_folder(folder: Path, parent: QObject, on_failure: Callable[[], None]) -> None:
    """Open `folder` in the file manager, without waiting for it; call `failed` in the window's thread if none opens."""
    open_url(QUrl.fromLocalFile(str(folder)), parent, on_failure)


def open_url(url: QUrl, parent: QObject, on_failure: Callable[[], None]) -> None:
    """Open `url` in the program that the desktop has for it; call `failed` in the window's thread if none opens."""
    program = shutil.which("xdg-open") if sys.platform == "linux" else None
    if program is None:
        if not QDesktopServices.openUrl(url):
            on_failure()
        return
    # Qt starts the same program, and never learns that it found nothing to open the folder with.
    command = [program, url.toString(QUrl.ComponentFormattingOption.FullyEncoded)]

    def conclude(opened: bool) -> None:
        if not opened and isValid(parent):  # a dialog may be closed meanwhile
            on_failure()

    BackgroundRunner("open", QCoreApplication.instance()).run_detached(lambda: _run_opener(command), conclude)


def _run_opener(command: list[str]) -> bool:
    """Return whether the command succeeds, or goes on running: then the program that it opened is its child."""
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
