"""Segments in any order, interrupted anywhere, with any number of shifts: always the same stems."""

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
from desktop.pipeline.request import Request
from desktop.pipeline.run import run
from desktop.segments.grid import Segmentation
from tests.helpers.engines import TINY_KWARGS, IdentityEngine, write_htdemucs

RATE = 44100
SHORT = Segmentation(length=4096, stride=3072, centre_last=True, normalise=True, takes_overlap=True)


class InterruptionError(Exception):
    """Stands for a killed process."""


@dataclass(frozen=True)
class RecordingEngine(IdentityEngine):
    """Not linear in its input; records the size of each batch, and can be interrupted after `max_calls`."""

    segmentation: Segmentation = SHORT
    batches: list[int] = field(default_factory=list)
    max_calls: int = 1 << 30

    def stems(self, segments: Samples) -> Samples:
        if len(self.batches) >= self.max_calls:
            raise InterruptionError
        self.batches.append(len(segments))
        return super().stems(np.tanh(segments))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (50_000, 2)), RATE, subtype="PCM_16")
    return path


def make_request(song: Path, folder: Path, **changes: object) -> Request:
    defaults = Request(song, folder, "wav", "32f", "raw", folder / "mixture.peaks")
    return replace(defaults, **changes)  # pyright: ignore[reportArgumentType]


def separate(request: Request, engine: Engine, playhead: Callable[[], float | None] = lambda: None) -> bytes:
    """Run the request and return the samples of all stems."""
    outcome = run(request, engine, lambda step: None, lambda: False, playhead)
    return b"".join(soundfile.read(stem.path, dtype="float32")[0].tobytes() for stem in outcome.stems)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(playheads=st.lists(st.none() | st.floats(0, 1.5), min_size=1, max_size=8), batch=st.integers(1, 5))
def test_stems_are_bit_identical_wherever_the_playhead_is(
    tmp_path_factory: pytest.TempPathFactory, song: Path, playheads: list[float | None], batch: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    calls = 0

    def playhead() -> float | None:
        nonlocal calls
        calls += 1
        return playheads[calls % len(playheads)]

    uninterrupted = separate(make_request(song, folder / "uninterrupted"), RecordingEngine())
    assert separate(make_request(song, folder / "listened"), RecordingEngine(batch=batch), playhead) == uninterrupted


def test_segments_at_the_playhead_are_separated_first(song: Path, tmp_path: Path) -> None:
    segments_folder = tmp_path / "segments"
    with pytest.raises(InterruptionError):
        separate(
            make_request(song, tmp_path / "job", segments=segments_folder), RecordingEngine(max_calls=3), lambda: 0.5
        )
    # 0.5 s is frame 22050: the segments that begin at 18432 and 21504 contain it.
    assert sorted(file.stem for file in segments_folder.glob("*.float32")) == ["000006", "000007", "000008"]


@pytest.mark.parametrize("finished", range(0, 17, 2))
def test_interrupted_run_resumes_after_its_finished_segments(song: Path, tmp_path: Path, finished: int) -> None:
    uninterrupted, reference_engine = tmp_path / "uninterrupted", RecordingEngine()
    expected = separate(make_request(song, uninterrupted), reference_engine)
    request = make_request(song, tmp_path / "job", segments=tmp_path / "segments", key="song and model")
    with pytest.raises(InterruptionError):
        separate(request, RecordingEngine(max_calls=finished))
    resumed = RecordingEngine()
    assert separate(replace(request, folder=tmp_path / "second"), resumed) == expected
    assert len(resumed.batches) == len(reference_engine.batches) - finished


@pytest.mark.parametrize("change", [{"key": "another model"}, {"overlap": 0.5}, {"shifts": 2}])
def test_segments_of_a_different_request_are_not_reused(song: Path, tmp_path: Path, change: dict[str, object]) -> None:
    request = make_request(song, tmp_path / "job", segments=tmp_path / "segments")
    with pytest.raises(InterruptionError):
        separate(request, RecordingEngine(max_calls=5))
    changed = replace(request, folder=tmp_path / "second", **change)  # pyright: ignore[reportArgumentType]
    uninterrupted = replace(changed, folder=tmp_path / "uninterrupted", segments=None)
    assert separate(changed, RecordingEngine()) == separate(uninterrupted, RecordingEngine())


def test_segments_are_deleted_after_the_run_unless_they_have_a_folder_of_their_own(song: Path, tmp_path: Path) -> None:
    separate(make_request(song, tmp_path / "job"), RecordingEngine())
    assert not (tmp_path / "job" / "segments").exists()
    separate(make_request(song, tmp_path / "kept", segments=tmp_path / "segments"), RecordingEngine())
    assert (tmp_path / "segments" / "about.json").exists()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_htdemucs(tmp_path_factory.mktemp("model") / "tiny.th", TINY_KWARGS | {"nfft": 1024, "segment": 0.25})


@settings(max_examples=12)
@given(
    frames=st.sampled_from([1000, 11024, 11025, 11026, 40000]) | st.integers(2, 50_000),
    overlap=st.sampled_from([0.1, 0.25, 0.5, 0.75]),
    shifts=st.integers(0, 3),
)
def test_raw_stems_match_demucs_at_any_length_overlap_and_number_of_shifts(
    tmp_path_factory: pytest.TempPathFactory, weights: Path, frames: int, overlap: float, shifts: int
) -> None:
    folder = tmp_path_factory.mktemp("reference")
    sound = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)
    soundfile.write(folder / "song.wav", sound, RATE, subtype="FLOAT")
    engine = load_engine(EngineSpec("tiny", "demucs", (weights,)))
    request = make_request(folder / "song.wav", folder / "job", overlap=overlap, shifts=shifts)
    outcome = run(request, engine, lambda step: None, lambda: False)
    actual = np.stack([soundfile.read(stem.path, dtype="float32")[0].T for stem in outcome.stems])
    np.testing.assert_allclose(actual, separate_with_demucs(weights, sound.T, overlap, shifts), atol=1e-4)


def separate_with_demucs(weights: Path, sound: NDArray[np.float32], overlap: float, shifts: int) -> NDArray[np.float32]:
    """Return float32 `[sources, 2, frames]` as the demucs command computes it."""
    mixture = torch.from_numpy(np.ascontiguousarray(sound))
    mono = mixture.mean(0)
    mean, deviation = mono.mean(), mono.std() + 1e-8
    model, normalized = load_model(weights), ((mixture - mean) / deviation)[None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demucs.apply.random", random.Random(0))  # its model uses the global random generator too
        stems = apply_model(model, normalized, shifts=shifts, split=True, overlap=overlap)
    return (stems[0] * deviation + mean).numpy()
