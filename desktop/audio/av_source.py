"""Sandboxed file access for FFmpeg.

Hostile files may make FFmpeg open playlists, other files or the network. Therefore only formats that contain their own
data are allowed, FFmpeg gets an already open file, and opening anything else is refused.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

import av
from av.container import InputContainer

from desktop.audio.chained import WHOLE_FILE, ByteRange

# Maximum bytes per read. A damaged file can make FFmpeg request gigabytes, and Python allocates the buffer before it
# reads.
_MAX_READ_BYTES = 1 << 20


class ByteRangeFile:
    """Binary stream over a file or a byte range of it.

    An impossible seek returns -1, after which FFmpeg continues; PyAV would abort at an exception.
    """

    def __init__(self, path: Path, byte_range: ByteRange = WHOLE_FILE) -> None:
        """Open `path`. Raises OSError if it cannot be opened."""
        self._file: BinaryIO = path.open("rb")
        self._start = byte_range.start
        self._size = (path.stat().st_size if byte_range.end is None else byte_range.end) - byte_range.start
        self._file.seek(byte_range.start)
        self.name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes: at most `size`, and at most 1 MiB; empty at the end."""
        remaining = max(0, self._size - self.tell())
        return self._file.read(min(remaining, size if size >= 0 else remaining, _MAX_READ_BYTES))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset` and return the new position in bytes, or -1 if the position is invalid."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}.get(whence)
        if origin is None or origin + offset < 0:
            return -1
        try:
            return self._file.seek(self._start + origin + offset) - self._start
        except (OSError, OverflowError):
            return -1

    def tell(self) -> int:
        """Return the position in bytes from the start of the range."""
        return self._file.tell() - self._start

    def close(self) -> None:
        self._file.close()


def open_container(file: ByteRangeFile, formats: str) -> InputContainer:
    """Open a file as one of `formats`, a comma-separated list of FFmpeg's names.

    Raises FFmpegError or ValueError if the file has another format or is damaged.
    """
    options = {"format_whitelist": formats, "protocol_whitelist": ""}
    return av.open(file, "r", options=options, metadata_errors="replace", io_open=_refuse_io_open)


def _refuse_io_open(url: str, flags: int, options: object) -> NoReturn:
    raise PermissionError(f"refused to open {url!r}")
