"""Practice controls: loops, markers, speed, key, click and count-in of the loaded track."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.playback.mix import clamp_cents, clamp_db
from desktop.playback.practice import (
    MAX_COUNT_IN_BARS,
    MAX_SPEED_PERCENT,
    MIN_LOOP_S,
    MIN_SPEED_PERCENT,
    Loop,
    Marker,
    SpeedTrainer,
)
from desktop.playback.session import Session
from desktop.playback.song_state import SongState


class PracticeControls(QObject):
    """Changes how the loaded track is practised; without one, nothing."""

    changed = Signal()
    """Something of it has changed, or another track is loaded."""
    edited = Signal()
    """The user has changed the state of the track."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    @property
    def state(self) -> SongState:
        """State of the loaded track; the initial one without a track."""
        return self._session.state

    def set_speed_percent(self, percent: float) -> None:
        """Set the speed in percent, clamped to what is possible, and end the speed trainer."""
        self._apply(speed_percent=max(MIN_SPEED_PERCENT, min(MAX_SPEED_PERCENT, percent)), trainer=None)

    def set_cents(self, cents: int) -> None:
        """Transpose the song, in cents, clamped to an octave."""
        self._apply(cents=clamp_cents(cents))

    def reset_speed_and_key(self) -> None:
        """Return to the speed and the key of the song, as one step to undo."""
        self._apply(speed_percent=100.0, cents=0, trainer=None)

    def set_trainer(self, trainer: SpeedTrainer | None) -> None:
        """Start the speed trainer, or end it."""
        self._apply(trainer=trainer)

    def start_trainer(self, trainer: SpeedTrainer) -> None:
        """Start the speed trainer, and repeat the chosen loop."""
        self._apply(trainer=trainer, is_looping=True)

    def set_click_on(self, is_on: bool) -> None:
        """Turn the click on or off."""
        self._apply(click=replace(self.state.click, is_on=is_on))

    def set_click_db(self, db: float) -> None:
        """Set the level of the click in dB, clamped to the fader's range."""
        self._apply(click=replace(self.state.click, gain_db=clamp_db(db)))

    def set_click_accent(self, has_accent: bool) -> None:
        """Set whether the click accents the first beat of each bar."""
        self._apply(click=replace(self.state.click, has_accent=has_accent))

    def set_count_in_bars(self, bars: int) -> None:
        """Set the number of bars that are counted in before playback starts."""
        self._apply(count_in_bars=max(0, min(MAX_COUNT_IN_BARS, bars)))

    def set_looping(self, is_looping: bool) -> None:
        """Repeat the chosen loop, or play through."""
        self._apply(is_looping=is_looping)

    def choose_loop(self, index: int | None) -> None:
        """Choose a loop and repeat it; None chooses none."""
        self._apply(loop_index=index, is_looping=index is not None)

    def set_passage(self, start_s: float, end_s: float) -> None:
        """Repeat a passage: it replaces the loop without a name, or becomes one."""
        loop = self._clamped(Loop(min(start_s, end_s), max(start_s, end_s)))
        loops = [*(each for each in self.state.loops if each.name), loop]
        self._apply(loops=tuple(loops), loop_index=len(loops) - 1, is_looping=True)

    def change_loop(self, index: int, loop: Loop) -> None:
        """Move or rename a loop."""
        loops = list(self.state.loops)
        loops[index] = self._clamped(loop)
        self._apply(loops=tuple(loops))

    def delete_loop(self, index: int) -> None:
        """Delete a loop; the chosen one stays chosen unless it is the deleted one."""
        loops = [loop for number, loop in enumerate(self.state.loops) if number != index]
        chosen = self.state.loop_index
        if chosen == index:
            self._apply(loops=tuple(loops), loop_index=None, is_looping=False)
        else:
            self._apply(loops=tuple(loops), loop_index=None if chosen is None else chosen - (chosen > index))

    def add_marker(self, second: float, name: str) -> None:
        """Add a marker, or rename the one at this second."""
        others = (marker for marker in self.state.markers if marker.time_s != second)
        self._apply(markers=tuple(sorted((*others, Marker(second, name)), key=lambda marker: marker.time_s)))

    def change_marker(self, index: int, marker: Marker) -> None:
        """Move or rename a marker."""
        others = [other for number, other in enumerate(self.state.markers) if number != index]
        self._apply(markers=tuple(sorted((*others, marker), key=lambda each: each.time_s)))

    def delete_marker(self, index: int) -> None:
        """Delete a marker."""
        self._apply(markers=tuple(marker for number, marker in enumerate(self.state.markers) if number != index))

    def loop_section(self, index: int) -> None:
        """Repeat the section that begins at a marker."""
        markers = self.state.markers
        end = markers[index + 1].time_s if index + 1 < len(markers) else self.duration
        self.set_passage(markers[index].time_s, end)

    def set_view(self, **changes: bool) -> None:
        """Set how the track is shown; this is no step to undo."""
        self.apply(self.state.with_view(**changes))

    def apply(self, state: SongState) -> None:
        """Change the loaded track to `state`; everything but playhead and view can be undone."""
        if self._session.lane_names and state != self.state:
            self._session.apply(state)
            self.changed.emit()
            self.edited.emit()

    def _apply(self, **changes: Any) -> None:
        self.apply(replace(self.state, **changes))

    def _clamped(self, loop: Loop) -> Loop:
        """Return the loop inside the track and at least `MIN_LOOP_S` long."""
        start = max(0.0, min(loop.start_s, self.duration - MIN_LOOP_S))
        return replace(loop, start_s=start, end_s=min(self.duration, max(loop.end_s, start + MIN_LOOP_S)))

    @property
    def duration(self) -> float:
        """Length of the loaded track in seconds; 0 without a track."""
        return self._session.duration_s
