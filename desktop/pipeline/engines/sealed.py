"""Folders that are whole, or count as missing: one file in each holds the digest of the others."""

import hashlib
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_SEAL = "sha256"


def is_sealed(folder: Path) -> bool:
    """True when the files in `folder` are just those that it was sealed with."""
    try:
        return (folder / _SEAL).read_text(encoding="ascii") == _digest(folder)
    except (OSError, ValueError):
        return False


@contextmanager
def sealing(folder: Path) -> Generator[Path]:
    """A new folder to fill, which is sealed in the end and takes the place of `folder`. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="part-", dir=folder.parent))
    try:
        yield scratch
        (scratch / _SEAL).write_text(_digest(scratch), encoding="ascii")
        if not is_sealed(folder):  # another process, that made the same, may have been quicker
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(FileExistsError):
                scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != _SEAL:
            with path.open("rb") as file:
                digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
