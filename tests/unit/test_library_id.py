"""A library's identity lies in its folder, and is made once."""

from multiprocessing import get_context
from pathlib import Path
from threading import Timer

import pytest

from desktop.paths import Home
from desktop.runtime.library import library_id


def id_in(root: Path) -> str:
    """As another process reads it, which remembers nothing."""
    library_id.cache_clear()
    return library_id(Home(root))


def test_the_id_of_a_library_stays_the_same_wherever_its_folder_comes_to_lie(tmp_path: Path) -> None:
    made = id_in(Home(tmp_path / "here").create_folders().root)
    (tmp_path / "here").rename(tmp_path / "there")
    assert id_in(tmp_path / "there") == made


def test_two_libraries_have_two_ids(tmp_path: Path) -> None:
    assert len({id_in(Home(tmp_path / name).create_folders().root) for name in ("one", "two")}) == 2


def test_of_many_processes_that_begin_at_once_one_makes_the_id(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(id_in, [tmp_path] * 16))) == 1


def test_an_id_that_another_process_is_about_to_write_is_waited_for(tmp_path: Path) -> None:
    path = Home(tmp_path).id_file
    path.touch()
    Timer(0.2, path.write_text, ("0123456789ab",)).start()
    assert id_in(tmp_path) == "0123456789ab"


@pytest.mark.parametrize("damage", [b"", b"no id", b"\xff" * 12])
def test_a_damaged_id_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    Home(tmp_path).id_file.write_bytes(damage)
    made = id_in(tmp_path)
    assert made == Home(tmp_path).id_file.read_text()
    assert len(made) == 12


def test_a_library_that_is_not_there_has_no_id(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        id_in(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
