"""Log files: one rotating file for each process, and its path."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from desktop.paths import Home
from desktop.text.message import Message

FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
MAX_BYTES = 2_000_000
BACKUP_COUNT = 3
_HANDLER_NAME = "unbraid"


def log_file(home: Home, process: str) -> Path:
    """Return the log file of `process`: "window", "worker", "draft", "redis" or "terminal"."""
    return home.logs / f"{process}.log"


def describe_log(home: Home, process: str) -> Message:
    """Return a sentence for the user that names the log of `process`, or says that there is none."""
    path = log_file(home, process)
    try:
        has_entries = path.stat().st_size > 0
    except OSError:
        return Message("It has no log: {path} could not be written.", path=str(path))
    return Message("See its log: {path}.", path=str(path)) if has_entries else Message("Its log is empty.")


def configure_logging(home: Home, process: str, level: int = logging.INFO) -> Path:
    """Write this process's log records to its file only, not to the terminal, and return the file's path.

    If the file cannot be written, records are discarded: the error is reported when the library itself is opened.
    """
    path = log_file(home, process)
    handler = _create_handler(path)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.set_name(_HANDLER_NAME)
    root = logging.getLogger()
    for previous in [handler for handler in root.handlers if handler.get_name() == _HANDLER_NAME]:
        root.removeHandler(previous)  # of another library, which was open before the user chose this one
        previous.close()
    root.addHandler(handler)
    root.setLevel(level)
    return path


def _create_handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=BACKUP_COUNT, encoding="utf-8", errors="replace"
        )
    except OSError:
        return logging.NullHandler()
