"""Sound engine: what plays for a session, in this process or in another one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from desktop.errors import UnbraidError
from desktop.playback.levels import Dropouts, Levels
from desktop.playback.mix import ORIGINAL_LANE, db_to_gain
from desktop.playback.output_settings import OutputSettings
from desktop.playback.time_map import TimeMap
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.playback.cue import Cue
    from desktop.playback.song_state import SongState


class Gains(NamedTuple):
    """Linear gains of the mix."""

    master: float
    lanes: Sequence[tuple[float, float]]
    """Of the left and the right channel of each lane: stems, original, click."""
    has_limiter: bool
    """Whether the sum is limited."""

    @classmethod
    def of(cls, state: "SongState", stem_names: Sequence[str]) -> "Gains":
        """Return what `state` means for a song with the stems `stem_names`."""
        click_gain = db_to_gain(state.click.gain_db)
        lanes = (*state.mix.channel_gains((*stem_names, ORIGINAL_LANE)), (click_gain, click_gain))
        return cls(state.master.gain, lanes, state.master.has_limiter)


class HeardFrame(NamedTuple):
    """Frame of a ring that is heard."""

    frame: float
    """Frames count from the last seek, at the device's rate."""
    first_frame: int
    """First frame of the ring."""
    device: tuple[int, int]
    """Numbers of the process and of the device that play: for another one, frames may have another length."""
    time_map: TimeMap
    """Where in the song the frames are."""


class SoundEngine(Protocol):
    """Plays one song at a time. Its methods wait for nothing, except `close`, and are for use by one thread."""

    on_stopped: Callable[[int, UnbraidError | None], None]
    """Called from another thread with the number of the seek that was played to the end of the song, or that failed."""
    on_notice: Callable[[Message], None]
    """Called from another thread with a message for the user when another sound device plays than before."""

    def open_song(self, lane_names: Sequence[str]) -> None:
        """Prepare for a song with these lanes: stems, original, click. The song before is closed."""
        ...

    def close_song(self) -> None:
        """Close the song; the device is released soon after."""
        ...

    def close(self) -> None:
        """Close the song and wait until the device is released."""
        ...

    def cue(self, cue: "Cue", is_playing: bool) -> None:
        """Play from `cue`, or be ready to if it is paused; only the latest cue counts."""
        ...

    def play(self) -> None:
        """Play the latest cue."""
        ...

    def set_gains(self, gains: Gains) -> None:
        """Move to other gains, with ramps if the song plays."""
        ...

    def set_output(self, settings: OutputSettings) -> None:
        """Use another output, at once if a device is open."""
        ...

    def heard(self, seek_number: int) -> HeardFrame | None:
        """Return what is heard now; None before this seek is heard."""
        ...

    def take_levels(self) -> Levels | None:
        """Return and reset the levels since the last call; None if no song has been played."""
        ...

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet."""
        ...

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since the song was opened."""
        ...
