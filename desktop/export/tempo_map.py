"""Tempo map of an exported song: bars and beats of a music program, at the times at which the song has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from desktop.analysis.beat_grid import BeatGrid

DEFAULT_TEMPO_BPM = 120.0
"""Tempo of a song without a steady beat."""
_DEFAULT_BEATS_PER_BAR = 4
# The highest tempo that Reaper takes.
_MAX_TEMPO_BPM = 960.0
# Bars that differ less from those of a constant tempo, in seconds, have a constant tempo.
_CONSTANT_TOLERANCE_S = 0.01
# A first bar that begins less after the start, in seconds, begins there.
_START_TOLERANCE_S = 0.001


@dataclass(frozen=True)
class TempoPoint:
    """Change of tempo or bar, which is always the beginning of a bar."""

    second: float
    beat: float
    """Quarter notes since the start."""
    bpm: float
    beats_per_bar: int


@dataclass(frozen=True)
class TempoMap:
    """Changes of tempo and bar; the first one is at the start. Between them the tempo is constant."""

    points: tuple[TempoPoint, ...]

    def beat_at(self, second: float) -> float:
        """Return the quarter notes from the start to `second`."""
        point = next((each for each in reversed(self.points) if each.second <= second), self.points[0])
        return point.beat + (second - point.second) * point.bpm / 60

    @property
    def bar_changes(self) -> list[TempoPoint]:
        """The points at which the number of beats in a bar changes, and the first one."""
        changed = [later for first, later in pairwise(self.points) if first.beats_per_bar != later.beats_per_bar]
        return [self.points[0], *changed]


def make_tempo_map(
    grid: BeatGrid | None, tempo_bpm: float | None, seconds: float, start_s: float = 0.0, speed: float = 1.0
) -> TempoMap:
    """Return the tempo map of a file of `seconds` that has the song from `start_s` on, played at `speed` times its own.

    Every bar of `grid` begins a bar. The tempo is one for all bars if they fit it, else each bar has its own. What
    comes before the first bar is as many beats as fit best, at a tempo of its own. Without a grid, the tempo is
    `tempo_bpm`, or the default one.
    """
    if grid is None:
        bpm = (tempo_bpm or DEFAULT_TEMPO_BPM) * speed
        return TempoMap((TempoPoint(0.0, 0.0, bpm, _DEFAULT_BEATS_PER_BAR),))
    times = [(downbeat - start_s) / speed for downbeat in grid.downbeats]
    bars = [max(0.0, time) for time in times if -_START_TOLERANCE_S <= time < seconds] or [0.0]
    if len(bars) == 1:
        bars.append(bars[0] + grid.beats_per_bar * 60 / (grid.tempo_bpm * speed))
    return TempoMap(_make_points(bars, grid.beats_per_bar))


def _make_points(bars: Sequence[float], beats_per_bar: int) -> tuple[TempoPoint, ...]:
    """Return the points for bars that begin at these times in seconds, two or more."""
    lead_in = _make_lead_in(bars[0], (bars[1] - bars[0]) / beats_per_bar, beats_per_bar)
    if lead_in:
        first_beat, durations = round(lead_in[0].bpm * bars[0] / 60), _bar_durations(bars)
    else:  # the first bar begins at the start, and has a tempo of its own if that is not where it was
        first_beat, durations = 0, _bar_durations([0.0, *bars[1:]])
        if bars[0] > 0 and len(bars) > 2:
            durations = [(0.0, bars[1]), *_bar_durations(bars[1:])]
    points = [
        TempoPoint(start, float(first_beat + number * beats_per_bar), beats_per_bar * 60 / duration, beats_per_bar)
        for number, (start, duration) in enumerate(durations)
    ]
    return (*lead_in, *points)


def _bar_durations(bars: Sequence[float]) -> list[tuple[float, float]]:
    """Return start and duration in seconds of each bar that has another tempo than the one before."""
    mean = (bars[-1] - bars[0]) / (len(bars) - 1)
    if all(abs(bar - bars[0] - number * mean) < _CONSTANT_TOLERANCE_S for number, bar in enumerate(bars)):
        return [(bars[0], mean)]
    return [(first, later - first) for first, later in pairwise(bars)]


def _make_lead_in(seconds: float, beat_s: float, beats_per_bar: int) -> list[TempoPoint]:
    """Return the points for what comes before the first bar; none if it is too short for a beat.

    Beats that do not fill a bar are a shorter bar at the start.
    """
    if seconds <= _START_TOLERANCE_S:
        return []
    count = max(1, round(seconds / beat_s))
    bpm = count * 60 / seconds
    if bpm > _MAX_TEMPO_BPM:
        return []
    remainder = count % beats_per_bar
    points = [TempoPoint(0.0, 0.0, bpm, remainder)] if remainder else []
    if count >= beats_per_bar:
        points.append(TempoPoint(remainder * 60 / bpm, float(remainder), bpm, beats_per_bar))
    return points
