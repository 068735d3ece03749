from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
import torch
from demucs.apply import BagOfModels, apply_model
from demucs.htdemucs import HTDemucs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.demucs import DemucsEngine
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.request import Request
from desktop.pipeline.run import run
from tests.helpers.engines import SOURCES, TINY_KWARGS, write_htdemucs, write_tiny_htdemucs

BAG = ((1.0, 0.0, 0.0, 0.5), (0.0, 1.0, 0.0, 0.25), (0.0, 0.0, 1.0, 0.5))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("weights")
    short = TINY_KWARGS | {"nfft": 1024, "segment": 0.25}
    return [write_htdemucs(folder / f"{seed}.th", short, seed) for seed in range(3)]


def make_engine(files: list[Path], bag: tuple[tuple[float, ...], ...] | None = None) -> DemucsEngine:
    engine = load_engine(EngineSpec("tiny", "demucs", tuple(files), bag))
    assert isinstance(engine, DemucsEngine)
    return engine


def load_models(files: list[Path]) -> list[HTDemucs]:
    from demucs.states import load_model

    return [load_model(path) for path in files]


def separate_with_demucs(model: HTDemucs | BagOfModels, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the stems that `demucs.api.Separator.separate_tensor` gives for `[2, n]`."""
    mixture = torch.from_numpy(sound)
    mono = mixture.mean(0)
    deviation = mono.std() + 1e-8
    stems = apply_model(model, ((mixture - mono.mean()) / deviation)[None], shifts=0, split=True, overlap=0.25)
    return (stems * deviation + mono.mean())[0].numpy()


def separate_with_unbraid(engine: DemucsEngine, sound: NDArray[np.float32], parent: Path) -> NDArray[np.float32]:
    folder = parent / str(uuid4())
    folder.mkdir()
    soundfile.write(folder / "song.wav", sound.T, 44100, subtype="FLOAT")
    request = Request(folder / "song.wav", folder / "job", "wav", None, "raw", folder / "job" / "mixture.peaks")
    outcome = run(request, engine, lambda _: None, lambda: False)
    return np.stack([soundfile.read(stem.path, dtype="float32", always_2d=True)[0].T for stem in outcome.stems])


def make_audio(frames: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(frames)
    return (rng.normal(0.01, 0.2, (2, frames)) * np.hanning(frames + 2)[1:-1]).astype(np.float32)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.one_of(st.integers(2, 12_000), st.sampled_from([8268, 8269, 11025, 11026, 16537, 40_000])))
def test_track_of_any_length_matches_demucs(files: list[Path], tmp_path: Path, frames: int) -> None:
    sound = make_audio(frames)
    expected = separate_with_demucs(load_models(files[:1])[0], sound)
    np.testing.assert_allclose(separate_with_unbraid(make_engine(files[:1]), sound, tmp_path), expected, atol=1e-4)


def test_bag_of_models_matches_demucs(files: list[Path], tmp_path: Path) -> None:
    sound = make_audio(30_001)
    bag = BagOfModels(load_models(files), [list(row) for row in BAG])
    np.testing.assert_allclose(
        separate_with_unbraid(make_engine(files, BAG), sound, tmp_path), separate_with_demucs(bag, sound), atol=1e-4
    )


def test_stems_do_not_depend_on_earlier_calls(files: list[Path]) -> None:
    engine = make_engine(files[:1])
    segment = make_audio(engine.segmentation.length)
    first = engine.separate(segment[None])()
    engine.separate(segment[None, :, ::-1] * 100.0)()
    np.testing.assert_array_equal(engine.separate(segment[None])(), first)
    np.testing.assert_array_equal(make_engine(files[:1]).separate(segment[None])(), first)


def test_engine_has_the_name_sources_and_segmentation_of_its_model(tmp_path: Path) -> None:
    engine = load_engine(EngineSpec("tiny", "demucs", (write_tiny_htdemucs(tmp_path / "tiny.th"),)))
    assert (engine.name, engine.sources, engine.sample_rate) == ("tiny", SOURCES, 44100)
    assert engine.segmentation.length == 176400
    assert engine.segmentation.centre_last
    assert engine.segmentation.normalise
    assert engine.segmentation.takes_overlap


def test_segment_can_be_shortened_but_not_lengthened(files: list[Path]) -> None:
    for seconds, length in ((0.125, 5512), (9.0, 11025)):
        engine = load_engine(EngineSpec("tiny", "demucs", tuple(files[:1]), segment=seconds))
        assert engine.segmentation.length == length


@pytest.mark.parametrize("bag", [((1.0,) * 4,), ((1.0,) * 3,) * 3, ((1.0, 1.0, 1.0, 0.0),) * 3])
def test_bag_with_invalid_weights_is_rejected(files: list[Path], bag: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(ModelRejectedError):
        make_engine(files, bag)


def test_bag_of_different_models_is_rejected(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelRejectedError):
        make_engine([files[0], write_tiny_htdemucs(tmp_path / "tiny.th")])
