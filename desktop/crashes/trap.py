"""Crashes below Python: the interpreter's own handler writes where every thread was, into a file that lies ready.

A process that ends in order takes its file away. What a later process finds is either a crash, or nothing: whoever was
killed, or lost its power, had no time to write.
"""

import faulthandler
import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import time

from desktop.crashes.reports import facts, write_report
from desktop.lock import FileLock

_SUFFIX = ".running"
# What faulthandler begins with. On Windows it also notes faults that somebody else handles: their numbers begin with 8.
_FATAL = re.compile(rb"^(Fatal Python error|Windows fatal exception: (?!code 0x8))", re.MULTILINE)
# A file without a crash may be one that is only just being locked (seconds).
_SURELY_LEFT = 60.0


class Trap:
    """Lies ready for the calling process until `release`. Raises OSError where it cannot be laid."""

    def __init__(self, folder: Path, process: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{process}-{os.getpid()}{_SUFFIX}"
        self._lock = FileLock(self._path)
        self._lock.take()
        self._file = self._path.open("w", encoding="utf-8")
        self._file.write(f"{facts(process)}\n")
        self._file.flush()
        faulthandler.enable(self._file, all_threads=True)

    def release(self) -> None:
        """Take it away: this process ends in order, or keeps its reports elsewhere from now on."""
        faulthandler.disable()
        self._file.close()
        self._lock.release()
        with suppress(OSError):
            self._path.unlink()


def crashes_found(folder: Path, process: str) -> list[Path]:
    """Make reports of what ended processes of that name left behind. Oldest first."""
    left = sorted(folder.glob(f"{process}-*{_SUFFIX}"), key=_last_written)
    return [report for path in left if (report := _report_of(path, process)) is not None]


def _report_of(path: Path, process: str) -> Path | None:
    lock = FileLock(path)
    try:
        said, last = path.read_bytes(), _last_written(path)
        fatal = _FATAL.search(said) is not None
        if not (fatal or last < time() - _SURELY_LEFT) or not lock.take():
            return None  # it runs, or has just begun
    except OSError:
        return None
    report = None
    if fatal:
        moment = datetime.fromtimestamp(last).astimezone()
        report = write_report(path.parent, process, said.decode("utf-8", errors="replace"), moment)
    lock.release()
    with suppress(OSError):
        path.unlink()
    return report


def _last_written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
