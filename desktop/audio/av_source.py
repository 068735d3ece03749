"""The open file as FFmpeg is given it.

Hostile files may ask FFmpeg to open playlists, other files or the network: only formats that hold their own content are
allowed, the file is handed over open, and nothing else can be opened.
"""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

import av
from av.container import InputContainer

# Bytes at a time. A damaged file lets FFmpeg ask for gigabytes, and Python would make room for them before it reads.
_MOST = 1 << 20


class AvSource:
    """An open file. A seek that cannot be is answered by -1: FFmpeg then tries its luck, where PyAV would give up."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("rb")
        self.name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        return self._file.read(min(size, _MOST))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, and say where to."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return -1

    def tell(self) -> int:
        """Where the next byte lies."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def open_container(source: AvSource, formats: str) -> InputContainer:
    """Open a file that is of one of `formats`, as FFmpeg names them. Raises FFmpegError, ValueError."""
    options = {"format_whitelist": formats, "protocol_whitelist": ""}
    return av.open(source, "r", options=options, metadata_errors="replace", io_open=_refuse)


def _refuse(url: str, flags: int, options: object) -> NoReturn:
    raise PermissionError(f"refused to open {url!r}")
