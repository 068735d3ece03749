"""Logs: one rotating file a process, and the place where each lies."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from desktop.paths import Home

FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
MAX_BYTES = 2_000_000
BACKUPS = 3


def log_file(home: Home, process: str) -> Path:
    """The log of `process`: "window", "worker", "redis" or "terminal"."""
    return home.logs / f"{process}.log"


def start_log(home: Home, process: str, level: int = logging.INFO) -> Path:
    """Send this process's log records to its file, and nothing to the terminal. Returns the file's path."""
    path = log_file(home, process)
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", errors="replace")
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    return path
