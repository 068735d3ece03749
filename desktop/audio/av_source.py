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

from desktop.audio.links import WHOLE, Span

# Bytes at a time. A damaged file lets FFmpeg ask for gigabytes, and Python would make room for them before it reads.
_MOST = 1 << 20


class AvSource:
    """An open file, or a span of one, as a binary stream.

    An impossible seek returns -1, and FFmpeg then tries its luck; PyAV would give up at an exception.
    """

    def __init__(self, path: Path, span: Span = WHOLE) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("rb")
        self._start = span.start
        self._size = (path.stat().st_size if span.end is None else span.end) - span.start
        self._file.seek(span.start)
        self.name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        left = max(0, self._size - self.tell())
        return self._file.read(min(left, size if size >= 0 else left, _MOST))

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


def open_container(source: AvSource, formats: str) -> InputContainer:
    """Open a file that is of one of `formats`, as FFmpeg names them. Raises FFmpegError, ValueError."""
    options = {"format_whitelist": formats, "protocol_whitelist": ""}
    return av.open(source, "r", options=options, metadata_errors="replace", io_open=_refuse)


def _refuse(url: str, flags: int, options: object) -> NoReturn:
    raise PermissionError(f"refused to open {url!r}")
