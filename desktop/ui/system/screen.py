"""The way to the screen: where Qt finds none, it would end the process without a word to whoever clicked."""

import logging
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from desktop.last_words import say_last_words

_MISSING = (
    "No window can be opened, because a library of the system is missing. On Debian or Ubuntu, type: sudo apt-get install "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-xkb1 libxkbcommon-x11-0 libegl1"
)
_NO_WAY = "No window can be opened: Qt finds no way to the screen"
_PLUGINS = re.compile(r"Available platform plugins are: ([\w, -]+)\.")
_log = logging.getLogger(__name__)


def new_application() -> QApplication:
    """Qt's application. Where there cannot be one, that is said, and the process ends with status 1."""
    with _last_words_of_qt():
        return QApplication(sys.argv[:1])


@contextmanager
def _last_words_of_qt() -> Generator[None]:
    said: list[str] = []

    def hear(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        said.append(message)
        _log.warning("Qt: %s", message)
        if kind is QtMsgType.QtFatalMsg:
            say_last_words(_sentence(said))
            os._exit(1)  # Qt would abort next

    former = qInstallMessageHandler(hear)
    try:
        yield
    finally:
        qInstallMessageHandler(former)


def _sentence(said: list[str]) -> str:
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    everything = " ".join(said)
    if chosen and not chosen.startswith("xcb"):
        known = _PLUGINS.search(everything)
        allowed = f" It may be one of {known[1]}." if known else ""
        return f"No window can be opened: QT_QPA_PLATFORM is {chosen!r}.{allowed} Without it, Qt chooses by itself."
    if "even though it was found" in everything or "is needed to load" in everything:
        return _MISSING
    return f"{_NO_WAY} ({said[0].strip()})."
