"""Standard streams that are always there, and that never break a program whose reader has gone."""

import errno
import io
import os
import sys
from typing import Any

from desktop.errors import StorageError
from desktop.runtime.disk_errors import disk_error_reason

# What Windows says of a pipe that nobody reads any more.
_WINDOWS_BROKEN_PIPE = errno.EINVAL


def ensure_streams() -> None:
    """Give this process the standard streams that it lacks; they lead nowhere.

    In a packaged app on Windows they are None, and where somebody closed them, the next file that is opened would take
    their number: what is meant for the terminal would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(descriptor, True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            devnull = open(os.devnull, mode, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
            setattr(sys, name, devnull)


def guard_output_streams() -> None:
    """Let standard output and error take any text, and let a reader stop reading without harm to the program.

    File names need not be valid UTF-8, and a terminal need not speak it: what cannot be written is escaped. When the
    reader of a pipe is gone, the rest goes nowhere. Standard output that cannot be written otherwise (a full disk)
    raises StorageError, once.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        stream.reconfigure(errors="backslashreplace")
        if stream is getattr(sys, f"__{name}__") and not stream.isatty():
            setattr(sys, name, _guard_stream(stream))


def _guard_stream(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    file = io.BufferedWriter(_GuardedFile(stream.fileno()))
    return io.TextIOWrapper(
        file, stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )


class _GuardedFile(io.FileIO):
    """An open file that leads nowhere from the first failure on."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: Any, /) -> int | None:
        """Write `data`. Raises StorageError when standard output fails for another reason than a reader that left."""
        try:
            return super().write(data)
        except OSError as error:
            self._redirect_to_devnull()
            is_broken_pipe = isinstance(error, BrokenPipeError) or (
                sys.platform == "win32" and error.errno == _WINDOWS_BROKEN_PIPE
            )
            if not is_broken_pipe and self.fileno() == 1:
                raise StorageError(f"Standard output cannot be written: {disk_error_reason(error)}.") from error
        return memoryview(data).nbytes

    def _redirect_to_devnull(self) -> None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self.fileno())
        os.close(devnull)
