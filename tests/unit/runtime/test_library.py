"""The id of a library is saved in its folder, and created once."""

from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import pytest

from desktop.paths import Home
from desktop.runtime.library import library_id


def read_id(root: Path) -> str:
    """Read the id as another process does, without a cached value."""
    library_id.cache_clear()
    return library_id(Home(root))


def test_library_id_stays_the_same_if_the_folder_is_moved(tmp_path: Path) -> None:
    original_id = read_id(Home(tmp_path / "here").create_folders().root)
    (tmp_path / "here").rename(tmp_path / "there")
    assert read_id(tmp_path / "there") == original_id


def test_two_libraries_have_different_ids(tmp_path: Path) -> None:
    assert len({read_id(Home(tmp_path / name).create_folders().root) for name in ("one", "two")}) == 2


def test_concurrent_processes_create_a_single_id(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(read_id, [tmp_path] * 16))) == 1


def test_id_that_another_process_is_writing_is_awaited(tmp_path: Path) -> None:
    path = Home(tmp_path).id_file
    path.touch()
    Timer(0.2, path.write_text, ("0123456789ab",)).start()
    assert read_id(tmp_path) == "0123456789ab"


@pytest.mark.parametrize("damage", [b"", b"no id", b"\xff" * 12])
def test_damaged_id_is_replaced(tmp_path: Path, damage: bytes) -> None:
    Home(tmp_path).id_file.write_bytes(damage)
    new_id = read_id(tmp_path)
    assert new_id == Home(tmp_path).id_file.read_text()
    assert len(new_id) == 12


def test_missing_library_has_no_id_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_id(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
