"""Standard streams that always exist, and that ignore a reader that has closed its end."""

import errno
import io
import os
import sys
from typing import Any, BinaryIO

from desktop.errors import StorageError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message

# Windows reports this error for a pipe whose reader has closed it.
_WINDOWS_BROKEN_PIPE = errno.EINVAL


def ensure_streams() -> None:
    """Open missing standard streams on the null device.

    In a packaged app on Windows they are None. If a parent has closed them, the next opened file would get their
    descriptor, and terminal output would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            descriptor = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(descriptor, True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            devnull = open(os.devnull, mode, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
            setattr(sys, name, devnull)


def reserve_stdout() -> BinaryIO:
    """Return a private stream to standard output, and redirect all other output to standard error.

    libsndfile, for example, prints messages about damaged files.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def guard_output_streams() -> None:
    """Make standard output and error accept any text, and discard output after the reader of a pipe has closed it.

    File names need not be valid UTF-8, and a terminal need not support it: characters that cannot be written are
    escaped. Standard output that cannot be written for another reason (a full disk) raises StorageError, once.
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
    """An open file that is redirected to the null device after its first failed write."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: Any, /) -> int | None:
        """Write `data`. Raises StorageError if standard output fails for another reason than a closed pipe."""
        try:
            return super().write(data)
        except OSError as error:
            self._redirect_to_devnull()
            is_broken_pipe = isinstance(error, BrokenPipeError) or (
                sys.platform == "win32" and error.errno == _WINDOWS_BROKEN_PIPE
            )
            if not is_broken_pipe and self.fileno() == 1:
                raise StorageError(
                    Message(
                        "Standard output cannot be written: {reason}.",
                        reason=disk_error_reason(error),
                    )
                ) from error
        return memoryview(data).nbytes

    def _redirect_to_devnull(self) -> None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self.fileno())
        os.close(devnull)
