"""A disk of a few megabytes that can be filled, emptied, resized and made read-only. Needs root on Linux."""

import errno
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs mounted at `mount_point`."""

    def __init__(self, mount_point: Path, megabytes: int) -> None:
        self.mount_point = mount_point
        mount_point.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(mount_point)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a disk")

    def fill(self) -> None:
        """Fill the disk until no byte is free, even if others write meanwhile."""
        with (self.mount_point / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Delete the file that `fill` wrote."""
        (self.mount_point / "filler").unlink()

    def remount(self, options: str) -> None:
        """Remount the disk with other options, such as "size=50m", "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.mount_point)], check=True)


@contextmanager
def small_disk(mount_point: Path, megabytes: int) -> Generator[SmallDisk]:
    """Mount a disk at the new folder `mount_point`; unmount it at the end."""
    disk = SmallDisk(mount_point, megabytes)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)
