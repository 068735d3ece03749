"""The user's corrections of an analysis, kept with the state of the song."""

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis


@dataclass(frozen=True)
class TappedTempo:
    """Constant tempo that the user tapped."""

    bpm: Annotated[float, Meta(ge=20, le=400)]
    first_beat_s: Annotated[float, Meta(ge=0)]


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
    """Return the analysis of a song of `duration_s` seconds with the user's corrections."""
    return replace(analysis, key=edits.key or analysis.key)
