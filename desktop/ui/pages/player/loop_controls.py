"""Loop controls: loops, markers and sections at the playhead, snapped to the beats of the song."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from desktop.playback.practice import Loop
from desktop.text.message import tr
from desktop.ui.pages.player.analysis_controls import AnalysisControls
from desktop.ui.pages.player.practice_controls import PracticeControls

STEP_WITHOUT_BEATS_S = 0.1
"""Seconds of a nudge in a song without a beat grid."""
MARKER_REACH_S = 0.5
"""Seconds after a marker in which a jump back goes to the marker before it."""


class LoopControls(QObject):
    """Changes loops and markers of the loaded track relative to the playhead."""

    loop_rename_requested = Signal(int)
    """Index of a loop whose name the user wants to type."""
    marker_rename_requested = Signal(int)
    """Index of a marker whose name the user wants to type."""
    seek_requested = Signal(float)
    """Second to move the playhead to."""

    def __init__(
        self,
        practice: PracticeControls,
        analysis: AnalysisControls,
        position_s: Callable[[], float],
        is_playing: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """`position_s` returns the playhead in seconds, `is_playing` whether it moves."""
        super().__init__(parent)
        self._practice, self._analysis = practice, analysis
        self._position_s, self._is_playing = position_s, is_playing

    @property
    def snaps_to_beats(self) -> bool:
        """Whether loops and markers begin and end at beats."""
        return self._practice.state.view.snaps_to_beats

    def toggle_snapping(self) -> None:
        """Let loops and markers begin and end at beats, or anywhere."""
        self._practice.set_view(snaps_to_beats=not self.snaps_to_beats)

    def snapped(self, second: float) -> float:
        """Return the beat that is nearest to `second`; `second` itself without a grid or snapping."""
        grid = self._analysis.current.grid
        return grid.nearest_beat(second) if grid is not None and self.snaps_to_beats else second

    def step_at(self, second: float) -> float:
        """Return the seconds of a nudge at `second`: a beat, or `STEP_WITHOUT_BEATS_S`."""
        grid = self._analysis.current.grid
        return grid.beat_duration_at(second) if grid is not None else STEP_WITHOUT_BEATS_S

    def set_start(self) -> None:
        """Begin the chosen loop at the playhead, or a new one that ends with the song."""
        start, loop = self.snapped(self._position_s()), self._practice.state.loop
        if loop is None:
            self._practice.set_passage(start, self._practice.duration)
        else:
            length = loop.end_s - loop.start_s
            self._change(replace(loop, start_s=start, end_s=loop.end_s if loop.end_s > start else start + length))

    def set_end(self) -> None:
        """End the chosen loop at the playhead, or a new one that begins with the song.

        A song that plays is then in the loop: if the end is a beat before the playhead, it goes on as far behind the
        start as it is behind the end.
        """
        end, loop = self.snapped(self._position_s()), self._practice.state.loop
        if loop is None:
            self._practice.set_passage(0.0, end)
        else:
            length = loop.end_s - loop.start_s
            start = loop.start_s if loop.start_s < end else max(0.0, end - length)
            self._change(replace(loop, start_s=start, end_s=end))
        self._return_into_loop()

    def _return_into_loop(self) -> None:
        loop, position = self._practice.state.repeated_loop, self._position_s()
        if loop is not None and self._is_playing() and position >= loop.end_s:
            self.seek_requested.emit(loop.start_s + (position - loop.end_s) % (loop.end_s - loop.start_s))

    def toggle_looping(self) -> None:
        """Repeat the chosen loop, or play through; without a chosen one, choose the first."""
        state = self._practice.state
        if state.loop is not None:
            self._practice.set_looping(not state.is_looping)
        elif state.loops:
            self._practice.choose_loop(0)

    def choose_next(self) -> None:
        """Choose the next loop of the song; after the last one, the first."""
        state = self._practice.state
        if state.loops:
            order = sorted(range(len(state.loops)), key=lambda index: state.loops[index].start_s)
            position = order.index(state.loop_index) if state.loop is not None and state.loop_index in order else -1
            self._practice.choose_loop(order[(position + 1) % len(order)])

    def delete_chosen(self) -> None:
        """Delete the chosen loop."""
        if self._practice.state.loop is not None and self._practice.state.loop_index is not None:
            self._practice.delete_loop(self._practice.state.loop_index)

    def save_chosen(self) -> None:
        """Give the chosen loop a name, so that the next passage does not replace it."""
        loop = self._practice.state.loop
        if loop is not None and not loop.name:
            names = {each.name for each in self._practice.state.loops}
            self._change(replace(loop, name=_free_name(lambda number: tr("Loop {number}", number=number), names)))

    def rename_chosen(self) -> None:
        """Ask for the name of the chosen loop."""
        if self._practice.state.loop is not None:
            self.loop_rename_requested.emit(self._practice.state.loop_index)

    def move_by_length(self, direction: int) -> None:
        """Move the chosen loop by its own length, later for 1 and earlier for -1."""
        loop = self._practice.state.loop
        if loop is not None:
            self._change(self.moved(loop, direction * (loop.end_s - loop.start_s)))

    def nudge(self, direction: int) -> None:
        """Move the chosen loop by a beat, later for 1 and earlier for -1."""
        loop = self._practice.state.loop
        if loop is not None:
            self._change(self.moved(loop, direction * self.step_at(loop.start_s)))

    def nudge_end(self, direction: int) -> None:
        """Move the end of the chosen loop by a beat, later for 1 and earlier for -1."""
        loop = self._practice.state.loop
        if loop is not None:
            step = self.step_at(loop.end_s - (0.001 if direction < 0 else 0.0))
            if loop.end_s + direction * step > loop.start_s:
                self._change(replace(loop, end_s=loop.end_s + direction * step))

    def moved(self, loop: Loop, seconds: float) -> Loop:
        """Return the loop later by `seconds`, inside the track and of the same length."""
        length = loop.end_s - loop.start_s
        start = max(0.0, min(loop.start_s + seconds, self._practice.duration - length))
        return replace(loop, start_s=start, end_s=start + length)

    def add_marker(self) -> None:
        """Add a marker at the playhead, and ask for its name."""
        if not self._practice.duration:
            return
        second, markers = self.snapped(self._position_s()), self._practice.state.markers
        names = {marker.name for marker in markers}
        if all(marker.time_s != second for marker in markers):
            self._practice.add_marker(second, _free_name(lambda number: tr("Section {number}", number=number), names))
        times = [marker.time_s for marker in self._practice.state.markers]
        self.marker_rename_requested.emit(times.index(second))

    def go_to_marker(self, direction: int) -> None:
        """Move the playhead to the next marker for 1, and to the previous one, or the start, for -1."""
        position, times = self._position_s(), [marker.time_s for marker in self._practice.state.markers]
        if direction < 0:
            self.seek_requested.emit(max((time for time in times if time < position - MARKER_REACH_S), default=0.0))
        elif later := [time for time in times if time > position + 0.001]:
            self.seek_requested.emit(later[0])

    def loop_section(self) -> None:
        """Repeat the section at the playhead."""
        markers, position = self._practice.state.markers, self._position_s()
        begun = [index for index, marker in enumerate(markers) if marker.time_s <= position]
        if begun:
            self._practice.loop_section(begun[-1])
        elif markers:
            self._practice.set_passage(0.0, markers[0].time_s)

    def _change(self, loop: Loop) -> None:
        """Change the chosen loop."""
        index = self._practice.state.loop_index
        if index is not None:
            self._practice.change_loop(index, loop)


def _free_name(format_name: Callable[[int], str], taken: set[str]) -> str:
    """Return the first numbered name that is not taken."""
    return next(name for number in range(1, len(taken) + 2) if (name := format_name(number)) not in taken)
