"""Creation of the QApplication in the user's language, with a message if Qt cannot open a window.

Qt alone would abort the process without a visible message.
"""

import logging
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import QLibraryInfo, QLocale, QMessageLogContext, QtMsgType, QTranslator, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from desktop.runtime.fatal_error import show_fatal_error
from desktop.text.catalogue import ENGLISH, shown_language
from desktop.text.message import Message, tr

_MISSING_LIBRARY_TEXT = Message(
    "The window cannot open because a system library is missing. On Debian or Ubuntu, run: {command}",
    command="sudo apt-get install libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 "
    "libxcb-xkb1 libxkbcommon-x11-0 libegl1",
)
_AVAILABLE_PLUGINS = re.compile(r"Available platform plugins are: ([\w, -]+)\.")
_log = logging.getLogger(__name__)


def create_application() -> QApplication:
    """Return a new QApplication.

    If Qt cannot open a window, show the reason and exit the process with status 1.
    """
    with _report_fatal_qt_message():
        application = QApplication(sys.argv[:1])
    translate_qt(application)
    return application


def translate_qt(application: QApplication) -> None:
    """Show Qt's own words, such as the menus of its text fields, in the language of the app."""
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if shown_language() != ENGLISH and translator.load(QLocale(shown_language()), "qtbase", "_", folder):
        application.installTranslator(translator)


@contextmanager
def _report_fatal_qt_message() -> Generator[None]:
    messages: list[str] = []

    def handle_message(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        messages.append(message)
        _log.warning("Qt: %s", message)
        if kind is QtMsgType.QtFatalMsg:
            show_fatal_error(_fatal_error_text(messages))
            os._exit(1)  # Qt would abort the process next

    previous_handler = qInstallMessageHandler(handle_message)
    try:
        yield
    finally:
        qInstallMessageHandler(previous_handler)


def _fatal_error_text(messages: list[str]) -> str:
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    all_messages = " ".join(messages)
    if platform and not platform.startswith("xcb"):
        if match := _AVAILABLE_PLUGINS.search(all_messages):
            return tr(
                "The window cannot open: QT_QPA_PLATFORM is {value}. It can be one of {platforms}. If it is not set, Qt "
                "chooses one.",
                value=repr(platform),
                platforms=match[1],
            )
        return tr(
            "The window cannot open: QT_QPA_PLATFORM is {value}. If it is not set, Qt chooses one.",
            value=repr(platform),
        )
    if "even though it was found" in all_messages or "is needed to load" in all_messages:
        return str(_MISSING_LIBRARY_TEXT)
    return tr("The window cannot open: Qt found no display ({reason}).", reason=messages[0].strip())
