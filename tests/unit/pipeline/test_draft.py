"""Drafts: Sketch's stems of a track that is still being decoded."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.errors import CancelledError, UnusableTrackError
from desktop.pipeline import draft
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.segments.store import SegmentStore
from tests.helpers.engines import separate_track
from tests.helpers.shared import SHARED
from tests.helpers.sound import run_ffmpeg

ENGINE = SketchEngine()
RATE = 44100
TRACK = SHARED / "fixtures" / "songs" / "spleeter_audio_example.mp3"


def make_draft_store(track: Path, folder: Path, engine: SketchEngine = ENGINE) -> SegmentStore:
    make_draft(track, folder, engine, lambda: None, lambda: False)
    return SegmentStore.open(folder)


def write_noise(folder: Path, seconds: float, channels: int = 2, rate: int = RATE) -> Path:
    path = folder / "noise.wav"
    sound = np.random.default_rng(1).uniform(-0.4, 0.4, (round(seconds * rate), channels))
    soundfile.write(path, sound * np.linspace(0.2, 1, len(sound))[:, None], rate, subtype="PCM_16")
    return path


@pytest.mark.parametrize("seconds", [0.001, 3.0, 9.97, 31.0])
def test_draft_matches_sketch_on_the_whole_track(tmp_path: Path, seconds: float) -> None:
    track = write_noise(tmp_path, seconds)
    store = make_draft_store(track, tmp_path / "draft")
    sound = soundfile.read(track, dtype="float32")[0].T
    assert store.manifest.frames == sound.shape[1]
    assert store.is_ready(0, store.manifest.frames)
    actual = store.read(0, store.manifest.frames).transpose(1, 2, 0)
    np.testing.assert_allclose(actual, separate_track(ENGINE, sound), atol=1e-3)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_draft_at_another_sample_rate_has_the_length_of_the_track(tmp_path: Path, rate: int) -> None:
    store = make_draft_store(write_noise(tmp_path, 14.0, 1, rate), tmp_path / "draft")
    assert abs(store.manifest.frames - 14 * RATE) <= 1
    assert store.manifest.channels == 1
    assert store.is_ready(0, store.manifest.frames)


def test_draft_covers_a_file_whose_format_changes_midway(tmp_path: Path) -> None:
    for name, channels, rate in (("a.flac", 1, 22050), ("b.flac", 2, RATE)):
        soundfile.write(tmp_path / name, np.full((rate, channels), 0.1), rate)
    (tmp_path / "c.flac").write_bytes((tmp_path / "a.flac").read_bytes() + (tmp_path / "b.flac").read_bytes())
    store = make_draft_store(tmp_path / "c.flac", tmp_path / "draft")
    assert (store.manifest.frames, store.manifest.channels) == (2 * RATE, 2)
    assert store.is_ready(0, store.manifest.frames)


def test_start_of_a_draft_is_ready_before_the_rest(tmp_path: Path) -> None:
    ready_seconds: list[float] = []

    def record_ready_time() -> None:
        store = SegmentStore.open(tmp_path / "draft")
        ready_seconds.append(store.ready_until(0, store.manifest.frames) / RATE)

    make_draft(TRACK, tmp_path / "draft", ENGINE, record_ready_time, lambda: False)
    assert len(ready_seconds) > 1
    assert 5.0 < ready_seconds[0] < 15.0
    assert ready_seconds == sorted(ready_seconds)


def test_header_that_claims_three_thousand_years_does_not_inflate_the_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        draft, "_MAX_SHARE_OF_FREE_SPACE", 1e6
    )  # otherwise the free space of this machine's disk decides
    original, inflated = tmp_path / "original.mka", tmp_path / "inflated.mka"
    run_ffmpeg("-i", write_noise(tmp_path, 3.0), "-c:a", "flac", original)
    prefix, marker, suffix = original.read_bytes().partition(b"\x44\x89\x88")  # Matroska's Duration, a float of 8 bytes
    inflated.write_bytes(prefix + marker + struct.pack(">d", 1e14) + suffix[8:])
    frame_counts: list[int] = []

    def record_frames() -> None:
        frame_counts.append(SegmentStore.open(tmp_path / "draft").manifest.frames)

    make_draft(inflated, tmp_path / "draft", ENGINE, record_frames, lambda: False)
    assert max(frame_counts) <= 4 * 3600 * RATE
    assert frame_counts[-1] == 3 * RATE


def test_cancelled_draft_stops(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        make_draft(TRACK, tmp_path / "draft", ENGINE, lambda: None, lambda: True)


def test_file_without_audio_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"not a song at all" * 99)
    with pytest.raises(UnusableTrackError):
        make_draft_store(tmp_path / "song.mp3", tmp_path / "draft")


def test_draft_that_takes_too_much_of_the_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(OSError, match="too much of the disk"):
        make_draft_store(write_noise(tmp_path, 14.0), tmp_path / "draft")
