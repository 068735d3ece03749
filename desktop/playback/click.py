"""Click on the beats of a song: where its sounds are, and their samples."""

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.time_map import TimeMap

CLICK_S = 0.03
"""Length of a click in seconds."""
# Seconds in which the sound decays to 1/e: after its whole length, it is 50 dB down.
_DECAY_S = 0.0052
_HZ, _ACCENT_HZ = 1000.0, 1500.0
_PEAK, _ACCENT_PEAK = 0.6, 1.0
# Seconds that a playhead, which is a whole frame, may be behind the beat on which it was set: half a frame at 22.05 kHz.
ROUNDING_S = 0.51 / 22050
# Two clicks are no beats if they are closer: it is the same beat, rounded to two frames.
_MIN_INTERVAL_S = 0.008
# Seconds of silence before a count-in, in which playback fades in.
_SILENCE_S = 0.02


class Beat(NamedTuple):
    """One sound of the click."""

    second: float
    """Second of the song; before its start in a count-in."""
    is_downbeat: bool


def beats_between(grid: BeatGrid, start_s: float, end_s: float) -> list[Beat]:
    """Return the beats of `grid` from `start_s` on and before `end_s`."""
    first, end = bisect_left(grid.beats, start_s), bisect_left(grid.beats, end_s)
    return [Beat(grid.beats[index], grid.is_downbeat(index)) for index in range(first, end)]


def count_in_beats(grid: BeatGrid, playhead_s: float, bars: int) -> list[Beat]:
    """Return the beats of `bars` bars before the first beat that is heard from `playhead_s` on.

    They are as long as the beat at the playhead, and accented like those of `grid`, whose nearest beats go on outside it.
    """
    duration = grid.beat_duration_at(playhead_s)
    heard_from_s = playhead_s - ROUNDING_S
    index = min(bisect_left(grid.beats, heard_from_s), len(grid.beats) - 1)
    distance_s = grid.beats[index] - heard_from_s
    beats_ahead = floor(distance_s / duration) if index == 0 or distance_s < 0 else 0
    index, next_s = index - beats_ahead, grid.beats[index] - beats_ahead * duration
    count = bars * grid.beats_per_bar
    return [Beat(next_s - distance * duration, grid.is_downbeat(index - distance)) for distance in range(count, 0, -1)]


def count_in_start_s(count_in: Sequence[Beat], speed: float) -> float:
    """Return the second of the song at which a count-in begins, at `speed` (1 at 100 %)."""
    return count_in[0].second - _SILENCE_S * speed


class ClickLane:
    """Renders the click, frame by frame: each sound begins at the frame of its beat, whatever the speed of the song."""

    def __init__(self, sample_rate: int, grid: BeatGrid | None, count_in: Sequence[Beat], has_accent: bool) -> None:
        """Prepare the sounds of the beats of `grid`, and before them those of the `count_in`."""
        self._rate = sample_rate
        self._grid = grid
        self._count_in = count_in
        self._plain = _synthesize(sample_rate, _HZ, _PEAK)
        self._accent = _synthesize(sample_rate, _ACCENT_HZ, _ACCENT_PEAK) if has_accent else self._plain
        self._sounds: list[tuple[int, NDArray[np.float32]]] = []
        self._last_start = -sample_rate

    def render(self, out: NDArray[np.float32], frame: int, time_map: TimeMap) -> None:
        """Fill `out`, float32 `[frames, 2]`, whose first frame is `frame` of a ring with this `time_map`."""
        out.fill(0.0)
        self.start_sounds(frame, frame + len(out), time_map)
        for start, sound in self._sounds:
            first, end = max(start, frame), min(start + len(sound), frame + len(out))
            if first < end:
                out[first - frame : end - frame] += sound[first - start : end - start, None]
        self._sounds = [(start, sound) for start, sound in self._sounds if start + len(sound) > frame + len(out)]

    def start_sounds(self, start: int, end: int, time_map: TimeMap) -> None:
        """Start the sounds whose first frame is from `start` on and before `end`; `render` continues them."""
        for piece, end_of_piece in time_map.pieces_between(start, end):
            frames_per_second = self._rate / piece.speed
            piece_end_s = piece.second + (end_of_piece - piece.frame) / frames_per_second
            start_s, end_s = (piece.second + (frame - piece.frame) / frames_per_second for frame in (start, end))
            for beat in self._beats(
                piece.is_count_in,
                max(start_s - 2 * ROUNDING_S, piece.second - ROUNDING_S),
                min(end_s + 2 * ROUNDING_S, piece_end_s - ROUNDING_S),
            ):
                frame = round(piece.frame + (beat.second - piece.second) * frames_per_second)
                frame = max(frame, ceil(piece.frame))
                if start <= frame < end:
                    self._start(frame, beat)

    def _beats(self, is_count_in: bool, start_s: float, end_s: float) -> Sequence[Beat]:
        if is_count_in:
            return [beat for beat in self._count_in if start_s <= beat.second < end_s]
        return beats_between(self._grid, start_s, end_s) if self._grid else ()

    def _start(self, frame: int, beat: Beat) -> None:
        if frame - self._last_start >= _MIN_INTERVAL_S * self._rate:
            self._last_start = frame
            self._sounds.append((frame, self._accent if beat.is_downbeat else self._plain))


def _synthesize(sample_rate: int, hz: float, peak: float) -> NDArray[np.float32]:
    """Return a decaying sine, float32 `[frames]`, whose first sample is not silent."""
    seconds = np.arange(1, int(CLICK_S * sample_rate) + 1) / sample_rate
    sound = np.sin(2 * np.pi * hz * seconds) * np.exp(-seconds / _DECAY_S)
    return (sound * (peak / np.abs(sound).max())).astype(np.float32)
