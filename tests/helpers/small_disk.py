"""A disk of a few megabytes, which can be filled, emptied, grown and made read-only. For root on Linux alone."""

import errno
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs at `place`."""

    def __init__(self, mount_point: Path, megabytes: int) -> None:
        self.mount_point = mount_point
        mount_point.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(mount_point)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a disk")

    def fill(self) -> None:
        """Leave no byte free, whatever else is written meanwhile."""
        with (self.mount_point / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Take away what filled it."""
        (self.mount_point / "filler").unlink()

    def remount(self, options: str) -> None:
        """With other options, such as "size=50m", "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.mount_point)], check=True)


@contextmanager
def small_disk(mount_point: Path, megabytes: int) -> Generator[SmallDisk]:
    """Mounted at the new folder `place` for as long as the context lasts."""
    disk = SmallDisk(mount_point, megabytes)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)
