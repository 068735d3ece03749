"""The user's corrections of an analysis, kept with the state of the song."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor
from typing import Annotated

from msgspec import Meta

from desktop.analysis.beat_grid import MIN_BEAT_S, BeatGrid
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis


@dataclass(frozen=True)
class TappedTempo:
    """Constant tempo that the user tapped."""

    bpm: Annotated[float, Meta(ge=20, le=400)]
    first_beat_s: Annotated[float, Meta(ge=0, le=1e9)]


@dataclass(frozen=True)
class AnalysisEdits:
    """Corrections; each field's default changes nothing."""

    tapped_tempo: TappedTempo | None = None
    """Replaces the beats that were found."""
    tempo_factor: Annotated[float, Meta(ge=0.125, le=8)] = 1.0
    """2 places a beat between any two, 0.5 drops every second one; a power of two."""
    shift_s: float = 0.0
    """Seconds by which all beats are later."""
    downbeat_shift: int = 0
    """Beats by which each bar begins later."""
    beats_per_bar: Annotated[int, Meta(ge=1, le=16)] | None = None
    key: Key | None = None
    chords: tuple[Chord, ...] = ()
    """Replace the chords that were found in their passages."""


def apply_edits(analysis: SongAnalysis, edits: AnalysisEdits, duration_s: float) -> SongAnalysis:
    """Return `analysis` with the user's corrections, for a song of `duration_s` seconds."""
    grid = _edited_grid(analysis.grid, edits, duration_s)
    return replace(
        analysis,
        grid=grid,
        tempo_bpm=None if grid is None else grid.tempo_bpm,
        key=edits.key or analysis.key,
        chords=override_chords(analysis.chords, edits.chords),
    )


def override_chords(found: Sequence[Chord], edited: Sequence[Chord]) -> tuple[Chord, ...]:
    """Return the chords in order, where each of `edited` replaces what is before it in its passage."""
    chords = list(found)
    for edit in edited:
        if edit.end_s > edit.start_s:
            chords = [part for chord in chords for part in _outside(chord, edit.start_s, edit.end_s)] + [edit]
    return tuple(sorted(chords, key=lambda chord: chord.start_s))


def _outside(chord: Chord, start_s: float, end_s: float) -> Iterator[Chord]:
    """Yield the parts of a chord before `start_s` and after `end_s`."""
    if chord.start_s < start_s:
        yield replace(chord, end_s=min(chord.end_s, start_s))
    if chord.end_s > end_s:
        yield replace(chord, start_s=max(chord.start_s, end_s))


def _edited_grid(grid: BeatGrid | None, edits: AnalysisEdits, duration_s: float) -> BeatGrid | None:
    if edits.tapped_tempo is not None:
        grid = _constant_grid(edits.tapped_tempo, grid, duration_s)
    if grid is None:
        return None
    grid = _scaled(grid, edits.tempo_factor)
    beats_per_bar = edits.beats_per_bar or grid.beats_per_bar
    return _shifted(
        BeatGrid(grid.beats, (grid.first_downbeat + edits.downbeat_shift) % beats_per_bar, beats_per_bar),
        edits.shift_s,
        duration_s,
    )


def _constant_grid(tempo: TappedTempo, found: BeatGrid | None, duration_s: float) -> BeatGrid | None:
    """Return beats at the tapped tempo throughout the song, of which the tapped first one begins a bar."""
    period_s = 60 / tempo.bpm
    beats_before = int(tempo.first_beat_s / period_s)
    beats_after = floor((duration_s - tempo.first_beat_s) / period_s)  # below 0 if it is behind the end
    beats = tuple(tempo.first_beat_s + index * period_s for index in range(-beats_before, beats_after + 1))
    beats_per_bar = 4 if found is None else found.beats_per_bar
    return None if len(beats) < 2 else BeatGrid(beats, beats_before % beats_per_bar, beats_per_bar)


def _scaled(grid: BeatGrid, factor: float) -> BeatGrid:
    """Return the grid with `factor` times as many beats, a power of two; its first downbeat stays one."""
    while factor >= 2 and grid.shortest_beat_s >= 2 * MIN_BEAT_S:
        between = [(earlier + later) / 2 for earlier, later in pairwise(grid.beats)]
        beats = (*(beat for pair in zip(grid.beats, between, strict=False) for beat in pair), grid.beats[-1])
        grid, factor = BeatGrid(beats, 2 * grid.first_downbeat, grid.beats_per_bar), factor / 2
    while factor <= 0.5 and len(grid.beats) >= 4:
        first, rest = grid.first_downbeat % 2, grid.first_downbeat // 2
        grid, factor = BeatGrid(grid.beats[first::2], rest, grid.beats_per_bar), factor * 2
    return replace(grid, first_downbeat=grid.first_downbeat % grid.beats_per_bar)


def _shifted(grid: BeatGrid, shift_s: float, duration_s: float) -> BeatGrid:
    """Return the grid with all beats `shift_s` seconds later, without those outside of the song."""
    beats = [beat + shift_s for beat in grid.beats]
    start, end = bisect_left(beats, 0.0), bisect_right(beats, duration_s)
    if end - start < 2:
        return grid
    first_downbeat = (grid.first_downbeat - start) % grid.beats_per_bar
    return BeatGrid(tuple(beats[start:end]), first_downbeat, grid.beats_per_bar)
