"""A terminal emulator with just enough features for progress bars."""

import os
import re
from collections.abc import Callable

_TOKEN = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]")


class Terminal:
    """Lines without a scrolling limit, and a cursor. Unknown control sequences are ignored."""

    def __init__(self, columns: int = 150) -> None:
        self.columns = columns
        self.lines = [""]
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        """Process the output of a program."""
        for token in _TOKEN.finditer(text):
            if token[2] == "A":
                self._row = max(0, self._row - int(token[1] or 1))
            elif token[2] == "K":
                kept = self.lines[self._row][: self._column] if token[1] in ("", "0") else ""
                self.lines[self._row] = kept
            elif token[0] == "\r":
                self._column = 0
            elif token[0] == "\n":
                self._next_line()
            elif not token[2]:
                self._put(token[0])

    def _put(self, character: str) -> None:
        if self._column == self.columns:
            self._next_line()
            self._column = 0
        line = self.lines[self._row].ljust(self._column)
        self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
        self._column += 1

    def _next_line(self) -> None:
        self._row += 1
        if self._row == len(self.lines):
            self.lines.append("")


def capture_terminal(start: Callable[[int], None]) -> list[str]:
    """Return the lines that the terminal shows after all processes with access to it have ended.

    `start` gets the file descriptor of the terminal and starts the processes; it must keep no copy in this process.
    """
    read_fd, terminal_fd = os.openpty()
    terminal = Terminal()
    try:
        start(terminal_fd)
    finally:
        os.close(terminal_fd)
    output = b""
    try:
        while data := os.read(read_fd, 65536):
            output += data
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    finally:
        os.close(read_fd)
    terminal.feed(output.decode())
    return [line.rstrip() for line in terminal.lines if line.strip()]
