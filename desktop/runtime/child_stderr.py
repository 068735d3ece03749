"""Standard error of a child process: its last lines, in which a crash is recognised."""

from collections import deque
from threading import Thread
from typing import IO

_MAX_LINES = 500
# Prefixes of lines that report a crash.
_CRASH_PREFIXES = (b"Fatal Python error", b"Windows fatal exception", b"Traceback (most recent call last)")
# Seconds to wait for the last lines of an exited child.
_EXIT_TIMEOUT_S = 2.0


class StderrTail:
    """Last lines of a child's standard error.

    A thread reads them continuously, because the child would block on a full pipe.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        """Read `stream`; `name` is that of the child."""
        self._lines: deque[bytes] = deque(maxlen=_MAX_LINES)
        self._stream = stream
        self._thread = Thread(target=self._read, name=f"{name} stderr", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """The kept lines as text."""
        return b"".join(self._lines).decode("utf-8", errors="replace")

    @property
    def has_crash_report(self) -> bool:
        """Whether the lines contain a crash report; False after a kill or a normal exit."""
        return any(line.startswith(_CRASH_PREFIXES) for line in self._lines)

    def finish(self) -> None:
        """Read the remaining lines of the exited child and close the stream.

        Do not wait longer than `_EXIT_TIMEOUT_S`: another process may have inherited the pipe.
        """
        self._thread.join(_EXIT_TIMEOUT_S)
        if not self._thread.is_alive():
            self._stream.close()

    def _read(self) -> None:
        self._lines.extend(self._stream)
