"""What the set-up says to the person who waits for it, and how a long step shows that it moves."""

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
# How often a line is redrawn on a terminal, and written anew where there is none (seconds).
REDRAW_INTERVAL_S, REWRITE_INTERVAL_S = 0.2, 10.0


class SetUpError(Exception):
    """The set-up cannot go on. The message says what happened and what to type."""


class NoBuildError(SetUpError):
    """A package is not offered for this machine."""


class UnreachableError(SetUpError):
    """No package index answered."""


def print_message(message: str) -> None:
    """A line for the user. Standard output belongs to the command that is about to start."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


class ProgressLine:
    """One line that changes in place on a terminal; elsewhere a line now and then, so that logs stay short."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Show on `stream`, standard error when there is none."""
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False

    def show(self, text: str) -> None:
        """Show `text` unless the last one was shown a moment ago."""
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
        """Leave a clean line behind."""
        if self._is_terminal and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class OutputParser(Protocol):
    """Makes a line of progress of a command's output."""

    def read_line(self, line: str) -> None:
        """Take in one line of output."""
        ...

    def progress_text(self) -> str:
        """Say how it stands, in a few words."""
        ...


def run_with_progress(words: Sequence[str], parser: OutputParser, log: Path, inherited_fds: Sequence[int] = ()) -> None:
    """Run `words`, show how `story` goes, write all output to `log`, whose folder is made when there is none.

    `keep`: descriptors that the command holds too. Raises subprocess.CalledProcessError with the last lines as output.
    """
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a", encoding="utf-8") as record,
        subprocess.Popen(
            words,
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
        raise subprocess.CalledProcessError(process.returncode, list(words), output="".join(lines))


def _collect(source: IO[str] | None, parser: OutputParser, lines: deque[str], record: IO[str]) -> None:
    for line in source or ():
        parser.read_line(line)
        lines.append(line)
        record.write(line)
        record.flush()
