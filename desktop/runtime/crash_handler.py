"""Watches over this process: whatever nobody has caught is logged, and kept in a report."""

import atexit
import faulthandler
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import time
from types import TracebackType

from desktop.paths import Home
from desktop.runtime.crash_reports import collect_unreported, report_header, write_report
from desktop.runtime.fatal_error import print_error
from desktop.runtime.file_lock import FileLock

_log = logging.getLogger(__name__)


class CrashHandler:
    """The hooks of the one process there is, from `watch` on."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process = ""
        self._dump: CrashDump | None = None
        self._recorded: set[object] = set()
        self.on_report: Callable[[Path], None] | None = None
        """Told of every new report of this process, in whatever thread it happened."""

    def install(self, home: Home, process: str) -> None:
        """Watch, and keep reports in that library. `process` is what this one is called in them."""
        self.uninstall()
        self._folder, self._process = home.crashes, process
        sys.excepthook, threading.excepthook, sys.unraisablehook = (
            self._on_uncaught,
            self._on_thread_exception,
            self._on_unraisable,
        )
        try:
            self._dump = CrashDump(home.crashes, process)
        except OSError as error:
            _log.warning("Crashes will not be noted: %s", error)

    def collect_reports(self) -> list[Path]:
        """Reports of what earlier processes of this name went wrong with and told nobody, crashes last, oldest first."""
        if self._folder is None:
            return []
        try:
            reports = [
                *collect_unreported(self._folder, self._process),
                *collect_crash_dumps(self._folder, self._process),
            ]
        except OSError as error:  # the library cannot be read at this moment: the next process looks again
            _log.info("Reports of earlier crashes cannot be read: %s", error)
            return []
        for report in reports:
            _log.warning("An earlier process did not end well; what is known is in %s", report)
        return reports

    def uninstall(self) -> None:
        """Take the trap away: this process ends in order."""
        if self._dump:
            self._dump.remove()
            self._dump = None

    def record_exception(self, error: BaseException, thread: str | None = None) -> Path | None:
        """Log an error that nobody foresaw, and keep a report of it; once for each place where it comes from."""
        kind = (type(error), *((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)))
        if kind in self._recorded:
            return None
        self._recorded.add(kind)
        thread = thread or threading.current_thread().name
        _log.critical("Not foreseen, in the thread %s", thread, exc_info=error)
        if self._folder is None:
            return None
        stack_text = "".join(traceback.format_exception(error))
        report = write_report(
            self._folder, self._process, f"{report_header(self._process)}Thread: {thread}\n\n{stack_text}"
        )
        location = (
            f"What is known is in {report}"
            if report
            else f"No report could be written: {type(error).__name__}: {error}"
        )
        print_error(f"Something went wrong that should not. {location}.")
        if report and self.on_report:
            self.on_report(report)
        return report

    def record_child_crash(self, process: str, output: str) -> None:
        """Keep a report of what a child of this process has said before it crashed."""
        if self._folder is not None:
            write_report(self._folder, process, f"{report_header(process)}\n{output}")

    def _on_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            self.record_exception(error.with_traceback(trace))

    def _on_thread_exception(self, hook_args: threading.ExceptHookArgs) -> None:
        if hook_args.exc_value is not None and not isinstance(hook_args.exc_value, SystemExit):
            self.record_exception(hook_args.exc_value, hook_args.thread.name if hook_args.thread else "unknown")

    def _on_unraisable(self, hook_args: "sys.UnraisableHookArgs") -> None:
        if hook_args.exc_value is not None and not sys.is_finalizing():
            self.record_exception(hook_args.exc_value)


process_crash_handler = CrashHandler()
"""That of this process."""
atexit.register(process_crash_handler.uninstall)


_DUMP_SUFFIX = ".running"
# What faulthandler begins with. On Windows it also notes faults that somebody else handles: their numbers begin with 8.
_FATAL_ERROR = re.compile(rb"^(Fatal Python error|Windows fatal exception: (?!code 0x8))", re.MULTILINE)
# A file without a crash may be one that is only just being locked (seconds).
_STALE_AFTER_S = 60.0


class CrashDump:
    """Lies ready for the calling process until `release`. Raises OSError where it cannot be laid."""

    def __init__(self, folder: Path, process: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{process}-{os.getpid()}{_DUMP_SUFFIX}"
        self._lock = FileLock(self._path)
        self._lock.acquire()
        self._file = self._path.open("w", encoding="utf-8")
        self._file.write(f"{report_header(process)}\n")
        self._file.flush()
        faulthandler.enable(self._file, all_threads=True)

    def remove(self) -> None:
        """Take it away: this process ends in order, or keeps its reports elsewhere from now on."""
        faulthandler.disable()
        self._file.close()
        self._lock.release()
        with suppress(OSError):
            self._path.unlink()


def collect_crash_dumps(folder: Path, process: str) -> list[Path]:
    """Make reports of what ended processes of that name left behind. Oldest first."""
    dumps = sorted(folder.glob(f"{process}-*{_DUMP_SUFFIX}"), key=_last_written)
    return [report for path in dumps if (report := _report_from_dump(path, process)) is not None]


def _report_from_dump(path: Path, process: str) -> Path | None:
    lock = FileLock(path)
    try:
        content, written_at = path.read_bytes(), _last_written(path)
        has_crash = _FATAL_ERROR.search(content) is not None
        if not (has_crash or written_at < time() - _STALE_AFTER_S) or not lock.acquire():
            return None  # it runs, or has just begun
    except OSError:
        return None
    report = None
    if has_crash:
        crashed_at = datetime.fromtimestamp(written_at).astimezone()
        report = write_report(path.parent, process, content.decode("utf-8", errors="replace"), crashed_at)
    lock.release()
    with suppress(OSError):
        path.unlink()
    return report


def _last_written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
