"""EngineCache: the engine for a job follows the settings and stays loaded while they stay the same."""

import shutil
from pathlib import Path

import pytest

from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.settings import Settings
from desktop.tasks.engine_cache import EngineCache
from tests.helpers.engines import TINY_KWARGS, write_htdemucs
from tests.helpers.settings import save_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "library").create_folders()
    file = write_htdemucs(tmp_path / "mine.th", TINY_KWARGS | {"nfft": 1024, "segment": 0.25})
    ModelStore(home).import_file(file)
    return home


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose two models, one with long segments, are converted for OpenVINO."""
    folder = tmp_path_factory.mktemp("converted")
    home = Home(folder / "library").create_folders()
    save_settings(home, Settings(runtime="openvino"))
    for name, segment in (("mine", 0.25), ("long", 7.8)):
        file = write_htdemucs(folder / f"{name}.th", TINY_KWARGS | {"nfft": 1024, "segment": segment})
        ModelStore(home).import_file(file)
        EngineCache(ModelStore(home), home).get(name, lambda part: None, lambda: False)
    return home.root


@pytest.fixture
def converted_home(converted: Path, tmp_path: Path) -> Home:
    """A copy of the library with the converted models."""
    return Home(shutil.copytree(converted, tmp_path / "library"))


def get_engine(cache: EngineCache) -> tuple[Engine, tuple[str, ...]]:
    return cache.get("mine", lambda part: None, lambda: False)


def test_changed_runtime_setting_applies_to_the_next_job(home: Home) -> None:
    cache = EngineCache(ModelStore(home), home)
    save_settings(home, Settings(runtime="torch"))
    first, notices = get_engine(cache)
    assert (first.runtime, notices) == ("torch", ())
    assert get_engine(cache)[0] is first
    before = cache.fingerprint
    save_settings(home, Settings(runtime="openvino"))
    second, _ = get_engine(cache)
    assert second.runtime == "openvino"
    assert cache.fingerprint != before
    assert len(list((home.models / "openvino").iterdir())) == 1


def test_unavailable_runtime_adds_a_notice_to_every_job(home: Home) -> None:
    cache = EngineCache(ModelStore(home), home)
    save_settings(home, Settings(runtime="abacus"))
    for _ in range(2):
        engine, (notice,) = get_engine(cache)
        assert engine.runtime == "torch"
        assert "abacus" in str(notice)


def test_cache_without_a_home_uses_default_settings(home: Home) -> None:
    save_settings(home, Settings(runtime="openvino"))
    assert get_engine(EngineCache(ModelStore(home)))[0].runtime != "openvino"


def test_low_memory_uses_torch_with_half_as_long_segments_and_adds_a_notice(converted_home: Home) -> None:
    cache = EngineCache(ModelStore(converted_home), converted_home)
    normal, _ = cache.get("long", lambda part: None, lambda: False)
    before = cache.fingerprint
    reduced, notices = cache.get("long", lambda part: None, lambda: False, low_memory=True)
    assert (normal.runtime, reduced.runtime) == ("openvino", "torch")
    assert reduced.segmentation.length == pytest.approx(normal.segmentation.length / 2, rel=0.01)
    assert "not enough memory" in str(notices[-1])
    assert cache.fingerprint != before, "segments of the two engines must not be mixed"


def test_low_memory_does_not_shorten_segments_that_are_already_short(converted_home: Home) -> None:
    cache = EngineCache(ModelStore(converted_home), converted_home)
    normal, _ = get_engine(cache)
    reduced, _ = cache.get("mine", lambda part: None, lambda: False, low_memory=True)
    assert reduced.segmentation == normal.segmentation


def test_removing_a_model_deletes_its_openvino_cache(converted_home: Home) -> None:
    get_engine(EngineCache(ModelStore(converted_home), converted_home))
    ModelStore(converted_home).remove("long")
    assert list(converted_home.openvino_cache.iterdir())
    ModelStore(converted_home).remove("mine")
    assert not list(converted_home.openvino_cache.iterdir())
