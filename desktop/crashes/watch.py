"""Watches over this process: whatever nobody has caught is logged, and kept in a report."""

import atexit
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from desktop.crashes.reports import facts, write_report
from desktop.crashes.trap import Trap, crashes_found
from desktop.crashes.untold import untold
from desktop.last_words import write_words
from desktop.paths import Home

_log = logging.getLogger(__name__)


class Watch:
    """The hooks of the one process there is, from `watch` on."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process = ""
        self._trap: Trap | None = None
        self._seen: set[object] = set()
        self.on_report: Callable[[Path], None] | None = None
        """Told of every new report of this process, in whatever thread it happened."""

    def begin(self, home: Home, process: str) -> None:
        """Watch, and keep reports in that library. `process` is what this one is called in them."""
        self.end()
        self._folder, self._process = home.crashes, process
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._uncaught, self._in_thread, self._unraisable
        try:
            self._trap = Trap(home.crashes, process)
        except OSError as error:
            _log.warning("Crashes will not be noted: %s", error)

    def look_back(self) -> list[Path]:
        """Reports of what earlier processes of this name went wrong with and told nobody, crashes last, oldest first."""
        if self._folder is None:
            return []
        try:
            found = [*untold(self._folder, self._process), *crashes_found(self._folder, self._process)]
        except OSError as error:  # the library cannot be read at this moment: the next process looks again
            _log.info("Reports of earlier crashes cannot be read: %s", error)
            return []
        for report in found:
            _log.warning("An earlier process did not end well; what is known is in %s", report)
        return found

    def end(self) -> None:
        """Take the trap away: this process ends in order."""
        if self._trap:
            self._trap.release()
            self._trap = None

    def record(self, error: BaseException, thread: str | None = None) -> Path | None:
        """Log an error that nobody foresaw, and keep a report of it; once for each place where it comes from."""
        kind = (type(error), *((frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)))
        if kind in self._seen:
            return None
        self._seen.add(kind)
        thread = thread or threading.current_thread().name
        _log.critical("Not foreseen, in the thread %s", thread, exc_info=error)
        if self._folder is None:
            return None
        words = "".join(traceback.format_exception(error))
        report = write_report(self._folder, self._process, f"{facts(self._process)}Thread: {thread}\n\n{words}")
        where = f"What is known is in {report}" if report else f"No report could be written: {type(error).__name__}: {error}"
        write_words(f"Something went wrong that should not. {where}.")
        if report and self.on_report:
            self.on_report(report)
        return report

    def record_child(self, process: str, words: str) -> None:
        """Keep a report of what a child of this process has said before it crashed."""
        if self._folder is not None:
            write_report(self._folder, process, f"{facts(process)}\n{words}")

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            self.record(error.with_traceback(trace))

    def _in_thread(self, given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
            self.record(given.exc_value, given.thread.name if given.thread else "unknown")

    def _unraisable(self, given: "sys.UnraisableHookArgs") -> None:
        if given.exc_value is not None and not sys.is_finalizing():
            self.record(given.exc_value)


watching = Watch()
"""That of this process."""
atexit.register(watching.end)
