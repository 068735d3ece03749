"""Cue: what is to be played, as a value that can be sent to another process."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from desktop.playback.chain_settings import ChainSettings
from desktop.playback.click import Beat, count_in_start_s
from desktop.playback.source import PlaybackSource
from desktop.playback.time_map import Piece


@dataclass(frozen=True)
class Cue:
    """Playback request: a source from a frame on.

    `seek_number` identifies the seek, and stays the same if only source or settings change: then the source goes on where
    it is heard.
    """

    source: PlaybackSource
    frame: int
    seek_number: int
    settings: ChainSettings = field(default_factory=ChainSettings)
    count_in: Sequence[Beat] = ()
    """Beats that are counted in before `frame`."""
    rounds: int = 0
    """Number of times that the loop was played before `frame`; it is not 0 where another process goes on."""

    @property
    def start(self) -> Piece:
        """First piece of the seek's time map."""
        second, speed = self.frame / self.source.sample_rate, self.settings.speed_at(self.rounds)
        first_second = count_in_start_s(self.count_in, speed) if self.count_in else second
        return Piece(0, first_second, speed, second, self.rounds)
