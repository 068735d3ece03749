"""Atomic writes: a file appears at its path complete, or the path stays as it was."""

import errno
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTIAL_SUFFIX = ".part"
"""Suffix of the names of incomplete files."""


class AtomicFile:
    """File that is written at `part`, beside its path, until `commit` moves it there.

    For writers that live longer than a block of code; otherwise use `atomic_file`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Random, because another process, on another computer too, may write the same file. Without the file's name,
        # which may be as long as the file system allows.
        self.part = path.with_name(f"{secrets.token_hex(4)}{path.suffix}{PARTIAL_SUFFIX}")
        """Path to write to. The caller creates and closes the file."""

    def commit(self, *, durable: bool = True, overwrite: bool = True) -> None:
        """Move the closed file to its path.

        If `durable`, flush it to the disk first: after a power cut, the path has the old or the new content, complete.
        Otherwise this holds only if the process is killed. Raises OSError; FileExistsError if the path exists and not
        `overwrite`.
        """
        if not overwrite and self._path.exists():
            raise FileExistsError(errno.EEXIST, "File exists", str(self._path))
        if durable:
            with self.part.open("rb+") as file:  # Windows flushes only files that are open for writing
                os.fsync(file.fileno())
        self.part.replace(self._path)

    def discard(self) -> None:
        """Delete the incomplete file; do nothing after `commit`."""
        with suppress(OSError):
            self.part.unlink(missing_ok=True)


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Generator[Path]:
    """Yield the path to write to; move the file to `path` after the block, or delete it if the block raises.

    `durable` is that of `AtomicFile.commit`. Raises OSError.
    """
    file = AtomicFile(path)
    try:
        yield file.part
        file.commit(durable=durable)
    except BaseException:
        file.discard()
        raise


def write_atomically(path: Path, data: bytes | memoryview | str, *, durable: bool = True) -> None:
    """Write `data` to `path`, text in UTF-8; leave `path` as it was if that fails. Raises OSError.

    `durable` is that of `AtomicFile.commit`.
    """
    with atomic_file(path, durable=durable) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)
