"""Settings of a chain: what a song's state changes in the samples that are read; all else changes only gains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.playback.practice import Loop, SpeedTrainer
from desktop.playback.song_state import SongState

if TYPE_CHECKING:
    from desktop.analysis.beat_grid import BeatGrid


@dataclass(frozen=True)
class ChainSettings:
    """Loop, speed, key and click of a chain."""

    loop: Loop | None = None
    speed_percent: float = 100.0
    trainer: SpeedTrainer | None = None
    """Decides the speed; None without a loop."""
    cents: int = 0
    lane_cents: tuple[int, ...] = ()
    """Of the stems, added to `cents`. The original has none."""
    click_grid: "BeatGrid | None" = None
    """Beats that click; None if the click is off."""
    has_accent: bool = True

    @classmethod
    def of(cls, state: SongState, lane_names: Sequence[str], grid: "BeatGrid | None") -> "ChainSettings":
        """Return what `state` means for a song with the stems `lane_names` and the beats `grid`."""
        return cls(
            state.repeated_loop,
            state.speed_percent,
            state.trainer if state.repeated_loop else None,
            state.cents,
            tuple(state.mix.lane(name).cents for name in lane_names),
            grid if state.click.is_on else None,
            state.click.has_accent,
        )

    def percent_at(self, rounds: int) -> float:
        """Return the speed in percent after the loop was played `rounds` times."""
        return self.trainer.speed_at(rounds) if self.trainer else self.speed_percent

    def speed_at(self, rounds: int) -> float:
        """Return the speed, 1 at 100 %, after the loop was played `rounds` times."""
        return self.percent_at(rounds) / 100
