"""Reasons for failed writes to a disk, and the advice for each."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.errors import StorageError
from desktop.jobs.files import copy_track
from desktop.paths import Home
from desktop.runtime.disk_errors import describe_disk_error, find_write_error, is_out_of_inodes
from tests.helpers.library import write_song


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for bytes, but for 16 files only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200m,nr_inodes=16", "tmpfs", folder]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill_with_files(disk: Path) -> OSError:
    try:
        for number in range(100):
            (disk / str(number)).touch()
    except OSError as error:
        return error
    raise AssertionError("the disk took all files")


@pytest.mark.parametrize(
    ("number", "reason", "advice"),
    [
        (errno.ENOSPC, "the disk is full", "Free up space on the disk"),
        (errno.EDQUOT, "the storage quota is used up", "Delete some of your files on the disk"),
        (errno.EROFS, "the disk is read-only", "Make the folder writable"),
        (errno.EACCES, "Unbraid has no permission", "Make the folder writable"),
        (errno.EIO, "the disk reports an error", "Check the disk"),
    ],
)
def test_advice_fits_the_reason(tmp_path: Path, number: int, reason: str, advice: str) -> None:
    described = describe_disk_error(OSError(number, os.strerror(number)), tmp_path)
    assert tuple(map(str, described)) == (reason, advice)


def test_disk_without_inodes_has_its_own_reason_and_advice(mounted: Path, tmp_path: Path) -> None:
    library = Home(mounted / "library").create_folders()
    song = write_song(tmp_path / "song.wav", 1.0)
    error = fill_with_files(mounted)
    assert is_out_of_inodes(mounted)
    assert tuple(map(str, describe_disk_error(error, mounted))) == (
        "the disk cannot hold more files",
        "Delete some files on it",
    )
    with pytest.raises(StorageError, match=r"song\.wav in the library: the disk cannot hold more files"):
        copy_track(song, library.job_folder("0c9c7d0e-7f0e-4a52-9a0b-0d4f4a2b6d11"))


def test_write_error_is_found_by_a_trial_write(mounted: Path) -> None:
    fill_with_files(mounted)
    assert find_write_error(mounted / "one more").errno == errno.ENOSPC


def test_write_error_that_no_longer_occurs_is_an_io_error(tmp_path: Path) -> None:
    assert find_write_error(tmp_path / "a").errno == errno.EIO


def test_error_texts_of_the_system_are_used_only_by_disk_errors() -> None:
    desktop = Path(__file__).parents[3] / "desktop"
    users = [path.name for path in desktop.rglob("*.py") if "strerror" in path.read_text(encoding="utf-8")]
    assert users == ["disk_errors.py"]
