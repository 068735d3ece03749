"""The engine for a job follows the settings, and stays loaded while they stay."""

from pathlib import Path

import pytest

from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.settings import Settings, save_settings
from desktop.tasks.engine_cache import EngineCache
from tests.helpers.engines import TINY_KWARGS, write_htdemucs


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "library").create_folders()
    file = write_htdemucs(tmp_path / "mine.th", TINY_KWARGS | {"nfft": 1024, "segment": 0.25})
    ModelStore(home).import_file(file)
    return home


def ask(room: EngineCache) -> tuple[Engine, tuple[str, ...]]:
    return room.get("mine", lambda part: None, lambda: False)


def test_a_changed_runtime_counts_for_the_next_song(home: Home) -> None:
    room = EngineCache(ModelStore(home), home)
    save_settings(home, Settings(runtime="torch"))
    first, notices = ask(room)
    assert (first.runtime, notices) == ("torch", ())
    assert ask(room)[0] is first
    before = room.fingerprint
    save_settings(home, Settings(runtime="openvino"))
    second, _ = ask(room)
    assert second.runtime == "openvino"
    assert room.fingerprint != before
    assert len(list((home.models / "openvino").iterdir())) == 1


def test_a_runtime_that_cannot_be_had_is_told_with_every_song(home: Home) -> None:
    room = EngineCache(ModelStore(home), home)
    save_settings(home, Settings(runtime="abacus"))
    for _ in range(2):
        engine, (notice,) = ask(room)
        assert engine.runtime == "torch"
        assert "abacus" in notice


def test_without_a_home_the_defaults_hold(home: Home) -> None:
    save_settings(home, Settings(runtime="openvino"))
    assert ask(EngineCache(ModelStore(home)))[0].runtime != "openvino"


def test_where_memory_is_short_torch_separates_shorter_segments_and_that_is_told(home: Home, tmp_path: Path) -> None:
    ModelStore(home).import_file(write_htdemucs(tmp_path / "long.th", TINY_KWARGS | {"segment": 7.8}))
    save_settings(home, Settings(runtime="openvino"))
    room = EngineCache(ModelStore(home), home)
    plain, _ = room.get("long", lambda part: None, lambda: False)
    before = room.fingerprint
    sparing, notices = room.get("long", lambda part: None, lambda: False, low_memory=True)
    assert (plain.runtime, sparing.runtime) == ("openvino", "torch")
    assert sparing.segmentation.length == pytest.approx(plain.segmentation.length / 2, rel=0.01)
    assert "not enough memory" in notices[-1]
    assert room.fingerprint != before, "its segments must not be taken for the others"


def test_a_model_whose_segments_are_short_already_is_not_changed(home: Home) -> None:
    room = EngineCache(ModelStore(home), home)
    plain, _ = ask(room)
    sparing, _ = room.get("mine", lambda part: None, lambda: False, low_memory=True)
    assert sparing.segmentation == plain.segmentation


def test_what_was_made_of_a_model_goes_with_it(home: Home) -> None:
    save_settings(home, Settings(runtime="openvino"))
    ask(EngineCache(ModelStore(home), home))
    assert list(home.openvino_cache.iterdir())
    ModelStore(home).remove("mine")
    assert not list(home.openvino_cache.iterdir())
