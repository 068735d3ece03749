"""Chain with real files: exact samples, loops without a gap, original, click and count-in at any speed and rate."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.chain import Chain
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.click import count_in_beats, count_in_start_s
from desktop.playback.looped_stream import LoopedStream, loop_frames
from desktop.playback.practice import Loop, SpeedTrainer
from desktop.playback.ring import LaneSamples
from desktop.playback.source import StemFileSource
from desktop.playback.time_map import Piece

RATE = 44100
FRAMES = 3 * RATE
NAMES = ("vocals", "drums", "bass")
CLICK, ORIGINAL = -1, -2


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> StemFileSource:
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("stems")
    for name in NAMES:
        soundfile.write(folder / f"{name}.flac", random.normal(0, 0.1, (FRAMES, 2)), RATE, subtype="PCM_24")
    return StemFileSource([folder / f"{name}.flac" for name in NAMES])


@pytest.fixture(scope="module")
def stems(source: StemFileSource) -> LaneSamples:
    return np.stack([soundfile.read(path, dtype="float32")[0] for path in source.paths], axis=1)


def start_at(second: float) -> Piece:
    return Piece(0, second, 1.0, second)


def read_blocks(chain: Chain, frames: int) -> Iterator[LaneSamples]:
    while frames > 0 and not chain.has_ended:
        sound = chain.read(min(4096, frames))
        frames -= len(sound)
        yield sound


def read(chain: Chain, frames: int = 10 * FRAMES) -> LaneSamples:
    """Return the next frames, or all up to the end."""
    sound = np.concatenate(list(read_blocks(chain, frames)))
    if chain.has_ended:
        chain.close()
    return sound


def repeated(stems: LaneSamples, start: int, loop: tuple[int, int], frames: int) -> LaneSamples:
    """Return what is heard from frame `start` on while `loop` repeats."""
    parts = [stems[start : loop[1]], *[stems[loop[0] : loop[1]]] * ceil(frames / (loop[1] - loop[0]))]
    return np.concatenate(parts)[:frames]


def test_stems_are_those_of_the_files_bit_for_bit_without_speed_and_key(
    source: StemFileSource, stems: LaneSamples
) -> None:
    sound = read(Chain(source, RATE, ChainSettings(), start_at(0.5)))
    np.testing.assert_array_equal(sound[:, :ORIGINAL], stems[RATE // 2 :])
    assert not sound[:, CLICK].any()


def test_original_is_the_sum_of_the_stems_bit_for_bit(source: StemFileSource, stems: LaneSamples) -> None:
    sound = read(Chain(source, RATE, ChainSettings(), start_at(0.0)))
    np.testing.assert_array_equal(sound[:, ORIGINAL], stems.sum(axis=1))


@pytest.mark.parametrize("loop", [(RATE, 2 * RATE), (20000, 20882), (RATE, FRAMES), (12345, 54321)])
def test_loop_repeats_without_a_gap_to_the_sample(
    source: StemFileSource, stems: LaneSamples, loop: tuple[int, int]
) -> None:
    settings = ChainSettings(Loop(loop[0] / RATE, loop[1] / RATE))
    sound = read(Chain(source, RATE, settings, start_at(10000 / RATE)), 4 * RATE)
    np.testing.assert_array_equal(sound[:, :ORIGINAL], repeated(stems, 10000, loop, 4 * RATE))


def test_loop_at_another_rate_is_that_of_the_endless_song(source: StemFileSource, stems: LaneSamples) -> None:
    loop = (RATE // 2, RATE)
    chain = Chain(source, 48000, ChainSettings(Loop(0.5, 1.0)), start_at(0.0))
    sound = read(chain, 2 * 48000)
    endless = repeated(stems, 0, loop, 3 * RATE)
    expected = soxr.resample(endless.reshape(len(endless), -1).astype(np.float64), RATE, 48000, "VHQ")
    np.testing.assert_allclose(sound[:, :ORIGINAL].reshape(len(sound), -1), expected[: len(sound)], atol=1e-5)
    for round_ in (1, 2):
        assert chain.time_map.second_at(24000 + 24000 * round_) == pytest.approx(0.5, abs=1e-9)


def test_playhead_behind_the_loop_plays_to_the_end(source: StemFileSource, stems: LaneSamples) -> None:
    sound = read(Chain(source, RATE, ChainSettings(Loop(0.5, 1.0)), start_at(1.0)))
    np.testing.assert_array_equal(sound[:, :ORIGINAL], stems[RATE:])


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        (Loop(1.0, 99.0), (RATE, FRAMES)),
        (Loop(1.0, 1.0), (RATE, RATE + 882)),
        (Loop(50.0, 99.0), (FRAMES - 882, FRAMES)),
        (Loop(0.0, 99.0), (0, FRAMES)),
    ],
)
def test_loop_is_clamped_to_the_song_and_to_20_ms(
    source: StemFileSource, loop: Loop, expected: tuple[int, int]
) -> None:
    assert loop_frames(loop, source, 0) == expected


@pytest.mark.parametrize("speed", [50.0, 75.0, 133.0])
@pytest.mark.parametrize("rate", [RATE, 48000])
def test_song_at_another_speed_has_its_length_and_time_map(source: StemFileSource, rate: int, speed: float) -> None:
    chain = Chain(source, rate, ChainSettings(speed_percent=speed), start_at(1.0))
    sound = read(chain)
    assert abs(len(sound) - 2 * rate * 100 / speed) <= 2
    assert chain.time_map.second_at(len(sound)) == pytest.approx(3.0, abs=1e-4)
    assert sound[:, :CLICK].any()


@pytest.mark.parametrize("rate", [RATE, 48000])
@pytest.mark.parametrize(("speed", "cents"), [(75.0, 0), (150.0, 300), (100.0, -200)])
def test_sound_stays_on_its_beat_at_another_speed_and_in_another_key(
    tmp_path: Path, rate: int, speed: float, cents: int
) -> None:
    beats = tuple(0.25 + 0.5 * number for number in range(6))
    path = tmp_path / "drums.wav"
    sound = np.zeros((FRAMES, 2))
    for beat in beats:
        first = round(beat * RATE)
        sound[first : first + 2000] = (np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) * 0.3))[:, None]
    soundfile.write(path, sound, RATE)
    settings = ChainSettings(speed_percent=speed, cents=cents, click_grid=BeatGrid(beats))
    played = read(Chain(StemFileSource([path]), rate, settings, start_at(0.1)))
    for beat in beats:
        frame = round((beat - 0.1) * rate * 100 / speed)
        assert not played[frame - 1, CLICK].any()
        assert played[frame, CLICK].all()
        near = np.abs(played[frame - rate // 20 : frame + rate // 10, 0, 0])
        energy = np.cumsum(near**2)
        # The attack is smeared by the window of the stretcher, around where it belongs.
        assert abs(int(np.searchsorted(energy, energy[-1] / 2)) / rate - 0.05) < 0.02


def test_click_of_a_loop_at_half_speed_is_on_the_beats_of_the_time_map(source: StemFileSource) -> None:
    grid = BeatGrid(tuple(0.25 * number for number in range(12)))
    settings = ChainSettings(Loop(0.5, 1.25), 50.0, click_grid=grid, has_accent=False)
    sound = read(Chain(source, RATE, settings, start_at(0.5)), 4 * RATE)[:, CLICK, 0]
    loud = np.abs(sound) > 0
    starts = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]]))
    np.testing.assert_array_equal(starts, np.arange(0, 4 * RATE, RATE // 2))


def test_lane_transposed_by_itself_leaves_the_others_at_their_place(source: StemFileSource, stems: LaneSamples) -> None:
    settings = ChainSettings(lane_cents=(0, 700, 0))
    sound = read(Chain(source, RATE, settings, start_at(0.0)))
    assert len(sound) == FRAMES

    def spectrum_centre(samples: NDArray[np.float32]) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum())

    centres = [spectrum_centre(sound[RATE : 2 * RATE, lane, 0]) for lane in range(4)]
    assert centres[0] == pytest.approx(spectrum_centre(stems[RATE : 2 * RATE, 0, 0]), rel=0.02)
    assert centres[3] == pytest.approx(centres[0], rel=0.02)


def test_count_in_is_silent_but_for_its_clicks_and_the_song_follows_bit_for_bit(
    source: StemFileSource, stems: LaneSamples
) -> None:
    grid = BeatGrid(tuple(0.1 + 0.25 * number for number in range(12)))
    playhead_s = 30000 / RATE
    beats = count_in_beats(grid, playhead_s, 1)
    start = Piece(0, count_in_start_s(beats, 1.0), 1.0, playhead_s)
    chain = Chain(source, RATE, ChainSettings(click_grid=grid), start, beats)
    lead = round((playhead_s - start.second) * RATE)
    sound = read(chain)
    assert not sound[:lead, :CLICK].any()
    np.testing.assert_array_equal(sound[lead:, :ORIGINAL], stems[30000:])
    clicks = np.abs(sound[:, CLICK, 0]) > 0
    starts = np.flatnonzero(clicks & ~np.concatenate([[False], clicks[:-1]]))
    # Four beats of the count-in and those of the song are one regular series.
    assert len(starts) == 4 + sum(beat >= playhead_s for beat in grid.beats)
    assert np.abs(np.diff(starts) - RATE / 4).max() <= 1


def test_count_in_is_slower_at_a_lower_speed(source: StemFileSource) -> None:
    grid = BeatGrid(tuple(0.25 * number for number in range(12)))
    beats = count_in_beats(grid, 1.0, 1)
    start = Piece(0, count_in_start_s(beats, 0.5), 0.5, 1.0)
    sound = read(Chain(source, RATE, ChainSettings(speed_percent=50.0), start, beats), 3 * RATE)
    silent_frames = int(np.flatnonzero(sound[:, 0, 0])[0])
    assert silent_frames == pytest.approx(2 * RATE + 0.02 * RATE, abs=50)


def test_trainer_asks_for_the_next_speed_at_the_round_in_which_it_begins(source: StemFileSource) -> None:
    trainer = SpeedTrainer(50.0, 100.0, 25.0, 2)
    settings = ChainSettings(Loop(0.5, 0.75), trainer=trainer)
    chain = Chain(source, RATE, settings, start_at(0.5))
    assert chain.speed == 0.5
    read(chain, RATE * 3 // 4)
    assert chain.speed_change_after(0) is None
    read(chain, RATE * 2)
    assert chain.speed_change_after(0) == RATE


def test_time_map_of_a_short_loop_stays_short(source: StemFileSource) -> None:
    chain = Chain(source, RATE, ChainSettings(Loop(0.5, 0.52)), start_at(0.5))
    for _ in range(60):
        list(read_blocks(chain, RATE // 2))
    assert len(chain.time_map.pieces) < 6 / 0.02


class GappyStream:
    """Stream of zeros of one lane that has no frames before a border."""

    def __init__(self, start: int, border: int) -> None:
        self._position, self._border = start, border
        self.has_ended = False

    def read(self, frames: int) -> LaneSamples:
        count = frames if self._position >= self._border else 0
        self._position += count
        return np.ones((count, 1, 2), np.float32)

    def seek(self, frame: int) -> None:
        self._position = frame

    def close(self) -> None:
        """Do nothing."""


class GappySource:
    sample_rate, frames, lanes = RATE, FRAMES, 1

    def open_stream(self, start: int) -> GappyStream:
        return GappyStream(start, RATE)


def test_lead_in_that_does_not_exist_yet_is_silent_and_nobody_waits_for_it() -> None:
    stream = LoopedStream(GappySource(), RATE, lead_in=1000)
    sound = np.concatenate([stream.read(600) for _ in range(4)])
    assert not sound[:1000].any()
    assert sound[1000:].all()
