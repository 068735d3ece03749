"""The folder that the user names for stems: looked at before the work, and never left half written."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.errors import StorageError
from desktop.export.output_folder import check_output_folder, export_to_output_folder
from desktop.jobs.model import Stem
from tests.helpers.small_disk import small_disk
from tests.helpers.window import make_job


def refused(out: Path) -> str:
    with pytest.raises(StorageError) as caught:
        check_output_folder(out)
    return str(caught.value)


def test_a_folder_that_is_there_or_can_be_made_is_taken_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    check_output_folder(tmp_path)
    check_output_folder(tmp_path / "new" / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place_or_on_the_way_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"{file}: it is a file." in refused(file)
    assert f"{file / 'stems'}: {file} is a file." in refused(file / "stems")


def test_a_disk_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        (disk.mount_point / "stems").mkdir()
        disk.remount("ro")
        for out in (disk.mount_point / "stems", disk.mount_point / "new"):
            assert f"The stems cannot be put into {out}: " in refused(out)


def test_stems_that_have_no_room_are_not_copied_and_both_sizes_are_told(tmp_path: Path) -> None:
    stems = [Stem(name, tmp_path / f"{name}.wav", tmp_path / f"{name}.peaks") for name in ("vocals", "drums")]
    for stem in stems:
        stem.path.write_bytes(bytes(800_000))
    with small_disk(tmp_path / "disk", 1) as disk:
        job = make_job()
        with pytest.raises(StorageError, match="they need 2 MB, and 1 MB is free"):
            export_to_output_folder(replace(job, options=replace(job.options, out=disk.mount_point)), stems)
        assert list(disk.mount_point.iterdir()) == []
