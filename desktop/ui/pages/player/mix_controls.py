"""Mix controls: mute, solo, level, pan and transposition of the lanes, level and limiter of the master."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from desktop.playback.mix import ORIGINAL_LANE, LaneMix, Master, clamp_cents, clamp_db
from desktop.playback.session import Session
from desktop.playback.song_state import SongState


class MixControls(QObject):
    """Changes the mix of the loaded track; without one, only the master can be changed.

    Lanes have numbers from 0, in the order of the stems. The original lane comes after the last stem.
    """

    lanes_changed = Signal()
    """A mute, a solo or a level has changed, or another track is loaded."""
    master_changed = Signal(Master)
    """Level or limiter of the master has changed."""
    changed = Signal()
    """The mix of the loaded track has changed."""
    lane_set = Signal()
    """The user sets the mute, solo or level of a lane."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._master = Master()

    @property
    def master(self) -> Master:
        """Level and limiter of the master, which stay from track to track."""
        return self._master

    def set_master(self, master: Master) -> None:
        """Set level and limiter of the master; they are kept for the next track."""
        if self._session.lane_names:
            self._apply(replace(self._session.state, master=master))
        else:
            self._show_master(master)

    def set_master_db(self, db: float) -> None:
        """Set the master level in dB, clamped to the fader's range."""
        self.set_master(replace(self._master, gain_db=clamp_db(db)))

    def set_limiter(self, has_limiter: bool) -> None:
        """Turn the limiter of the master on or off."""
        self.set_master(replace(self._master, has_limiter=has_limiter))

    @property
    def original_lane(self) -> int:
        """Number of the original lane."""
        return len(self._session.lane_names)

    def lane_mix(self, lane: int) -> LaneMix:
        """Return level, pan, mute, solo and transposition of a lane."""
        return self._session.mix.lane(self._lane_names[lane]) if self._has_lane(lane) else LaneMix()

    def is_audible(self, lane: int) -> bool:
        """Return False if a mute, or another lane's solo, silences this lane."""
        return not self._has_lane(lane) or self._session.mix.is_audible(self._lane_names[lane], self._lane_names)

    def set_mute(self, lane: int, muted: bool) -> None:
        """Mute or unmute a stem; do nothing if it is in that state already."""
        if lane != self.original_lane:  # it is heard only while it is soloed
            self._set_lane(lane, replace(self.lane_mix(lane), mute=muted))

    def set_solo(self, lane: int, soloed: bool) -> None:
        """Solo a lane or end its solo; do nothing if it is in that state already."""
        self._set_lane(lane, replace(self.lane_mix(lane), solo=soloed))

    def toggle_mute(self, lane: int) -> None:
        """Mute a lane, or unmute it if it is muted."""
        self.set_mute(lane, not self.lane_mix(lane).mute)

    def toggle_solo(self, lane: int) -> None:
        """Solo a lane, or end its solo if it is soloed."""
        self.set_solo(lane, not self.lane_mix(lane).solo)

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set a lane's level in dB, clamped to the fader's range."""
        self._set_lane(lane, replace(self.lane_mix(lane), gain_db=clamp_db(db)))

    def set_pan(self, lane: int, pan: float) -> None:
        """Set a lane's pan, from -1, left, to 1, right."""
        self._set_lane(lane, replace(self.lane_mix(lane), pan=max(-1.0, min(1.0, pan))))

    def set_cents(self, lane: int, cents: int) -> None:
        """Transpose one lane alone, in cents, clamped to an octave."""
        self._set_lane(lane, replace(self.lane_mix(lane), cents=clamp_cents(cents)))

    def solo_only(self, lane: int) -> None:
        """Solo a lane and no other; end its solo if it is the only one."""
        self._set_only(lane, "solo")

    def mute_only(self, lane: int) -> None:
        """Mute a stem and no other; unmute it if it is the only one."""
        if lane != self.original_lane:
            self._set_only(lane, "mute")

    def hear_original(self) -> None:
        """Hear the original in place of the stems, or the stems again."""
        self.toggle_solo(self.original_lane)

    def reset_lane(self, lane: int) -> None:
        """Set level, pan, mute, solo and transposition of a lane to their defaults."""
        self._set_lane(lane, LaneMix())

    def refresh(self) -> None:
        """Show the mix of the session's state."""
        self._on_changed()

    def _set_only(self, lane: int, switch: str) -> None:
        """Turn the `switch` (mute or solo) of one lane on and those of all others off, or off if it is so already."""
        if not self._has_lane(lane):
            return
        self.lane_set.emit()
        mix, chosen = self._session.mix, self._lane_names[lane]
        wanted = {name: replace(mix.lane(name), **{switch: name == chosen}) for name in self._lane_names}
        if all(mix.lane(name) == lane_mix for name, lane_mix in wanted.items()):
            wanted[chosen] = replace(wanted[chosen], **{switch: False})
        self._apply(self._session.state.with_mix(replace(mix, lanes={**mix.lanes, **wanted})))

    @property
    def _lane_names(self) -> tuple[str, ...]:
        return (*self._session.lane_names, ORIGINAL_LANE) if self._session.lane_names else ()

    def _set_lane(self, lane: int, mix: LaneMix) -> None:
        if self._has_lane(lane) and mix != self.lane_mix(lane):
            self.lane_set.emit()
            self._apply(self._session.state.with_mix(self._session.mix.with_lane(self._lane_names[lane], mix)))

    def _apply(self, state: SongState) -> None:
        self._session.apply(state)
        self._on_changed()

    def _on_changed(self) -> None:
        self.lanes_changed.emit()
        if self._session.state.master != self._master:
            self._show_master(self._session.state.master)
        self.changed.emit()

    def _show_master(self, master: Master) -> None:
        self._master = master
        self.master_changed.emit(master)

    def _has_lane(self, lane: int) -> bool:
        return 0 <= lane < len(self._lane_names)
