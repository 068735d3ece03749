"""Rendering of mixes without a device: the samples of the player, passages, limiter, and memory."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback import player_output
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains
from desktop.playback.limiter import CEILING_DB
from desktop.playback.local_engine import LocalEngine
from desktop.playback.mix import LaneMix, Master, Mix, db_to_gain
from desktop.playback.mixer import RAMP_S
from desktop.playback.practice import Click, Loop
from desktop.playback.rendering import Rendering
from desktop.playback.session import Session
from desktop.playback.song_state import SongState
from desktop.playback.source import StemFileSource
from tests.helpers.library import wait_until
from tests.helpers.manual_device import ManualDevices

RATE = 44100
SECONDS = 3
NAMES = ("vocals", "drums", "bass")
GRID = BeatGrid(tuple(0.5 * number for number in range(2 * SECONDS)))
FADE = round(RAMP_S * RATE)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> StemFileSource:
    random = np.random.default_rng(0)
    paths = [tmp_path_factory.mktemp("stems") / f"{name}.flac" for name in NAMES]
    for path in paths:
        soundfile.write(path, random.normal(0, 0.1, (SECONDS * RATE, 2)), RATE, subtype="PCM_24")
    return StemFileSource(paths)


@pytest.fixture(scope="module")
def stems(source: StemFileSource) -> list[NDArray[np.float32]]:
    return [np.asarray(soundfile.read(path, dtype="float32")[0], np.float32) for path in source.paths]


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    created = ManualDevices()
    monkeypatch.setattr(player_output, "Device", created)
    return created


def render(source: StemFileSource, state: SongState, **options: Any) -> NDArray[np.float32]:
    """Return what the mix of `state` renders, float32 `[frames, 2]`."""
    settings = ChainSettings.of(state, NAMES, GRID)
    rendering = Rendering(source, settings, [Gains.of(state, NAMES)], **options)
    return np.concatenate([block for (block,) in rendering.blocks()])


def play(source: StemFileSource, state: SongState, devices: ManualDevices, frames: int) -> NDArray[np.float32]:
    """Return what a session plays on a device of the test, float32 `[frames, 2]`."""
    engine = LocalEngine()
    session = Session(engine)
    session.open(source, NAMES, state)
    session.set_grid(GRID)
    session.play()

    def is_ahead() -> bool:
        ring = engine.player.requested_ring if engine.player else None
        return devices.is_playing and ring is not None and (ring.readable_frames > RATE or ring.is_complete)

    blocks: list[NDArray[np.float32]] = []
    for _ in range(0, frames, 441):
        wait_until(is_ahead, 10, 0.002)
        blocks.append(devices.devices[-1].render_channels(441))
    session.close()
    return np.concatenate(blocks)[:frames]


def one_lane(lane: int) -> Gains:
    gains = [(0.0, 0.0)] * (len(NAMES) + 2)
    gains[lane] = (1.0, 1.0)
    return Gains(1.0, gains, has_limiter=False)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mixes": {"A": Mix({"vocals": LaneMix(-7.3, pan=0.4), "bass": LaneMix(mute=True)})}, "master": Master(3.2)},
        {"mixes": {"A": Mix({"drums": LaneMix(solo=True)})}, "click": Click(is_on=True, gain_db=-3.0)},
        {"speed_percent": 75.0, "cents": -150},
    ],
    ids=["plain", "levels, pan and mute", "solo and click", "speed and key"],
)
def test_rendered_mix_is_what_the_player_plays(
    source: StemFileSource, devices: ManualDevices, changes: dict[str, Any]
) -> None:
    state = SongState(**changes)
    rendered = render(source, state)
    assert len(rendered) == round(SECONDS * RATE / (state.speed_percent / 100))
    played = play(source, state, devices, 2 * RATE)
    np.testing.assert_array_equal(rendered[FADE : 2 * RATE], played[FADE:])  # the player fades in


def test_stems_rendered_together_are_the_samples_of_their_files(
    source: StemFileSource, stems: Sequence[NDArray[np.float32]]
) -> None:
    rendering = Rendering(source, ChainSettings(), [one_lane(lane) for lane in range(len(NAMES))])
    blocks = list(rendering.blocks())
    for lane, stem in enumerate(stems):
        np.testing.assert_array_equal(np.concatenate([block[lane] for block in blocks]), stem)


def test_passage_begins_and_ends_at_its_seconds_and_is_not_repeated(
    source: StemFileSource, stems: Sequence[NDArray[np.float32]]
) -> None:
    state = SongState(loops=(Loop(1.0, 1.5),), loop_index=0, is_looping=True)
    rendered = render(source, state, passage=(1.0, 1.5))
    np.testing.assert_array_equal(rendered, np.sum([stem[RATE : RATE * 3 // 2] for stem in stems], axis=0))
    slow = render(source, replace(state, speed_percent=50.0), passage=(1.0, 1.5))
    assert len(slow) == RATE


def test_limited_mix_is_neither_late_nor_shorter_and_stays_below_the_ceiling(source: StemFileSource) -> None:
    loud = SongState(master=Master(6.0))
    free, limited = render(source, loud), render(source, replace(loud, master=Master(6.0, has_limiter=True)))
    assert len(limited) == len(free)
    assert np.abs(free).max() > 1.0
    assert np.abs(limited).max() <= db_to_gain(CEILING_DB) + 1e-6
    assert np.corrcoef(limited[:, 0], free[:, 0])[0, 1] > 0.95


def test_quiet_mix_passes_the_limiter_unchanged(source: StemFileSource) -> None:
    quiet = SongState(master=Master(-20.0))
    limited = render(source, replace(quiet, master=Master(-20.0, has_limiter=True)))
    np.testing.assert_array_equal(limited, render(source, quiet))


def test_mix_is_rendered_at_another_sample_rate(source: StemFileSource) -> None:
    assert len(render(source, SongState(), sample_rate=48000)) == pytest.approx(SECONDS * 48000, abs=1)


def test_closed_rendering_leaves_no_file_open(source: StemFileSource) -> None:
    blocks = Rendering(source, ChainSettings(), [one_lane(0)]).blocks()
    next(blocks)
    blocks.close()  # the files are closed although most of the song is unread
    assert not {Path(file.path) for file in psutil.Process().open_files()} & set(source.paths)
