"""The engine for a job follows the settings, and stays loaded while they stay."""

from pathlib import Path

import pytest

from desktop.models.shelf import Shelf
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.settings import Settings, save_settings
from desktop.tasks.engine_room import EngineRoom
from tests.helpers.engines import TINY, write_htdemucs


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "library").prepare()
    file = write_htdemucs(tmp_path / "mine.th", TINY | {"nfft": 1024, "segment": 0.25})
    Shelf(home).import_file(file)
    return home


def ask(room: EngineRoom) -> tuple[Engine, tuple[str, ...]]:
    return room.engine("mine", lambda part: None, lambda: False)


def test_a_changed_runtime_counts_for_the_next_song(home: Home) -> None:
    room = EngineRoom(Shelf(home), home)
    save_settings(home, Settings(runtime="torch"))
    first, notices = ask(room)
    assert (first.runtime, notices) == ("torch", ())
    assert ask(room)[0] is first
    before = room.identity
    save_settings(home, Settings(runtime="openvino"))
    second, _ = ask(room)
    assert second.runtime == "openvino"
    assert room.identity != before
    assert len(list((home.models / "openvino").iterdir())) == 1


def test_a_runtime_that_cannot_be_had_is_told_with_every_song(home: Home) -> None:
    room = EngineRoom(Shelf(home), home)
    save_settings(home, Settings(runtime="abacus"))
    for _ in range(2):
        engine, (notice,) = ask(room)
        assert engine.runtime == "torch"
        assert "abacus" in notice


def test_without_a_home_the_defaults_hold(home: Home) -> None:
    save_settings(home, Settings(runtime="openvino"))
    assert ask(EngineRoom(Shelf(home)))[0].runtime != "openvino"


def test_what_was_made_of_a_model_goes_with_it(home: Home) -> None:
    save_settings(home, Settings(runtime="openvino"))
    ask(EngineRoom(Shelf(home), home))
    assert list(home.converted.iterdir())
    Shelf(home).remove("mine")
    assert not list(home.converted.iterdir())
