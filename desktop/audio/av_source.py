"""The open file as FFmpeg is given it."""

from pathlib import Path
from typing import BinaryIO


class AvSource:
    """An open file. A seek that cannot be is answered by -1: FFmpeg then tries its luck, where PyAV would give up."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("rb")
        self.name = ""

    def read(self, size: int) -> bytes:
        """The next bytes."""
        return self._file.read(size)

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
