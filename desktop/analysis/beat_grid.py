"""Beat grid: the times of a song's beats, grouped in bars."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Annotated, NamedTuple

from msgspec import Meta

MIN_BEAT_S = 0.001
"""Shortest beat in seconds: closer ones are no beats, and no click can be on each of them."""
_MAX_TIME_S = 1e9


class BarPosition(NamedTuple):
    """Position in bars and beats, both counted from 1; bars before the first downbeat are 0 and below."""

    bar: int
    beat: int


@dataclass(frozen=True)
class BeatGrid:
    """Times of all beats of a song, at least two, in ascending order."""

    beats: tuple[float, ...]
    """Times in seconds."""
    first_downbeat: Annotated[int, Meta(ge=0)] = 0
    """Index of the first beat that begins a bar."""
    beats_per_bar: Annotated[int, Meta(ge=1, le=16)] = 4

    def __post_init__(self) -> None:
        """Raise ValueError unless there are two beats or more, in ascending order: a file may contain anything."""
        if len(self.beats) < 2:
            raise ValueError("a beat grid needs two beats")
        if not (self.beats[0] >= -_MAX_TIME_S and self.beats[-1] <= _MAX_TIME_S and self.shortest_beat_s >= MIN_BEAT_S):
            raise ValueError("beats are in ascending order, and a millisecond apart or more")

    @property
    def tempo_bpm(self) -> float:
        """Median tempo in beats per minute."""
        return 60.0 / median(later - earlier for earlier, later in pairwise(self.beats))

    @property
    def shortest_beat_s(self) -> float:
        """Shortest time between two beats in seconds."""
        return min(later - earlier for earlier, later in pairwise(self.beats))

    @property
    def downbeats(self) -> tuple[float, ...]:
        """Times in seconds of the first beat of each bar."""
        return self.beats[self.first_downbeat :: self.beats_per_bar]

    def is_downbeat(self, index: int) -> bool:
        """Return True if the beat with this index begins a bar."""
        return (index - self.first_downbeat) % self.beats_per_bar == 0

    def beat_index_at(self, second: float) -> int:
        """Return the index of the last beat at or before `second`; -1 before the first beat."""
        return bisect_right(self.beats, second) - 1

    def position_at(self, second: float) -> BarPosition:
        """Return the bar and the beat that sound at `second`."""
        bar, beat = divmod(self.beat_index_at(second) - self.first_downbeat, self.beats_per_bar)
        return BarPosition(bar + 1, beat + 1)

    def nearest_beat(self, second: float) -> float:
        """Return the time in seconds of the beat that is nearest to `second`."""
        index = max(0, self.beat_index_at(second))
        return min(self.beats[index : index + 2], key=lambda beat: abs(beat - second))

    def beat_duration_at(self, second: float) -> float:
        """Return the seconds from the beat at `second` to the next; outside the grid, those of its nearest two beats."""
        index = min(max(0, self.beat_index_at(second)), len(self.beats) - 2)
        return self.beats[index + 1] - self.beats[index]
