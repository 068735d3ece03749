"""Mix of a song's lanes, as frozen values for session, library and export."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from msgspec import Meta

MIN_DB = -60.0
"""Level at the bottom of a fader: silence."""
MAX_DB = 6.0
"""Level at the top of a fader."""
MAX_TRANSPOSITION_CENTS = 1200
ORIGINAL_LANE = "original"
"""Name of the lane with the song before it was separated, which is no stem."""
CLICK_LANE = "click"
"""Name of the lane with the metronome, which is in no mix but can be sent to another output."""

Level = Annotated[float, Meta(ge=MIN_DB, le=MAX_DB)]
"""Level in dB, in the range of a fader."""
Cents = Annotated[int, Meta(ge=-MAX_TRANSPOSITION_CENTS, le=MAX_TRANSPOSITION_CENTS)]
"""Transposition in hundredths of a semitone."""


def db_to_gain(db: float) -> float:
    """Return the linear gain of a level in dB; `MIN_DB` and below give 0."""
    return 0.0 if db <= MIN_DB else 10.0 ** (db / 20.0)


def clamp_db(db: float) -> float:
    """Return a level in dB, limited to the range of a fader."""
    return max(MIN_DB, min(MAX_DB, db))


def clamp_cents(cents: int) -> int:
    """Return a transposition in cents, limited to an octave."""
    return max(-MAX_TRANSPOSITION_CENTS, min(MAX_TRANSPOSITION_CENTS, cents))


@dataclass(frozen=True)
class LaneMix:
    """Level in dB, pan, mute, solo and transposition of one lane."""

    gain_db: Level = 0.0
    pan: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    """Balance from -1, only the left channel, to 1, only the right channel; 0 leaves both as they are."""
    mute: bool = False
    solo: bool = False
    cents: Cents = 0
    """Transposition of this lane alone, added to that of the song."""


@dataclass(frozen=True)
class Mix:
    """Mix of the lanes of a song, by lane name.

    A lane without an entry is at 0 dB. An entry whose lane the song does not have has no effect. The original lane is
    heard only while it is soloed: it is there to compare with.
    """

    lanes: Mapping[str, LaneMix] = field(default_factory=dict[str, LaneMix])

    def __post_init__(self) -> None:
        """Copy the lanes, so that a later change of the mapping does not change the mix."""
        object.__setattr__(self, "lanes", dict(self.lanes))

    def lane(self, name: str) -> LaneMix:
        """Return the mix of the lane `name`."""
        return self.lanes.get(name, LaneMix())

    def with_lane(self, name: str, lane: LaneMix) -> "Mix":
        """Return this mix with another `lane` for the lane `name`."""
        return replace(self, lanes={**self.lanes, name: lane})

    def is_audible(self, name: str, names: Iterable[str]) -> bool:
        """Return whether the lane `name` is heard in a song that has the lanes `names`.

        A muted lane is not heard, and neither is one that is not soloed while another lane of the song is.
        """
        lane = self.lane(name)
        needs_solo = name == ORIGINAL_LANE or any(self.lane(other).solo for other in names)
        return not lane.mute and (lane.solo or not needs_solo)

    def lane_gains(self, names: Sequence[str]) -> list[float]:
        """Return the linear gain of each lane of a song that has the lanes `names`, without pan and master."""
        return [db_to_gain(self.lane(name).gain_db) if self.is_audible(name, names) else 0.0 for name in names]

    def channel_gains(self, names: Sequence[str]) -> list[tuple[float, float]]:
        """Return the linear gains of the left and the right channel of each lane, without the master level."""
        return [
            (gain * min(1.0, 1.0 - self.lane(name).pan), gain * min(1.0, 1.0 + self.lane(name).pan))
            for name, gain in zip(names, self.lane_gains(names), strict=True)
        ]


@dataclass(frozen=True)
class Master:
    """Level and limiter of the sum of all lanes. They stay as they are from song to song."""

    gain_db: Level = 0.0
    has_limiter: bool = False
    """Keeps the sum below full scale."""

    @property
    def gain(self) -> float:
        """Linear gain."""
        return db_to_gain(self.gain_db)
