import hashlib
import os
from pathlib import Path

import pytest

from desktop.models.digest import cached_sha256, digest_path, matches_sha256

SUM = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.th"
    path.write_bytes(b"weights")
    os.utime(path, (1e9, 1e9))
    return path


def test_a_sum_is_counted_once(file: Path) -> None:
    assert cached_sha256(file) == SUM
    digest_path(file).write_text(digest_path(file).read_text().replace(SUM, "remembered"))
    assert cached_sha256(file) == "remembered"


def test_a_file_that_changed_is_counted_anew(file: Path) -> None:
    assert matches_sha256(file, SUM[:8])
    file.write_bytes(b"weights, longer")
    assert not matches_sha256(file, SUM[:8])


def test_the_sum_of_a_file_that_may_still_be_written_is_not_kept(file: Path) -> None:
    file.touch()
    assert cached_sha256(file) == SUM
    assert not digest_path(file).exists()


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", "null", '{"file": 3, "sha256": "f00"}'])
def test_a_damaged_note_is_written_anew(file: Path, note: str) -> None:
    digest_path(file).write_text(note)
    assert cached_sha256(file) == SUM
    assert SUM in digest_path(file).read_text()


def test_a_note_that_cannot_be_written_does_no_harm(file: Path) -> None:
    digest_path(file).mkdir()
    assert cached_sha256(file) == SUM


def test_a_missing_file_is_not_whole(tmp_path: Path) -> None:
    assert not matches_sha256(tmp_path / "none", "")
    assert not matches_sha256(tmp_path, "")
