"""Where a command shows its results, and where its progress."""

import os
import sys

from rich.console import Console, RenderableType


class Screen:
    """Results go to standard output, progress to standard error.

    Where both are one terminal, results are shown above the progress bars, by the console that draws those: anything
    else would be drawn over by the next frame.
    """

    def __init__(self) -> None:
        # A variable that asks for colours in a pipe asks for no moving bars there.
        self.progress = Console(stderr=True, highlight=False, force_terminal=sys.stderr.isatty())
        self._results = self.progress if _is_one_terminal() else Console(highlight=False)

    def show(self, result: RenderableType) -> None:
        """Print a result for people, in lines that the terminal wraps."""
        self._results.print(result, soft_wrap=True)

    def write(self, line: str) -> None:
        """Print a line for programs as it is, at once."""
        self._results.out(line, highlight=False)
        self._results.file.flush()


def _is_one_terminal() -> bool:
    """True when standard output and standard error are the same terminal."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return False
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    except OSError:  # a stream that is no file
        return False
