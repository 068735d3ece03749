"""Lane header of a stem: its name, its controls and its menu."""

from functools import partial

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QContextMenuEvent,
    QEnterEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSpacerItem, QVBoxLayout, QWidget

from desktop.playback.levels import LaneLevels
from desktop.text.message import tr
from desktop.text.transposition import describe_transposition, format_transposition
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header_parts import HEADER_WIDTH, HeightHandle, LaneHeaderBase, MenuButton, StemBadge
from desktop.ui.pages.player.lane_looks import (
    DEFAULT_STEM_ICON,
    MAX_TITLE_LENGTH,
    MIN_LANE_HEIGHT,
    STEM_ICONS,
    LaneLooks,
)
from desktop.ui.pages.player.lane_menu import LaneMenu
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import LetterButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.knob import Knob
from desktop.ui.widgets.label import EditableLabel, ElidedLabel
from desktop.ui.widgets.stereo_meter import StereoMeter
from desktop.ui.widgets.text_escaping import escape_tooltip
from desktop.ui.widgets.value_field import LevelField

_COMPACT_FADER_WIDTH = 60
_EDGE_HEIGHT = 6
"""Height in pixels of the strip at the bottom that can be dragged."""
_MARGINS, _COMPACT_MARGINS = (7, _EDGE_HEIGHT), (4, 4)
"""Pixels above and below the controls."""


