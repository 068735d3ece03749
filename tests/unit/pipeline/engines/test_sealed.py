from pathlib import Path

import pytest

from desktop.pipeline.engines.openvino_cache import is_verified, verified_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with verified_folder(tmp_path / "place" / "folder") as scratch:
        (scratch / "one").write_text("one")
        (scratch / "two").write_text("two")
    return tmp_path / "place" / "folder"


def test_a_folder_is_whole_after_sealing(folder: Path) -> None:
    assert is_verified(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_what_lies_in_folders_of_its_own_is_no_part_of_it(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "three").write_text("three")
    assert is_verified(folder)


@pytest.mark.parametrize("name", ["one", "two", "sha256"])
@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_every_harm_is_seen(folder: Path, name: str, harm: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if harm != "gone":
        (folder / name).write_bytes(data[:-1] if harm == "cut" else bytes([data[0] ^ 1]) + data[1:])
    assert not is_verified(folder)


def test_a_file_too_many_is_seen(folder: Path) -> None:
    (folder / "three").write_text("three")
    assert not is_verified(folder)


def test_nothing_is_no_whole_folder(tmp_path: Path) -> None:
    assert not is_verified(tmp_path / "missing")
    assert not is_verified(tmp_path)


def test_a_damaged_folder_is_replaced(folder: Path) -> None:
    (folder / "one").write_text("harmed")
    with verified_folder(folder) as scratch:
        (scratch / "one").write_text("one")
    assert is_verified(folder)
    assert not (folder / "two").exists()


def test_whoever_is_quicker_stays(folder: Path) -> None:
    with verified_folder(folder) as scratch:
        (scratch / "one").write_text("later")
    assert (folder / "one").read_text() == "one"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), verified_folder(tmp_path / "folder"):
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []
