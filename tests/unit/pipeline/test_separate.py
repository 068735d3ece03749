"""Segments in any order, cut off anywhere, in several turns: always the same stems."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from demucs.apply import apply_model
from demucs.states import load_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.pipeline.engines.engine import Engine, Samples
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import Request, run
from desktop.segments.grid import Segmentation
from tests.helpers.engines import TINY_KWARGS, IdentityEngine, write_htdemucs

RATE = 44100
SHORT = Segmentation(length=4096, stride=3072, centre_last=True, normalise=True)


class CutOffError(Exception):
    """Stands for a kill."""


@dataclass(frozen=True)
class WatchedEngine(IdentityEngine):
    """Its answer depends on the sound; it counts what it was given, and may be cut off."""

    segmentation: Segmentation = SHORT
    given: list[int] = field(default_factory=list)
    most: int = 1 << 30

    def stems(self, segments: Samples) -> Samples:
        if len(self.given) >= self.most:
            raise CutOffError
        self.given.append(len(segments))
        return super().stems(np.tanh(segments))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (50_000, 2)), RATE, subtype="PCM_16")
    return path


def request(song: Path, folder: Path, **changes: object) -> Request:
    plain = Request(song, folder, "wav", "32f", "raw", folder / "mixture.peaks")
    return replace(plain, **changes)  # pyright: ignore[reportArgumentType]


def separate(asked: Request, engine: Engine, playhead: Callable[[], float | None] = lambda: None) -> bytes:
    """The samples of all stems."""
    outcome = run(asked, engine, lambda step: None, lambda: False, playhead)
    return b"".join(soundfile.read(stem.path, dtype="float32")[0].tobytes() for stem in outcome.stems)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heads=st.lists(st.none() | st.floats(0, 1.5), min_size=1, max_size=8), batch=st.integers(1, 5))
def test_stems_are_the_same_bits_wherever_the_song_is_listened_to(
    tmp_path_factory: pytest.TempPathFactory, song: Path, heads: list[float | None], batch: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    calls = 0

    def playhead() -> float | None:
        nonlocal calls
        calls += 1
        return heads[calls % len(heads)]

    straight = separate(request(song, folder / "straight"), WatchedEngine())
    assert separate(request(song, folder / "listened"), WatchedEngine(batch=batch), playhead) == straight


def test_the_part_that_is_listened_to_is_separated_first(song: Path, tmp_path: Path) -> None:
    kept = tmp_path / "segments"
    with pytest.raises(CutOffError):
        separate(request(song, tmp_path / "job", segments=kept), WatchedEngine(most=3), lambda: 0.5)
    # 0.5 s is frame 22050: the segments that begin at 18432 and 21504 answer for it.
    assert sorted(file.stem for file in kept.glob("*.float32")) == ["000006", "000007", "000008"]


@pytest.mark.parametrize("done", range(0, 17, 2))
def test_a_run_that_was_cut_off_goes_on_where_it_was(song: Path, tmp_path: Path, done: int) -> None:
    straight, counted = tmp_path / "straight", WatchedEngine()
    whole = separate(request(song, straight), counted)
    asked = request(song, tmp_path / "job", segments=tmp_path / "segments", key="song and model")
    with pytest.raises(CutOffError):
        separate(asked, WatchedEngine(most=done))
    resumed = WatchedEngine()
    assert separate(replace(asked, folder=tmp_path / "second"), resumed) == whole
    assert len(resumed.given) == len(counted.given) - done


@pytest.mark.parametrize("change", [{"key": "another model"}, {"overlap": 0.5}, {"shifts": 2}])
def test_segments_made_in_another_way_are_made_anew(song: Path, tmp_path: Path, change: dict[str, object]) -> None:
    asked = request(song, tmp_path / "job", segments=tmp_path / "segments")
    with pytest.raises(CutOffError):
        separate(asked, WatchedEngine(most=5))
    other = replace(asked, folder=tmp_path / "second", **change)  # pyright: ignore[reportArgumentType]
    straight = replace(other, folder=tmp_path / "straight", segments=None)
    assert separate(other, WatchedEngine()) == separate(straight, WatchedEngine())


def test_segments_go_with_the_run_unless_they_are_to_be_kept(song: Path, tmp_path: Path) -> None:
    separate(request(song, tmp_path / "job"), WatchedEngine())
    assert not (tmp_path / "job" / "segments").exists()
    separate(request(song, tmp_path / "kept", segments=tmp_path / "segments"), WatchedEngine())
    assert (tmp_path / "segments" / "about.json").exists()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_htdemucs(tmp_path_factory.mktemp("model") / "tiny.th", TINY_KWARGS | {"nfft": 1024, "segment": 0.25})


@settings(deadline=None, max_examples=12)
@given(
    frames=st.sampled_from([1000, 11024, 11025, 11026, 40000]) | st.integers(2, 50_000),
    overlap=st.sampled_from([0.1, 0.25, 0.5, 0.75]),
    shifts=st.integers(0, 3),
)
def test_raw_stems_equal_the_reference_at_every_length_overlap_and_number_of_shifts(
    tmp_path_factory: pytest.TempPathFactory, weights: Path, frames: int, overlap: float, shifts: int
) -> None:
    folder = tmp_path_factory.mktemp("reference")
    sound = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)
    soundfile.write(folder / "song.wav", sound, RATE, subtype="FLOAT")
    engine = load_engine(EngineSpec("tiny", "demucs", (weights,)))
    asked = request(folder / "song.wav", folder / "job", overlap=overlap, shifts=shifts)
    outcome = run(asked, engine, lambda step: None, lambda: False)
    found = np.stack([soundfile.read(stem.path, dtype="float32")[0].T for stem in outcome.stems])
    np.testing.assert_allclose(found, reference(weights, sound.T, overlap, shifts), atol=1e-4)


def reference(weights: Path, sound: NDArray[np.float32], overlap: float, shifts: int) -> NDArray[np.float32]:
    """float32 `[sources, 2, frames]` as the demucs command has it."""
    mixture = torch.from_numpy(np.ascontiguousarray(sound))
    mono = mixture.mean(0)
    mean, deviation = mono.mean(), mono.std() + 1e-8
    model, normal = load_model(weights), ((mixture - mean) / deviation)[None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demucs.apply.random", random.Random(0))  # its model draws from the common dice, too
        stems = apply_model(model, normal, shifts=shifts, split=True, overlap=overlap)
    return (stems[0] * deviation + mean).numpy()
