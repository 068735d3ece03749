"""Practice tools of a song as values: loops, markers, click, count-in and speed trainer."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from desktop.playback.mix import Level

MIN_SPEED_PERCENT, MAX_SPEED_PERCENT = 25, 200
MAX_COUNT_IN_BARS = 2
MIN_LOOP_S = 0.02
"""Shortest loop in seconds."""

Second = Annotated[float, Meta(ge=0, le=1e9)]
SpeedPercent = Annotated[float, Meta(ge=MIN_SPEED_PERCENT, le=MAX_SPEED_PERCENT)]


@dataclass(frozen=True)
class Loop:
    """Passage that can be repeated."""

    start_s: Second
    end_s: Second
    name: str = ""
    """Empty for a loop that was only dragged; the next drag replaces it."""


@dataclass(frozen=True)
class Marker:
    """Named beginning of a section, which lasts until the next marker or the end of the song."""

    time_s: Second
    name: str


@dataclass(frozen=True)
class Click:
    """Metronome on the beat grid."""

    is_on: bool = False
    gain_db: Level = -6.0
    has_accent: bool = True
    """Whether the first beat of a bar sounds higher and louder."""


@dataclass(frozen=True)
class SpeedTrainer:
    """Raises, or lowers, the speed step by step while a loop repeats."""

    start_percent: SpeedPercent = 70.0
    end_percent: SpeedPercent = 100.0
    step_percent: Annotated[float, Meta(gt=0, le=100)] = 5.0
    rounds_per_step: Annotated[int, Meta(ge=1, le=99)] = 2

    def speed_at(self, rounds: int) -> float:
        """Return the speed in percent after the loop was played `rounds` times."""
        change = self.step_percent * (rounds // self.rounds_per_step)
        if self.end_percent >= self.start_percent:
            return min(self.end_percent, self.start_percent + change)
        return max(self.end_percent, self.start_percent - change)
