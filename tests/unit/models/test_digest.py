import hashlib
import os
from pathlib import Path

import pytest

from desktop.models.digest import cached_sha256, digest_path, matches_sha256

SHA256 = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.th"
    path.write_bytes(b"weights")
    os.utime(path, (1e9, 1e9))
    return path


def test_digest_is_computed_once(file: Path) -> None:
    assert cached_sha256(file) == SHA256
    digest_path(file).write_text(digest_path(file).read_text().replace(SHA256, "remembered"))
    assert cached_sha256(file) == "remembered"


def test_changed_file_is_hashed_again(file: Path) -> None:
    assert matches_sha256(file, SHA256[:8])
    file.write_bytes(b"weights, longer")
    assert not matches_sha256(file, SHA256[:8])


def test_digest_of_a_file_that_may_still_be_written_is_not_cached(file: Path) -> None:
    file.touch()
    assert cached_sha256(file) == SHA256
    assert not digest_path(file).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"file": 3, "sha256": "f00"}'])
def test_damaged_digest_file_is_written_again(file: Path, content: str) -> None:
    digest_path(file).write_text(content)
    assert cached_sha256(file) == SHA256
    assert SHA256 in digest_path(file).read_text()


def test_digest_file_that_cannot_be_written_does_no_harm(file: Path) -> None:
    digest_path(file).mkdir()
    assert cached_sha256(file) == SHA256


def test_missing_file_or_folder_matches_no_digest(tmp_path: Path) -> None:
    assert not matches_sha256(tmp_path / "none", "")
    assert not matches_sha256(tmp_path, "")