@accessible_role(QAccessible.Role.Grouping)
class LaneHeader(LaneHeaderBase):
    """Lane header with name, pan, mute, solo, meter, level and menu of one stem."""

    def __init__(self, controller: PlayerController, lane: int, name: str, parent: QWidget | None = None) -> None:
        self._looks = LaneLooks(controller.practice)
        colour = self._looks.colour(name)
        super().__init__(colour, parent)
        self._controller, self._lane, self._name = controller, lane, name
        self._title = ""
        self._shown: object = None
        self._badge = StemBadge(STEM_ICONS.get(name, DEFAULT_STEM_ICON), colour)
        self._name_label = EditableLabel(13, 600)
        self._name_label.max_length = MAX_TITLE_LENGTH
        self._name_label.setMinimumWidth(24)
        self._transposition = ElidedLabel(12, 500, Colour.ACCENT)
        self._badge_gap = QSpacerItem(4, 0)
        self._menu_button = MenuButton()
        self._pan = Knob("", describe_pan)
        self._mute = LetterButton("M", "", Colour.BAD, Colour.ON_BAD)
        self._solo = LetterButton("S", "", Colour.SOLO, Colour.ON_SOLO)
        self._meter = StereoMeter("", colour)
        self._fader = Fader("", colour)
        self._level = LevelField("")
        self._build_layout()
        self._handle = HeightHandle(self)
        self._connect()
        self.refresh()

    def _build_layout(self) -> None:
        self._top_row, self._bottom_row = QHBoxLayout(), QHBoxLayout()
        self._top_row.setSpacing(4)
        self._bottom_row.setSpacing(4)
        self._top_row.addWidget(self._badge)
        self._top_row.addSpacerItem(self._badge_gap)
        self._top_row.addWidget(self._name_label, 1)
        for widget in (self._transposition, self._menu_button, self._pan):
            self._top_row.addWidget(widget)
        self._top_row.addSpacing(4)
        for widget in (self._mute, self._solo):
            self._top_row.addWidget(widget)
        for widget in (self._meter, self._fader, self._level):
            self._bottom_row.addWidget(widget, 1 if widget is self._fader else 0)
        self._rows = QVBoxLayout(self)
        self._set_margins(_MARGINS)
        self._rows.setSpacing(1)
        self._rows.addStretch(0)
        self._rows.addLayout(self._top_row)
        self._rows.addStretch(1)
        self._rows.addLayout(self._bottom_row)
        self._rows.addStretch(1)

    def _connect(self) -> None:
        mix, lane = self._controller.mix, self._lane
        # Not `clicked`: the Toggle action of assistive technology changes the state without a click.
        self._mute.toggled.connect(partial(mix.set_mute, lane))
        self._solo.toggled.connect(partial(mix.set_solo, lane))
        self._mute.exclusive_requested.connect(partial(mix.mute_only, lane))
        self._solo.exclusive_requested.connect(partial(mix.solo_only, lane))
        self._pan.value_entered.connect(self._set_pan)
        for control in (self._fader.db_changed, self._level.value_entered):
            control.connect(partial(mix.set_gain_db, lane))
        self._name_label.text_entered.connect(partial(self._looks.rename, self._name))
        self._handle.height_dragged.connect(partial(self._looks.set_height, self._name))
        self._menu_button.clicked.connect(
            lambda: self._open_menu(self._menu_button.mapToGlobal(self._menu_button.rect().bottomLeft()))
        )

    def _set_pan(self, percent: int) -> None:
        self._controller.mix.set_pan(self._lane, percent / 100)

    @property
    def title(self) -> str:
        """The name of the lane for the user."""
        return self._title

    @property
    def drag_handles(self) -> tuple[QWidget, ...]:
        """Parts of the header that the stem is dragged by."""
        return self._badge, self._name_label

    def set_draggable(self, is_draggable: bool) -> None:
        """Show whether the stem can be dragged to other programs."""
        hint = tr("Drag it to a file manager or a DAW. Ctrl-click selects several stems, Shift drags all of them.")
        self._badge.setToolTip(hint if is_draggable else "")
        self._badge.setCursor(Qt.CursorShape.OpenHandCursor if is_draggable else Qt.CursorShape.ArrowCursor)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_WIDTH, MIN_LANE_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._handle.setGeometry(0, self.height() - _EDGE_HEIGHT, self.width(), _EDGE_HEIGHT)
        self._handle.raise_()

    def set_compact(self, is_compact: bool) -> None:
        if self._level.isHidden() == is_compact:
            return
        for widget in (self._badge, self._menu_button, self._meter, self._level):
            widget.setVisible(not is_compact)
        self._rows.setStretch(0, 2 if is_compact else 0)  # as much space above one row as the two stretches below
        self._set_margins(_COMPACT_MARGINS if is_compact else _MARGINS)
        self._badge_gap.changeSize(0 if is_compact else 4, 0)
        if is_compact:
            self._top_row.insertWidget(self._top_row.indexOf(self._mute), self._fader)
            self._fader.setFixedWidth(_COMPACT_FADER_WIDTH)
        else:
            self._bottom_row.insertWidget(1, self._fader, 1)
            self._fader.setMinimumWidth(64)
            self._fader.setMaximumWidth(HEADER_WIDTH)

    def _set_margins(self, margins: tuple[int, int]) -> None:
        self._rows.setContentsMargins(metrics.EDGE_WIDTH + 14, margins[0], 12, margins[1])

    def refresh(self) -> None:
        """Show the current mix and look of the lane, if they are not shown already: a drag changes one lane only."""
        mix, is_audible = self._controller.mix.lane_mix(self._lane), self._controller.mix.is_audible(self._lane)
        title, colour = self._looks.title(self._name), self._looks.colour(self._name)
        if (mix, is_audible, title, colour) == self._shown:
            return
        # Without a track, controls can be moved away from the mix that they show.
        self._shown = (mix, is_audible, title, colour) if self._controller.is_ready else None
        self._show_title(title)
        self._show_colour(colour)
        self._mute.setChecked(mix.mute)
        self._solo.setChecked(mix.solo)
        self._pan.show_value(round(mix.pan * 100))
        self._fader.show_db(mix.gain_db)
        self._level.show_level(mix.gain_db, tr("muted") if mix.mute else "")
        self._transposition.setVisible(bool(mix.cents))
        self._transposition.show_text(format_transposition(mix.cents), describe_transposition(mix.cents))
        self._transposition.setMinimumWidth(self._transposition.sizeHint().width())  # the name is elided first
        self._name_label.set_colour(Colour.TEXT if is_audible else Colour.FAINT)
        if not is_audible:
            self._meter.show_silence()

    def _show_title(self, title: str) -> None:
        """Show the name of the lane, and name its controls after it."""
        if title == self._title:
            return
        self._title = title
        self.setAccessibleName(tr("{stem} lane", stem=title))
        self._name_label.show_text(title)
        self._name_label.edit_name = tr("Name of {stem}", stem=title)
        self._menu_button.setAccessibleName(tr("Actions for {stem}", stem=title))
        self._pan.set_name(tr("Pan of {stem}", stem=title))
        self._meter.setAccessibleName(tr("{stem} meter", stem=title))
        self._fader.set_name(tr("Level of {stem}", stem=title))
        self._level.setAccessibleName(tr("Level of {stem} in decibels", stem=title))
        for button, action, button_name in (
            (self._mute, ActionId.MUTE_LANE, tr("Mute {stem}", stem=title)),
            (self._solo, ActionId.SOLO_LANE, tr("Solo {stem}", stem=title)),
        ):
            button.setAccessibleName(button_name)
            for key in ACTIONS[action].key_texts[self._lane : self._lane + 1]:
                hint = tr("Alt-click: only this lane")
                button.setToolTip(escape_tooltip(tr("{name} ({key})", name=button_name, key=key), hint))
                button.setAccessibleDescription(tr("Key: {key}", key=key))

    def _show_colour(self, colour: Colour) -> None:
        if colour is not self._colour:
            self.set_colour(colour)
            for widget in (self._badge, self._meter, self._fader):
                widget.set_colour(colour)

    def show_levels(self, levels: LaneLevels) -> None:
        """Show levels on the meter."""
        self._meter.show_levels(levels)

    def show_silence(self) -> None:
        """Show silence on the meter at once."""
        self._meter.show_silence()

    def create_menu(self) -> LaneMenu:
        """Return the menu of the lane."""
        return LaneMenu(self._controller, self._lane, self._name, self._name_label.start_editing, self)

    def _open_menu(self, position: QPoint) -> None:
        menu = self.create_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the pointer, or below the name if the keyboard opened it."""
        is_from_keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        self._open_menu(self._menu_position() if is_from_keyboard else event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Rename on F2, open the menu on Shift+F10 where the system does not."""
        if event.key() == Qt.Key.Key_F2:
            self._name_label.start_editing()
        elif event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            if QApplication.activePopupWidget() is None:
                self._open_menu(self._menu_position())
        else:
            super().keyPressEvent(event)

    def _menu_position(self) -> QPoint:
        return self._name_label.mapToGlobal(self._name_label.rect().bottomLeft())

    def enterEvent(self, event: QEnterEvent) -> None:
        self._menu_button.set_drawn(True)

    def leaveEvent(self, event: QEvent) -> None:
        self._menu_button.set_drawn(False)


def describe_pan(percent: int) -> str:
    """Return a pan in percent in words: "left 35 percent"."""
    if percent == 0:
        return tr("centre")
    if percent < 0:
        return tr("left {percent} percent", percent=-percent)
    return tr("right {percent} percent", percent=percent)
