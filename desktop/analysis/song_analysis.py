"""Analysis of a song as one value, kept as JSON in the job's folder."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord, Key


@dataclass(frozen=True)
class SongAnalysis:
    """What was found in a song, or what the user made of it."""

    grid: BeatGrid | None = None
    """None if the song has no steady beat."""
    tempo_bpm: Annotated[float, Meta(gt=0)] | None = None
    """Tempo in beats per minute; None if the song has no steady beat."""
    key: Key | None = None
    tuning_cents: float = 0.0
    """Deviation of the song's concert pitch from A = 440 Hz, in cents."""
    chords: tuple[Chord, ...] = ()
    """Chords in ascending order, without overlap."""
