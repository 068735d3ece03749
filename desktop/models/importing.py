"""Files that appear on the shelf whole or not at all."""

import os
import shutil
from pathlib import Path


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file, its folder made where it is missing. Raises OSError, and leaves nothing behind then."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part_of(target)
    try:
        shutil.copyfile(source, part)
        _publish(part, target)
    finally:
        part.unlink(missing_ok=True)


def write_whole(text: str, target: Path) -> None:
    """Write a text file. Raises OSError, and leaves nothing behind then."""
    part = _part_of(target)
    try:
        part.write_text(text, encoding="utf-8")
        _publish(part, target)
    finally:
        part.unlink(missing_ok=True)


def _part_of(target: Path) -> Path:
    """Another process may be writing the same file."""
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _publish(part: Path, target: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(target)
