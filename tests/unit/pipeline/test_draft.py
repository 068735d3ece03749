"""A draft: Sketch's stems of a track that is still being decoded."""

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
SONG = SHARED / "fixtures" / "songs" / "spleeter_audio_example.mp3"


def drafted(track: Path, folder: Path, engine: SketchEngine = ENGINE) -> SegmentStore:
    make_draft(track, folder, engine, lambda: None, lambda: False)
    return SegmentStore.open(folder)


def noise(folder: Path, seconds: float, channels: int = 2, rate: int = RATE) -> Path:
    path = folder / "noise.wav"
    sound = np.random.default_rng(1).uniform(-0.4, 0.4, (round(seconds * rate), channels))
    soundfile.write(path, sound * np.linspace(0.2, 1, len(sound))[:, None], rate, subtype="PCM_16")
    return path


@pytest.mark.parametrize("seconds", [0.001, 3.0, 9.97, 31.0])
def test_a_draft_is_what_sketch_makes_of_the_whole_track(tmp_path: Path, seconds: float) -> None:
    track = noise(tmp_path, seconds)
    store = drafted(track, tmp_path / "draft")
    sound = soundfile.read(track, dtype="float32")[0].T
    assert store.manifest.frames == sound.shape[1]
    assert store.is_ready(0, store.manifest.frames)
    found = store.read(0, store.manifest.frames).transpose(1, 2, 0)
    np.testing.assert_allclose(found, separate_track(ENGINE, sound), atol=1e-3)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_draft_of_another_rate_has_the_tracks_length(tmp_path: Path, rate: int) -> None:
    store = drafted(noise(tmp_path, 14.0, 1, rate), tmp_path / "draft")
    assert abs(store.manifest.frames - 14 * RATE) <= 1
    assert store.manifest.channels == 1
    assert store.is_ready(0, store.manifest.frames)


def test_a_draft_of_a_file_that_changes_on_the_way_is_of_all_of_it(tmp_path: Path) -> None:
    for name, channels, rate in (("a.flac", 1, 22050), ("b.flac", 2, RATE)):
        soundfile.write(tmp_path / name, np.full((rate, channels), 0.1), rate)
    (tmp_path / "c.flac").write_bytes((tmp_path / "a.flac").read_bytes() + (tmp_path / "b.flac").read_bytes())
    store = drafted(tmp_path / "c.flac", tmp_path / "draft")
    assert (store.manifest.frames, store.manifest.channels) == (2 * RATE, 2)
    assert store.is_ready(0, store.manifest.frames)


def test_the_beginning_can_be_heard_before_the_rest_is_there(tmp_path: Path) -> None:
    ready: list[float] = []

    def look() -> None:
        store = SegmentStore.open(tmp_path / "draft")
        ready.append(store.ready_until(0, store.manifest.frames) / RATE)

    make_draft(SONG, tmp_path / "draft", ENGINE, look, lambda: False)
    assert len(ready) > 1
    assert 5.0 < ready[0] < 15.0
    assert ready == sorted(ready)


def test_a_header_that_claims_three_thousand_years_costs_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "_MAX_SHARE_OF_FREE_SPACE", 1e6)  # or else it is the disk of this machine that decides
    honest, boasting = tmp_path / "honest.mka", tmp_path / "boasting.mka"
    run_ffmpeg("-i", noise(tmp_path, 3.0), "-c:a", "flac", honest)
    before, mark, after = honest.read_bytes().partition(b"\x44\x89\x88")  # Matroska's Duration, a number of 8 bytes
    boasting.write_bytes(before + mark + struct.pack(">d", 1e14) + after[8:])
    planned: list[int] = []

    def look() -> None:
        planned.append(SegmentStore.open(tmp_path / "draft").manifest.frames)

    make_draft(boasting, tmp_path / "draft", ENGINE, look, lambda: False)
    assert max(planned) <= 4 * 3600 * RATE
    assert planned[-1] == 3 * RATE


def test_a_draft_that_nobody_wants_any_more_stops(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        make_draft(SONG, tmp_path / "draft", ENGINE, lambda: None, lambda: True)


def test_what_is_no_song_has_no_draft(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"not a song at all" * 99)
    with pytest.raises(UnusableTrackError):
        drafted(tmp_path / "song.mp3", tmp_path / "draft")


def test_a_draft_takes_no_more_than_its_part_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(OSError, match="too much of the disk"):
        drafted(noise(tmp_path, 14.0), tmp_path / "draft")
