"""The user's folder for stems: checked before the work, and never left half written."""

from dataclasses import replace
from pathlib import Path

import pytest

from desktop.errors import StorageError
from desktop.export.output_folder import check_output_folder, export_to_output_folder
from desktop.jobs.model import Stem
from tests.helpers.jobs import make_job
from tests.helpers.small_disk import small_disk


def refusal_message(out: Path) -> str:
    with pytest.raises(StorageError) as caught:
        check_output_folder(out)
    return str(caught.value)


def test_folder_that_exists_or_can_be_created_is_accepted_and_left_empty(tmp_path: Path) -> None:
    check_output_folder(tmp_path)
    check_output_folder(tmp_path / "new" / "one")
    assert list(tmp_path.iterdir()) == []


def test_file_in_place_of_the_folder_or_of_a_parent_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"{file}: it is a file." in refusal_message(file)
    assert f"{file / 'stems'}: {file} is a file." in refusal_message(file / "stems")


def test_folder_on_a_read_only_disk_is_refused_by_name(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        (disk.mount_point / "stems").mkdir()
        disk.remount("ro")
        for out in (disk.mount_point / "stems", disk.mount_point / "new"):
            assert f"The stems cannot be copied to {out}: " in refusal_message(out)


def test_stems_that_do_not_fit_are_not_copied_and_both_sizes_are_reported(tmp_path: Path) -> None:
    stems = [Stem(name, tmp_path / f"{name}.wav", tmp_path / f"{name}.peaks") for name in ("vocals", "drums")]
    for stem in stems:
        stem.path.write_bytes(bytes(800_000))
    with small_disk(tmp_path / "disk", 1) as disk:
        job = make_job()
        with pytest.raises(StorageError, match="they need 2 MB, but only 1 MB is free"):
            export_to_output_folder(replace(job, options=replace(job.options, out=disk.mount_point)), stems)
        assert list(disk.mount_point.iterdir()) == []
