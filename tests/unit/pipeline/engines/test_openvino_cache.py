import json
from pathlib import Path

import pytest

from desktop.pipeline.engines.engine import ModelSignature
from desktop.pipeline.engines.openvino_cache import ExportedModel, is_verified, verified_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with verified_folder(tmp_path / "place" / "folder") as scratch:
        (scratch / "one").write_text("one")
        (scratch / "two").write_text("two")
    return tmp_path / "place" / "folder"


def test_finished_folder_is_verified_and_leaves_no_scratch_folder(folder: Path) -> None:
    assert is_verified(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_subfolders_are_not_part_of_the_verification(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "three").write_text("three")
    assert is_verified(folder)


@pytest.mark.parametrize("name", ["one", "two", "sha256"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_damaged_file_fails_the_verification(folder: Path, name: str, damage: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage != "gone":
        (folder / name).write_bytes(data[:-1] if damage == "cut" else bytes([data[0] ^ 1]) + data[1:])
    assert not is_verified(folder)


def test_extra_file_fails_the_verification(folder: Path) -> None:
    (folder / "three").write_text("three")
    assert not is_verified(folder)


def test_missing_folder_and_folder_without_digests_fail_the_verification(tmp_path: Path) -> None:
    assert not is_verified(tmp_path / "missing")
    assert not is_verified(tmp_path)


def test_damaged_folder_is_replaced(folder: Path) -> None:
    (folder / "one").write_text("damaged")
    with verified_folder(folder) as scratch:
        (scratch / "one").write_text("one")
    assert is_verified(folder)
    assert not (folder / "two").exists()


def test_verified_folder_is_not_overwritten(folder: Path) -> None:
    with verified_folder(folder) as scratch:
        (scratch / "one").write_text("later")
    assert (folder / "one").read_text() == "one"


def test_failed_write_leaves_no_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), verified_folder(tmp_path / "folder"):
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_exported_model_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    model = ExportedModel(tmp_path, ModelSignature(("drums", "vocals"), 44100, 343_980, pads_short_input=True), 4096)
    model.write_metadata()
    metadata = {
        "form": {"sources": ["drums", "vocals"], "sample_rate": 44100, "length": 343_980, "fills": True},
        "nfft": 4096,
    }
    assert json.loads((tmp_path / "about.json").read_text()) == metadata
    assert ExportedModel.open(tmp_path) == model
