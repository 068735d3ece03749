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
KEPT = 400
# How often a line is redrawn on a terminal, and written anew where there is none (seconds).
REDRAW, REWRITE = 0.2, 10.0


class SetUpError(Exception):
    """The set-up cannot go on. The message says what happened and what to type."""


class NoBuildError(SetUpError):
    """A package is not offered for this machine."""


class UnreachableError(SetUpError):
    """No package index answered."""


def say(sentence: str) -> None:
    """A line for the user. Standard output belongs to the command that is about to start."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


class ProgressLine:
    """One line that changes in place on a terminal; elsewhere a line now and then, so that logs stay short."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Show on `stream`, standard error when there is none."""
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False

    def show(self, text: str) -> None:
        """Show `text` unless the last one was shown a moment ago."""
        now = time.monotonic()
        if now - max(self._last, self._started if not self._live else 0.0) < (REDRAW if self._live else REWRITE):
            return
        self._last = now
        line = f"  {text}, {now - self._started:.0f} s"
        self._stream.write(f"\r\x1b[K{line[:110]}" if self._live else line + "\n")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        """Leave a clean line behind."""
        if self._live and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class Story(Protocol):
    """Makes a line of progress of a command's output."""

    def heard(self, line: str) -> None:
        """Take in one line of output."""
        ...

    def now(self) -> str:
        """Say how it stands, in a few words."""
        ...


def watch(words: Sequence[str], story: Story, log: Path, keep: Sequence[int] = ()) -> None:
    """Run `words`, show how `story` goes, write all output to `log`, whose folder is made when there is none.

    `keep`: descriptors that the command holds too. Raises subprocess.CalledProcessError with the last lines as output.
    """
    lines: deque[str] = deque(maxlen=KEPT)
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
            pass_fds=tuple(keep),
        ) as process,
    ):
        reader = threading.Thread(target=_collect, args=(process.stdout, story, lines, record), daemon=True)
        reader.start()
        line = ProgressLine()
        try:
            while reader.is_alive():
                reader.join(REDRAW)
                line.show(story.now())
        except KeyboardInterrupt:
            process.terminate()
            reader.join()
            raise
        finally:
            line.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(words), output="".join(lines))


def _collect(source: IO[str] | None, story: Story, lines: deque[str], record: IO[str]) -> None:
    for line in source or ():
        story.heard(line)
        lines.append(line)
        record.write(line)
        record.flush()
