"""Mix of a song's stems and state of a song, as frozen values for session, library and export; undo of a mix."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from types import MappingProxyType
from typing import Any

MIN_DB = -60.0
"""Level at the bottom of a fader: silence."""
MAX_DB = 6.0
"""Level at the top of a fader."""
_MAX_UNDO_STEPS = 200
# Seconds between two changes of the same fader that are still one movement, and one step to undo.
_SAME_MOVE_S = 1.0


def db_to_gain(db: float) -> float:
    """Return the linear gain of a level in dB; `MIN_DB` and below give 0."""
    return 0.0 if db <= MIN_DB else 10.0 ** (db / 20.0)


def clamp_db(db: float) -> float:
    """Return a level in dB, limited to the range of a fader."""
    return max(MIN_DB, min(MAX_DB, db))


@dataclass(frozen=True)
class LaneMix:
    """Level in dB, mute and solo of one stem."""

    gain_db: float = 0.0
    mute: bool = False
    solo: bool = False


def _no_lanes() -> Mapping[str, LaneMix]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Mix:
    """Mix of the stems of a song, by stem name, and the master level in dB.

    A stem without an entry is at 0 dB. An entry whose stem the song does not have has no effect.
    """

    lanes: Mapping[str, LaneMix] = field(default_factory=_no_lanes)
    master_db: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lanes", MappingProxyType(dict(self.lanes)))

    def lane(self, name: str) -> LaneMix:
        """Return the mix of the stem `name`."""
        return self.lanes.get(name, LaneMix())

    def with_lane(self, name: str, lane: LaneMix) -> "Mix":
        """Return this mix with another `lane` for the stem `name`."""
        return replace(self, lanes={**self.lanes, name: lane})

    def is_audible(self, name: str, names: Iterable[str]) -> bool:
        """Return whether the stem `name` is heard in a song that has the stems `names`.

        A muted stem is not heard, and neither is one that is not soloed while another stem of the song is.
        """
        lane = self.lane(name)
        return not lane.mute and (lane.solo or not any(self.lane(other).solo for other in names))

    def lane_gains(self, names: Sequence[str]) -> list[float]:
        """Return the linear gain of each stem of a song that has the stems `names`, without the master level."""
        return [db_to_gain(self.lane(name).gain_db) if self.is_audible(name, names) else 0.0 for name in names]

    @property
    def master_gain(self) -> float:
        """Linear gain of the sum of all stems."""
        return db_to_gain(self.master_db)


@dataclass(frozen=True)
class SongState:
    """State of a song in the player."""

    mix: Mix = field(default_factory=Mix)
    playhead_s: float = 0.0
    """Position in seconds, 0 or more."""

    def to_json(self) -> dict[str, Any]:
        """Return the values that are kept with the song, ready for `json.dumps`.

        The master level is not among them: it stays as it is from song to song, and is one of the settings.
        """
        lanes = {
            name: {"gain_db": lane.gain_db, "mute": lane.mute, "solo": lane.solo}
            for name, lane in self.mix.lanes.items()
        }
        return {"lanes": lanes, "playhead_s": self.playhead_s}

    @classmethod
    def from_json(cls, values: Any) -> "SongState":
        """Return the state that `to_json` described. Raises ValueError if `values` are not such a state."""
        match values:
            case {"lanes": dict() as lanes, "playhead_s": int() | float() as playhead_s} if 0.0 <= playhead_s < 1e9:
                mix = Mix({str(name): _lane_from_json(lane) for name, lane in lanes.items()})
                return cls(mix, float(playhead_s))
            case _:
                raise ValueError(f"not the state of a song: {values!r:.100}")


def _lane_from_json(values: Any) -> LaneMix:
    match values:
        case {"gain_db": int() | float() as gain_db, "mute": bool() as mute, "solo": bool() as solo} if (
            abs(gain_db) < 1e9
        ):
            return LaneMix(clamp_db(float(gain_db)), mute, solo)
        case _:
            raise ValueError(f"not the mix of a stem: {values!r:.100}")


class MixHistory:
    """Mixes of one song that can be returned to."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Create an empty history; `clock` returns seconds that never go back."""
        self._clock = clock
        self._earlier: list[Mix] = []
        self._later: list[Mix] = []
        self._moved_fader: str | None = None
        self._moved_at = 0.0

    def record(self, before: Mix, after: Mix) -> None:
        """Record a change; changes of one fader in quick succession are one step, equal mixes are none."""
        if before == after:
            return
        fader, now = _find_moved_fader(before, after), self._clock()
        is_same_move = fader is not None and fader == self._moved_fader and now - self._moved_at < _SAME_MOVE_S
        if not is_same_move:
            self._earlier = [*self._earlier, before][-_MAX_UNDO_STEPS:]
        self._later = []
        self._moved_fader, self._moved_at = fader, now

    def undo(self, current: Mix) -> Mix | None:
        """Return the mix before the last recorded change, or None if there is none."""
        return self._step(self._earlier, self._later, current)

    def redo(self, current: Mix) -> Mix | None:
        """Return the mix before the last `undo`, or None if there is none or a change was recorded since."""
        return self._step(self._later, self._earlier, current)

    def _step(self, source: list[Mix], target: list[Mix], current: Mix) -> Mix | None:
        if not source:
            return None
        self._moved_fader = None
        target.append(current)
        return source.pop()


def _find_moved_fader(before: Mix, after: Mix) -> str | None:
    """Return the stem name if only its level differs, an empty string for the master level, and None otherwise."""
    if before.lanes == after.lanes:
        return ""
    changed = [name for name in before.lanes.keys() | after.lanes.keys() if before.lane(name) != after.lane(name)]
    if len(changed) != 1 or before.master_db != after.master_db:
        return None
    level = after.lane(changed[0]).gain_db
    return changed[0] if replace(before.lane(changed[0]), gain_db=level) == after.lane(changed[0]) else None
