"""Exception hooks that log and report uncaught errors, and crash dumps of faulthandler for native crashes."""

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
from desktop.text.message import Message, tr

_DUMP_SUFFIX = ".running"
# First line of a faulthandler dump. On Windows faulthandler also dumps exceptions that are handled: their codes start
# with 8.
_FATAL_ERROR = re.compile(rb"^(Fatal Python error|Windows fatal exception: (?!code 0x8))", re.MULTILINE)
# Seconds after which a dump without a crash is removed: a newer one may belong to a process that has not locked it yet.
_STALE_AFTER_S = 60.0
_log = logging.getLogger(__name__)


class CrashHandler:
    """Exception hooks and crash dump of this process, active between `install` and `uninstall`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process = ""
        self._dump: CrashDump | None = None
        self._recorded: set[object] = set()
        self.on_report: Callable[[Path], None] | None = None
        """Called with every new report of this process, in the thread where the error was raised."""

    def install(self, home: Home, process: str) -> None:
        """Install the hooks and write reports into the library `home`; `process` is the process name in them."""
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
            _log.warning("Crash dump could not be created, native crashes will not be reported: %s", error)

    def collect_reports(self) -> list[Path]:
        """Return unreported reports of earlier processes with this name, oldest first, native crashes last."""
        if self._folder is None:
            return []
        try:
            reports = [
                *collect_unreported(self._folder, self._process),
                *collect_crash_dumps(self._folder, self._process),
            ]
        except OSError as error:  # the library cannot be read at this moment: the next process tries again
            _log.info("Reports of earlier crashes could not be read: %s", error)
            return []
        for report in reports:
            _log.warning("An earlier process crashed, see the report %s", report)
        return reports

    def uninstall(self) -> None:
        """Remove the crash dump file, because this process exits in order."""
        if self._dump:
            self._dump.remove()
            self._dump = None

    def record_exception(self, error: BaseException, thread: str | None = None) -> Path | None:
        """Log an unexpected error and return its report; once for each traceback, then None.

        Also returns None if the report could not be written. `thread`: name of the thread, default the current one.
        """
        kind = (type(error), *((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)))
        if kind in self._recorded:
            return None
        self._recorded.add(kind)
        thread = thread or threading.current_thread().name
        _log.critical("Unexpected error in thread %s", thread, exc_info=error)
        if self._folder is None:
            return None
        stack_text = "".join(traceback.format_exception(error))
        report = write_report(
            self._folder, self._process, f"{report_header(self._process)}Thread: {thread}\n\n{stack_text}"
        )
        if report:
            print_error(tr("Something went wrong in Unbraid. A report is in {report}.", report=str(report)))
        else:
            reason = f"{type(error).__name__}: {error}"
            print_error(tr("Something went wrong in Unbraid. No report could be written: {error}.", error=reason))
        if report and self.on_report:
            self.on_report(report)
        return report

    def record_child_crash(self, process: str, output: str) -> None:
        """Write a report with the `output` of a crashed child process."""
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
"""The crash handler of this process."""
atexit.register(process_crash_handler.uninstall)


def report_broken_queue(error: Exception, home: Home) -> Message:
    """Record an unexpected error that stops the queue; return the message for the user."""
    details = process_crash_handler.record_exception(error) or home.logs
    return Message(
        "Songs cannot be separated because of an internal error. Details: {path}. Quit Unbraid, then start it again.",
        path=str(details),
    )


class CrashDump:
    """Locked file into which faulthandler writes the stacks if this process crashes; deleted by `remove`."""

    def __init__(self, folder: Path, process: str) -> None:
        """Create and lock the file in `folder`. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{process}-{os.getpid()}{_DUMP_SUFFIX}"
        self._lock = FileLock(self._path)
        self._lock.acquire()
        self._file = self._path.open("w", encoding="utf-8")
        self._file.write(f"{report_header(process)}\n")
        self._file.flush()
        faulthandler.enable(self._file, all_threads=True)

    def remove(self) -> None:
        """Disable faulthandler and delete the file."""
        faulthandler.disable()
        self._file.close()
        self._lock.release()
        with suppress(OSError):
            self._path.unlink()


def collect_crash_dumps(folder: Path, process: str) -> list[Path]:
    """Turn the dumps of crashed processes named `process` into reports, delete the dumps, and return the reports.

    Oldest first. Stale dumps without a crash are deleted, too.
    """
    dumps = sorted(folder.glob(f"{process}-*{_DUMP_SUFFIX}"), key=_last_written)
    return [report for path in dumps if (report := _report_from_dump(path, process)) is not None]


def _report_from_dump(path: Path, process: str) -> Path | None:
    lock = FileLock(path)
    try:
        content, written_at = path.read_bytes(), _last_written(path)
        has_crash = _FATAL_ERROR.search(content) is not None
        if not (has_crash or written_at < time() - _STALE_AFTER_S) or not lock.acquire():
            return None  # the process is running or has just started
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
