"""Messages and progress of the set-up in the terminal, and commands that run with a progress line."""

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

# Lines of a command's output that are kept to explain its failure.
KEPT_LINES = 400
# Seconds between updates of the progress line on a terminal, and between lines without one.
REDRAW_INTERVAL_S, REWRITE_INTERVAL_S = 0.2, 10.0


class SetUpError(Exception):
    """The set-up failed. The message says what happened and what to type."""


class NoBuildError(SetUpError):
    """No package index has a build of the package for this machine."""


class UnreachableError(SetUpError):
    """No package index answered."""


def print_message(message: str) -> None:
    """Print a line for the user to standard error; standard output is for the command that is about to start."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


class ProgressLine:
    """Progress line, redrawn in place on a terminal; elsewhere a line every few seconds, so that logs stay short."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to `stream`, default standard error."""
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False

    def show(self, text: str) -> None:
        """Show `text`, unless the line was updated within the last interval."""
        now = time.monotonic()
        if now - max(self._last, self._started if not self._is_terminal else 0.0) < (
            REDRAW_INTERVAL_S if self._is_terminal else REWRITE_INTERVAL_S
        ):
            return
        self._last = now
        line = f"  {text}, {now - self._started:.0f} s"
        self._stream.write(f"\r\x1b[K{line[:110]}" if self._is_terminal else line + "\n")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        """Clear the line on a terminal."""
        if self._is_terminal and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class OutputParser(Protocol):
    """Interface of parsers that derive a progress text from a command's output."""

    def read_line(self, line: str) -> None:
        """Parse one line of output."""
        ...

    def progress_text(self) -> str:
        """Return the progress in a few words."""
        ...


def run_with_progress(
    command: Sequence[str], parser: OutputParser, log: Path, inherited_fds: Sequence[int] = ()
) -> None:
    """Run `command`, show the progress text of `parser`, and append all output to `log`, whose folder is created.

    `inherited_fds`: descriptors that the command inherits. Raises subprocess.CalledProcessError with the last lines as
    output.
    """
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as record,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=tuple(inherited_fds),
        ) as process,
    ):
        reader = threading.Thread(target=_collect, args=(process.stdout, parser, lines, record), daemon=True)
        reader.start()
        line = ProgressLine()
        try:
            while reader.is_alive():
                reader.join(REDRAW_INTERVAL_S)
                line.show(parser.progress_text())
        except KeyboardInterrupt:
            process.terminate()
            reader.join()
            raise
        finally:
            line.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output="".join(lines))


def _collect(source: IO[str] | None, parser: OutputParser, lines: deque[str], record: IO[str]) -> None:
    for line in source or ():
        parser.read_line(line)
        lines.append(line)
        record.write(line)
        record.flush()
