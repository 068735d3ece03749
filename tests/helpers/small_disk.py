"""A disk of a few megabytes, which can be filled, emptied, grown and made read-only. For root on Linux alone."""

import errno
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs at `place`."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place = place
        place.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a disk")

    def fill(self) -> None:
        """Leave no byte free, whatever else is written meanwhile."""
        with (self.place / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Take away what filled it."""
        (self.place / "filler").unlink()

    def remount(self, how: str) -> None:
        """With other options, such as "size=50m", "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.place)], check=True)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Generator[SmallDisk]:
    """Mounted at the new folder `place` for as long as the context lasts."""
    disk = SmallDisk(place, megabytes)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
