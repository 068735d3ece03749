"""Transport bar, the last row of the window: playback on the Library page, and practice beside it on the Player page."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSpacerItem, QWidget

from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.beat_groups import ClickGroup, CountInGroup
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.loop_group import LoopGroup
from desktop.ui.pages.player.master_group import MasterGroup
from desktop.ui.pages.player.pitch_groups import KeyGroup, SpeedGroup
from desktop.ui.pages.player.playback_controls import TIME_INDENT, PlayButton, TimeReadout
from desktop.ui.pages.player.transport_group import TransportGroup
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role, announce
from desktop.ui.widgets.button import create_square_button

HEIGHT, FULL_HEIGHT = 64, 76
_LEFT_MARGIN, _RIGHT_MARGIN, _GAP = 16, 2, 12 - TIME_INDENT
_SMALL_BUTTON_GAP, _WIDE_BUTTON_GAP, _NARROW_BUTTON_GAP = 4, 12, 6
"""Pixels after the button that returns to the start: in a small player, on the Player page, and in a narrow window."""


@accessible_role(QAccessible.Role.Grouping)
class TransportBar(QWidget):
    """Play, time, return to start, stop and master; on the Player page also loop, speed, key, click and count-in."""

    action_requested = Signal(object)
    """ActionId of the clicked button."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Transport"))
        self._controller = controller
        self._is_full_size = False
        self._play_button = PlayButton()
        to_start = ACTIONS[ActionId.RETURN_TO_START]
        self._to_start_button = create_square_button(to_start.icon, to_start.text, to_start.tooltip())
        stop = ACTIONS[ActionId.STOP]
        self._stop_button = create_square_button(
            stop.icon, stop.text, stop.tooltip(tr("Stop: pause and go back to the start"))
        )
        self._time_readout = TimeReadout()
        self._speed = SpeedGroup(controller)
        self._practice_groups: tuple[TransportGroup, ...] = (
            LoopGroup(controller),
            self._speed,
            KeyGroup(controller),
            ClickGroup(controller),
            CountInGroup(controller),
        )
        self._master = MasterGroup(controller)
        self._build_layout()
        for button, action in (
            (self._play_button, ActionId.PLAY_OR_PAUSE),
            (self._to_start_button, ActionId.RETURN_TO_START),
            (self._stop_button, ActionId.STOP),
            (self._speed.trainer_button, ActionId.SPEED_TRAINER),
            (self._speed.trainer_icon, ActionId.SPEED_TRAINER),
        ):
            button.clicked.connect(partial(self.action_requested.emit, action))
        self._master.output_requested.connect(partial(self.action_requested.emit, ActionId.OUTPUT_SETTINGS))
        self._time_readout.seek_requested.connect(controller.seek_to_seconds)
        controller.playing_changed.connect(self._play_button.show_playing)
        controller.position_changed.connect(self._show_time)
        controller.analysis.changed.connect(self._show_time)
        self._is_counting_in = False
        controller.count_in_changed.connect(self._show_count_in)
        controller.loaded_changed.connect(self._update_controls)
        self.set_full_size(False)
        self._update_controls()

    def _build_layout(self) -> None:
        self._line = VerticalLine()
        self._button_gap = QSpacerItem(0, 0)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(_LEFT_MARGIN, 1, _RIGHT_MARGIN, 0)
        self._row.setSpacing(0)
        for widget in (
            self._play_button, self._time_readout, self._line, self._to_start_button, self._stop_button,
            *self._practice_groups,
        ):  # fmt: skip
            self._row.addWidget(widget)
        self._row.insertSpacing(1, _GAP)
        self._row.insertSpacerItem(self._row.indexOf(self._stop_button), self._button_gap)
        self._row.addStretch(1)
        self._row.addWidget(self._master)

    def set_full_size(self, is_full_size: bool) -> None:
        """Show everything, for the Player page, or only what a small player has."""
        self._is_full_size = is_full_size
        self.setFixedHeight(FULL_HEIGHT if is_full_size else HEIGHT)
        self._line.setVisible(not is_full_size)
        self._stop_button.setVisible(not is_full_size)
        for group in self._practice_groups:
            group.setVisible(is_full_size)
        self._master.set_output_visible(is_full_size)
        self._fold()
        self._show_time()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """Take less width in a narrow window, so that nothing is cut off."""
        self._set_narrow(False)
        if not self._is_full_size:
            self._set_button_gap(_SMALL_BUTTON_GAP)
        if self._is_full_size and self._wanted_width() > self.width():
            self._set_narrow(True)
            self._master.meter.setVisible(self._wanted_width() <= self.width())

    def _set_narrow(self, is_narrow: bool) -> None:
        for group in (*self._practice_groups, self._master):
            group.set_narrow(is_narrow)
        self._master.meter.show()
        self._set_button_gap(_NARROW_BUTTON_GAP if is_narrow else _WIDE_BUTTON_GAP)

    def _set_button_gap(self, width: int) -> None:
        self._button_gap.changeSize(width, 0)
        self._row.invalidate()

    def _wanted_width(self) -> int:
        """Return the width in pixels of all that the Player page shows; the layout itself knows it only later."""
        shown = (self._play_button, self._time_readout, self._to_start_button, *self._practice_groups, self._master)
        gaps = _LEFT_MARGIN + _GAP + self._button_gap.sizeHint().width() + _RIGHT_MARGIN
        return sum(max(widget.minimumSizeHint().width(), widget.minimumWidth()) for widget in shown) + gaps

    def _update_controls(self) -> None:
        is_ready = self._controller.is_ready
        for control in (self._play_button, self._time_readout, self._to_start_button, self._stop_button):
            control.setEnabled(is_ready)
        for group in self._practice_groups:
            group.setEnabled(is_ready)
        if not is_ready:
            self._play_button.setToolTip(tr("Choose a separated song to play it"))
        else:
            self._play_button.show_playing(self._controller.is_playing)
        self._show_time()
        self._fold()

    def _show_time(self) -> None:
        position = self._controller.position_seconds
        self._time_readout.show_times(position, self._controller.duration)
        shows_beat = self._is_full_size and self._controller.is_ready
        grid = self._controller.analysis.current.grid if shows_beat else None
        self._time_readout.show_beat(grid, position, self._controller.count_in_beat)

    def _show_count_in(self) -> None:
        """Show the beat of the count-in, and say once that it has begun."""
        was_counting_in, self._is_counting_in = self._is_counting_in, self._controller.count_in_beat is not None
        if self._is_counting_in and not was_counting_in:
            announce(self._time_readout, tr("Counting in"))
        self._show_time()

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.fillRect(0, 0, self.width(), 1, theme.colour(Colour.LINE))


class VerticalLine(QWidget):
    """Vertical line between two groups of controls, with space at both sides."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(25, 32)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, ev: QPaintEvent) -> None:
        QPainter(self).fillRect(self.width() // 2, 0, 1, self.height(), theme.colour(Colour.LINE))
