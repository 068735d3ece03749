"""The open file as FFmpeg is given it.

Hostile files may ask FFmpeg to open playlists, other files or the network: only formats that hold their own content are
allowed, the file is handed over open, and nothing else can be opened.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

import av
from av.container import InputContainer

from desktop.audio.chained import WHOLE_FILE, ByteRange

# Bytes at a time. A damaged file lets FFmpeg ask for gigabytes, and Python would make room for them before it reads.
_MAX_READ_BYTES = 1 << 20


class ByteRangeFile:
    """An open file, or a span of one, as a binary stream.

    An impossible seek returns -1, and FFmpeg then tries its luck; PyAV would give up at an exception.
    """

    def __init__(self, path: Path, byte_range: ByteRange = WHOLE_FILE) -> None:
        """Raises OSError."""
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
        """Return the next bytes, at most `size`; none at the end."""
        remaining = max(0, self._size - self.tell())
        return self._file.read(min(remaining, size if size >= 0 else remaining, _MAX_READ_BYTES))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}.get(whence)
        if origin is None or origin + offset < 0:
            return -1
        try:
            return self._file.seek(self._start + origin + offset) - self._start
        except (OSError, OverflowError):
            return -1

    def tell(self) -> int:
        """Return where the next byte lies."""
        return self._file.tell() - self._start

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_container(file: ByteRangeFile, formats: str) -> InputContainer:
    """Open a file that is of one of `formats`, as FFmpeg names them. Raises FFmpegError, ValueError."""
    options = {"format_whitelist": formats, "protocol_whitelist": ""}
    return av.open(file, "r", options=options, metadata_errors="replace", io_open=_refuse_io_open)


def _refuse_io_open(url: str, flags: int, options: object) -> NoReturn:
    raise PermissionError(f"refused to open {url!r}")
