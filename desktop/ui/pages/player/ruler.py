"""Ruler above the lanes: loops and markers, bars and chords, times."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QAccessible, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from desktop.playback.practice import Loop, Marker
from desktop.text.durations import format_duration_decimals
from desktop.text.message import tr
from desktop.text.transposition import CENTS_PER_SEMITONE
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.loop_band import LoopBand
from desktop.ui.pages.player.marker_flag import MarkerFlag
from desktop.ui.pages.player.ruler_items import BAND_HEIGHT, RulerItem, RulerScale
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.waveform.bar_lines import chord_at, compute_bar_labels, compute_chord_changes, format_chord
from desktop.ui.waveform.time_axis import choose_tick_step, compute_ticks
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.inline_field import InlineField
from desktop.ui.widgets.wheel import WHEEL_NOTCH

RULER_HEIGHT, RULER_HEIGHT_WITH_BARS = 42, 60
"""Height in logical pixels without a beat grid, and with one, if the song has loops or sections, but not both."""
LOOP_ROW_HEIGHT = 20
"""Height in logical pixels of the row that loops have below the sections, in a song with both."""
MAX_NAME_LENGTH = 60
_LABEL_OFFSET, _CHORD_GAP = 4, 9
_BAR_BASELINE, _TIME_BASELINE = 27, 9
"""Logical pixels from the bottom."""
_FIELD_WIDTH = 160
Item = TypeVar("Item", bound=RulerItem)


@accessible_role(QAccessible.Role.Grouping)
class Ruler(QWidget):
    """Rows of markers, of loops, of bars with chords if the song has a steady beat, and of times.

    Markers and loops share a row unless the song has both: their names would lie on each other.

    A drag over a free part makes a passage, a click seeks.
    """

    def __init__(self, view: WaveformView, controller: PlayerController, parent: QWidget | None = None) -> None:
        """Create the ruler of the time axis of `view`."""
        super().__init__(parent)
        self._view, self._controller = view, controller
        self._practice, self._loops = controller.practice, controller.loops
        self._scale = RulerScale(view.view_box, self._loops.snapped)
        self._bands: list[LoopBand] = []
        self._flags: list[MarkerFlag] = []
        self._press_x: float | None = None
        self._passage: Loop | None = None
        self._field: InlineField | None = None
        self.setAccessibleName(tr("Ruler"))
        self.setAccessibleDescription(
            tr("Drag to loop a passage, with Shift without snapping to beats. Click to seek.")
        )
        self.setFixedHeight(RULER_HEIGHT)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        view.range_changed.connect(self._follow_view)
        view.lanes_resized.connect(self._follow_view)
        self._practice.changed.connect(self.refresh)
        controller.analysis.changed.connect(self.refresh)
        controller.loaded_changed.connect(self.refresh)
        self._loops.loop_rename_requested.connect(self._rename_loop)
        self._loops.marker_rename_requested.connect(self._rename_marker)
        theme.changed.connect(self.update)

    @property
    def items(self) -> list[RulerItem]:
        """Loops and markers by time."""
        state = self._practice.state
        bands = [(loop.start_s, band) for loop, band in zip(state.loops, self._bands, strict=False)]
        flags = [(marker.time_s, flag) for marker, flag in zip(state.markers, self._flags, strict=False)]
        return [item for _, item in sorted([*bands, *flags], key=lambda pair: pair[0])]

    def refresh(self) -> None:
        """Show loops, markers, bars and chords of the loaded track."""
        state, grid = self._practice.state, self._controller.analysis.current.grid
        self._adjust_counts(len(state.loops), len(state.markers))
        for index, (loop, band) in enumerate(zip(state.loops, self._bands, strict=True)):
            band.set_top(self._loop_top())
            is_chosen = index == state.loop_index
            is_on = is_chosen and state.is_looping
            band.show_loop(loop, self._describe_loop(loop, is_on), is_chosen, is_on)
        for index, (marker, flag) in enumerate(zip(state.markers, self._flags, strict=True)):
            is_last = index + 1 == len(state.markers)
            next_second = self._view.view_box.duration if is_last else state.markers[index + 1].time_s
            flag.show_marker(marker, self._describe_marker(marker), next_second)
        self._view.set_grid(grid)
        self._show_tint(None)
        height = RULER_HEIGHT if grid is None else RULER_HEIGHT_WITH_BARS
        if state.loops and state.markers:
            height += LOOP_ROW_HEIGHT
        if height != self.minimumHeight():
            self.setFixedHeight(height)
        self.update()

    def _loop_top(self) -> int:
        """Return the y of the loops in logical pixels."""
        return LOOP_ROW_HEIGHT if self._practice.state.markers else 0

    def _adjust_counts(self, loops: int, markers: int) -> None:
        """Create or delete items, so that their numbers are those of the song; the others keep the focus."""
        while len(self._bands) < loops:
            self._bands.append(self._create_band(len(self._bands)))
        while len(self._flags) < markers:
            self._flags.append(self._create_flag(len(self._flags)))
        removed: list[RulerItem] = [*self._bands[loops:], *self._flags[markers:]]
        self._bands, self._flags = self._bands[:loops], self._flags[:markers]
        for item in removed:
            item.hide()
            item.deleteLater()

    def _create_band(self, index: int) -> LoopBand:
        band = LoopBand(self._scale, self._loops.moved, self)
        band.clicked.connect(lambda: self._toggle_loop(index))
        band.changed.connect(partial(self._practice.change_loop, index))
        band.previewed.connect(self._show_tint)
        band.rename_requested.connect(lambda: self._rename_loop(index))
        band.delete_requested.connect(lambda: self._practice.delete_loop(index))
        band.nudge_requested.connect(partial(self._nudge_loop, index))
        return self._prepare(band)

    def _create_flag(self, index: int) -> MarkerFlag:
        flag = MarkerFlag(self._scale, self)
        flag.clicked.connect(lambda: self._controller.seek_to_seconds(self._practice.state.markers[index].time_s))
        flag.changed.connect(partial(self._practice.change_marker, index))
        flag.rename_requested.connect(lambda: self._rename_marker(index))
        flag.delete_requested.connect(lambda: self._practice.delete_marker(index))
        flag.section_loop_requested.connect(lambda: self._practice.loop_section(index))
        flag.nudge_requested.connect(partial(self._nudge_marker, index))
        return self._prepare(flag)

    def _prepare(self, item: Item) -> Item:
        item.focus_move_requested.connect(partial(self._move_focus, item))
        item.focused.connect(lambda: self._reveal(item))
        item.show()
        return item

    def _toggle_loop(self, index: int) -> None:
        """Choose a loop, or none if it repeats already."""
        state = self._practice.state
        self._practice.choose_loop(None if index == state.loop_index and state.is_looping else index)

    def _nudge_loop(self, index: int, direction: int) -> None:
        loop = self._practice.state.loops[index]
        self._practice.change_loop(index, self._loops.moved(loop, direction * self._loops.step_at(loop.start_s)))

    def _nudge_marker(self, index: int, direction: int) -> None:
        marker = self._practice.state.markers[index]
        second = marker.time_s + direction * self._loops.step_at(marker.time_s)
        self._practice.change_marker(index, Marker(max(0.0, min(second, self._practice.duration)), marker.name))

    def _move_focus(self, item: RulerItem, direction: int) -> None:
        items = self.items
        items[(items.index(item) + direction) % len(items)].setFocus(Qt.FocusReason.TabFocusReason)

    def _reveal(self, item: RulerItem) -> None:
        """Move the view to an item that was reached by keys. One that is about to be deleted may get the focus too."""
        state = self._practice.state
        for band, loop in zip(self._bands, state.loops, strict=False):
            if band is item:
                self._view.view_box.reveal(loop.start_s, min(loop.end_s, loop.start_s + 0.001))
        for flag, marker in zip(self._flags, state.markers, strict=False):
            if flag is item:
                self._view.view_box.reveal(marker.time_s, marker.time_s)

    def _rename_loop(self, index: int) -> None:
        loop = self._practice.state.loops[index]
        rename = self._practice.change_loop
        self._open_field(
            self._bands[index],
            loop.name,
            tr("Name of the loop"),
            lambda name: rename(index, Loop(loop.start_s, loop.end_s, name)),
        )

    def _rename_marker(self, index: int) -> None:
        marker = self._practice.state.markers[index]
        rename = self._practice.change_marker
        self._open_field(
            self._flags[index],
            marker.name,
            tr("Name of the section"),
            lambda name: rename(index, Marker(marker.time_s, name)),
        )

    def _open_field(self, item: RulerItem, text: str, name: str, on_name: Callable[[str], None]) -> None:
        self._reveal(item)
        self._field = InlineField(text, name, lambda typed: on_name(" ".join(typed.split())), self)
        self._field.setMaxLength(MAX_NAME_LENGTH)
        left = max(0, min(item.x(), self.width() - _FIELD_WIDTH))
        self._field.open_at(QRect(left, item.y(), _FIELD_WIDTH, 26), ui_font(11))

    def _follow_view(self) -> None:
        for item in (*self._bands, *self._flags):
            item.update_place()
        self.update()

    def _show_tint(self, preview: Loop | None) -> None:
        """Tint a passage in the lanes: the one that is dragged, or the chosen loop."""
        state = self._practice.state
        loop = preview or state.loop
        self._view.show_loop(loop and (loop.start_s, loop.end_s), preview is not None or state.is_looping)

    def _describe_loop(self, loop: Loop, is_on: bool) -> str:
        name = tr("Loop {name}", name=loop.name) if loop.name else tr("Passage")
        start, end = self._describe_time(loop.start_s), self._describe_time(loop.end_s)
        if is_on:
            return tr("{name}, from {start} to {end}, on", name=name, start=start, end=end)
        return tr("{name}, from {start} to {end}, off", name=name, start=start, end=end)

    def _describe_marker(self, marker: Marker) -> str:
        return tr("Section {name}, from {start}", name=marker.name, start=self._describe_time(marker.time_s))

    def _describe_time(self, second: float) -> str:
        """Return the bar that begins at `second`, or the bar and the beat; the time without a grid."""
        grid = self._controller.analysis.current.grid
        if grid is None or abs(grid.nearest_beat(second) - second) > 0.01:
            return format_duration_decimals(second, 1)
        bar, beat = grid.position_at(second + 0.02)
        return tr("bar {bar}", bar=bar) if beat == 1 else tr("bar {bar}, beat {beat}", bar=bar, beat=beat)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.BACKGROUND))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme.colour(Colour.LINE))
        self._paint_times(painter)
        self._paint_bars(painter)
        if self._passage is not None:
            left, right = self._scale.x_of(self._passage.start_s), self._scale.x_of(self._passage.end_s)
            tint = theme.colour(Colour.ACCENT)
            tint.setAlphaF(0.3)
            painter.fillRect(QRectF(left, self._loop_top(), right - left, BAND_HEIGHT), tint)

    def _paint_times(self, painter: QPainter) -> None:
        start, end = self._view.view_box.visible_range()
        baseline = self.height() - _TIME_BASELINE
        painter.setFont(ui_font(11))
        painter.setPen(theme.colour(Colour.FAINT))
        for second, label in compute_ticks(start, end, choose_tick_step(end - start, self.width())):
            x = round(self._scale.x_of(second)) + _LABEL_OFFSET
            if x + painter.fontMetrics().horizontalAdvance(label) <= self.width():  # a part of a time is another time
                painter.drawText(QPointF(x, baseline), label)

    def _paint_bars(self, painter: QPainter) -> None:
        analysis = self._controller.analysis.current
        if analysis.grid is None:
            return
        cents = self._practice.state.cents
        uses_flats = analysis.key is not None and analysis.key.transposed(round(cents / CENTS_PER_SEMITONE)).uses_flats
        start, end = self._view.view_box.visible_range()
        baseline = self.height() - _BAR_BASELINE
        labels = compute_bar_labels(analysis.grid, start, end, self.width())
        for label in labels:
            x = self._scale.x_of(label.second) + _LABEL_OFFSET
            number = str(label.bar)
            painter.setFont(ui_font(11))
            painter.setPen(theme.colour(Colour.FAINT))
            painter.drawText(QPointF(x, baseline), number)
            x += painter.fontMetrics().horizontalAdvance(number) + _CHORD_GAP
            if chord := chord_at(analysis.chords, label.second):
                self._paint_chord(painter, x, format_chord(chord, cents, uses_flats))
        for chord in compute_chord_changes(analysis.chords, labels, start, end, self.width()):
            self._paint_chord(painter, self._scale.x_of(chord.start_s), format_chord(chord, cents, uses_flats))

    def _paint_chord(self, painter: QPainter, x: float, text: str) -> None:
        painter.setFont(ui_font(11, 600))
        painter.setPen(theme.colour(Colour.DIM))
        if x + painter.fontMetrics().horizontalAdvance(text) <= self.width():
            painter.drawText(QPointF(x, self.height() - _BAR_BASELINE), text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press_x = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._press_x is None:
            return
        if self._passage is None and abs(x - self._press_x) < QApplication.startDragDistance():
            return
        first, last = (
            self._scale.snapped(self._scale.second_at(each), event.modifiers()) for each in (self._press_x, x)
        )
        self._passage = Loop(min(first, last), max(first, last))
        self._show_tint(self._passage)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press_x, passage = self._press_x, self._passage
        self._press_x = self._passage = None
        if event.button() != Qt.MouseButton.LeftButton or press_x is None:
            return
        if passage is None:
            self._view.seek_requested.emit(self._scale.second_at(press_x))
        elif passage.end_s > passage.start_s:
            self._practice.set_passage(passage.start_s, passage.end_s)
        self._show_tint(None)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole song, as a double click in the lanes does."""
        self._view.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom, or pan with Shift or a horizontal wheel, as in the lanes."""
        delta = event.angleDelta()
        is_pan = bool(delta.x()) or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        notches = (delta.y() or delta.x()) / WHEEL_NOTCH
        self._view.view_box.turn_wheel(notches, is_pan, self._scale.second_at(event.position().x()))
        event.accept()
