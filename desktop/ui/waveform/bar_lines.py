"""Bars and beats at a zoom: where their lines are, and which bars and chords are labelled."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import NO_CHORD, Chord

MIN_LINE_SPACING = 8.0
"""Smallest distance of two lines in logical pixels."""
MIN_BAR_SPACING = 68.0
"""Smallest distance of two labelled bars in logical pixels, so that number and chord never touch the next."""
MIN_CHORD_SPACING = 40.0
"""Smallest distance in logical pixels of a chord from the labels beside it."""


class BarLabel(NamedTuple):
    """Number of a bar."""

    second: float
    bar: int


def compute_lines(grid: BeatGrid, start: float, end: float, width: float) -> list[tuple[float, bool]]:
    """Return x in logical pixels, and whether a bar begins there, of each line between two seconds.

    Beats have lines if they are `MIN_LINE_SPACING` apart, and otherwise as many bars as are that far apart.
    """
    first, last = bisect_left(grid.beats, start), bisect_right(grid.beats, end)
    pixels_per_second = width / max(end - start, 1e-9)
    beat_width = _mean_beat(grid) * pixels_per_second
    shows_beats = beat_width >= MIN_LINE_SPACING
    beats_per_line = 1 if shows_beats else _bar_step(grid, beat_width, MIN_LINE_SPACING)
    first += (grid.first_downbeat - first) % beats_per_line
    return [
        ((grid.beats[index] - start) * pixels_per_second, grid.is_downbeat(index))
        for index in range(first, last, beats_per_line)
    ]


def compute_bar_labels(grid: BeatGrid, start: float, end: float, width: float) -> list[BarLabel]:
    """Return the labelled bars between two seconds: every bar, or every second, fourth, … if they would touch."""
    beat_width = _mean_beat(grid) * width / max(end - start, 1e-9)
    step = _bar_step(grid, beat_width, MIN_BAR_SPACING)
    first, last = bisect_left(grid.beats, start), bisect_right(grid.beats, end)
    first += (grid.first_downbeat - first) % step
    return [BarLabel(grid.beats[index], grid.position_at(grid.beats[index]).bar) for index in range(first, last, step)]


def compute_chord_changes(
    chords: Sequence[Chord], labels: Iterable[BarLabel], start: float, end: float, width: float
) -> list[Chord]:
    """Return the chords between two seconds that begin inside a bar, where there is room for their names."""
    taken = [label.second for label in labels]
    spacing = MIN_CHORD_SPACING * (end - start) / max(1.0, width)
    changes: list[Chord] = []
    for chord in chords:
        index = bisect_right(taken, chord.start_s)
        is_after_label = not index or chord.start_s - taken[index - 1] >= 2 * spacing
        is_before_label = index == len(taken) or taken[index] - chord.start_s >= spacing
        is_after_change = not changes or chord.start_s - changes[-1].start_s >= spacing
        if start <= chord.start_s < end and is_after_label and is_before_label and is_after_change:
            changes.append(chord)
    return changes


def chord_at(chords: Sequence[Chord], second: float) -> Chord | None:
    """Return the chord that sounds at `second`, or begins within 50 ms."""
    index = bisect_right(chords, second + 0.05, key=lambda chord: chord.start_s) - 1
    return chords[index] if index >= 0 and second < chords[index].end_s else None


def format_chord(chord: Chord, cents: int, uses_flats: bool) -> str:
    """Return the name of a chord transposed by `cents`, with the signs ♯ and ♭; empty if none sounds."""
    if chord.name == NO_CHORD:
        return ""
    name = chord.transposed_name(round(cents / 100), uses_flats)
    return name.replace("#", "♯").replace("b", "♭")


def _mean_beat(grid: BeatGrid) -> float:
    """Return the mean seconds from beat to beat."""
    return (grid.beats[-1] - grid.beats[0]) / (len(grid.beats) - 1)


def _bar_step(grid: BeatGrid, beat_width: float, min_spacing: float) -> int:
    """Return the beats of the smallest 1, 2, 4, 8, … bars that take `min_spacing` pixels."""
    bars = max(1.0, min_spacing / max(beat_width * grid.beats_per_bar, 1e-9))
    return grid.beats_per_bar * 2 ** math.ceil(math.log2(bars) - 1e-9)
