"""Findings: what is found in a song, excerpt by excerpt, so that hours of music need little memory."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.beats import find_beats
from desktop.analysis.chords import find_chords, spelled
from desktop.analysis.chroma import Chroma, find_chroma, find_tuning
from desktop.analysis.downbeat import find_bars
from desktop.analysis.features import OVERLAP_S, Features
from desktop.analysis.harmony import Chord
from desktop.analysis.key import find_key
from desktop.analysis.onsets import find_onsets
from desktop.analysis.song_analysis import SongAnalysis

# Last beats whose tempo the next excerpt goes on with.
_LAST_BEATS = 64


@dataclass(frozen=True)
class Findings:
    """What was found in a song from its start to the end of an excerpt."""

    grid: BeatGrid | None
    chords: tuple[Chord, ...]
    tuning_cents: float
    notes: Chroma
    """Sum of the chroma."""

    def to_analysis(self) -> SongAnalysis:
        """Return what the findings tell about the song."""
        key = find_key(self.notes, self.chords)
        return SongAnalysis(
            grid=self.grid,
            tempo_bpm=None if self.grid is None else self.grid.tempo_bpm,
            key=key,
            tuning_cents=self.tuning_cents,
            chords=spelled(self.chords, key),
        )


def find_more(earlier: Findings | None, features: Features) -> Findings:
    """Return the findings in a song up to the end of the excerpt with these features; `earlier` are those before it."""
    found = _find(features, earlier)
    if earlier is None:
        return found
    seam_s = features.start_s + OVERLAP_S / 2
    if earlier.grid is not None and found.grid is not None:
        seam_s = min(earlier.grid.downbeats, key=lambda downbeat: abs(downbeat - seam_s), default=seam_s)
    strengths = [float(findings.notes.bass.sum() + findings.notes.treble.sum()) + 1e-9 for findings in (earlier, found)]
    return Findings(
        grid=_joined_grid(earlier.grid, found.grid, seam_s),
        chords=_joined_chords(earlier.chords, found.chords, seam_s),
        tuning_cents=float(np.average([earlier.tuning_cents, found.tuning_cents], weights=strengths)),
        notes=earlier.notes + found.notes,
    )


def _find(features: Features, earlier: Findings | None) -> Findings:
    """Return the findings in one excerpt: where the song allows it, with tempo, metre and tuning as before."""
    grid_before = None if earlier is None else earlier.grid
    tempo_before = None if grid_before is None else BeatGrid(grid_before.beats[-_LAST_BEATS:]).tempo_bpm
    tuning = find_tuning(features, 0.0 if earlier is None else earlier.tuning_cents)
    chroma = find_chroma(features, tuning)
    onsets = find_onsets(features)
    beats = find_beats(onsets, chroma, tempo_before)
    grid = None
    if beats is not None:
        grid = find_bars(beats, features, onsets, chroma, grid_before and grid_before.beats_per_bar)
    chords = find_chords(chroma, grid, features.seconds)
    if grid is not None:
        grid = replace(grid, beats=tuple(beat + features.start_s for beat in grid.beats))
    chords = tuple(
        replace(chord, start_s=chord.start_s + features.start_s, end_s=chord.end_s + features.start_s)
        for chord in chords
    )
    return Findings(grid, chords, tuning, chroma.total())


def _joined_grid(earlier: BeatGrid | None, later: BeatGrid | None, seam_s: float) -> BeatGrid | None:
    """Return the beats of `earlier` up to its downbeat `seam_s`, and those of `later` from its next downbeat on."""
    if earlier is None or later is None:
        return earlier or later
    earliest = seam_s - earlier.beat_duration_at(seam_s) / 2
    added = next((later.beats.index(beat) for beat in later.downbeats if beat > earliest), None)
    if added is None:
        return earlier
    return replace(earlier, beats=earlier.beats[: bisect_left(earlier.beats, seam_s)] + later.beats[added:])


def _joined_chords(earlier: Sequence[Chord], later: Sequence[Chord], seam_s: float) -> tuple[Chord, ...]:
    """Return the chords of `earlier` up to `seam_s`, and those of `later` after it; neighbours that are equal are one."""
    before = [replace(chord, end_s=min(chord.end_s, seam_s)) for chord in earlier if chord.start_s < seam_s]
    after = [replace(chord, start_s=max(chord.start_s, seam_s)) for chord in later if chord.end_s > seam_s]
    if before and after and before[-1].name == after[0].name:
        after[0] = replace(after[0], start_s=before.pop().start_s)
    return (*before, *after)
