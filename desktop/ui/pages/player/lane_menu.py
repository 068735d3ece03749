"""Menu of a lane: name, colour, height, transposition, and what else is not worth a control of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from desktop.playback.mix import MAX_TRANSPOSITION_CENTS
from desktop.text.message import Message, tr
from desktop.text.transposition import CENTS_PER_SEMITONE, format_transposition, parse_transposition
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_looks import LaneLooks
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.text_escaping import escape_menu_text, escape_window_title
from desktop.ui.widgets.value_field import NumberFormat, Stepper

TRANSPOSITION_FORMAT = NumberFormat(
    -MAX_TRANSPOSITION_CENTS,
    MAX_TRANSPOSITION_CENTS,
    CENTS_PER_SEMITONE,
    format_transposition,
    parse_transposition,
    decimals=0,
)
"""Transposition in cents; a step is a semitone."""
_COLOUR_NAMES = {
    Colour.VOCALS: Message("Red"),
    Colour.DRUMS: Message("Amber"),
    Colour.BASS: Message("Green"),
    Colour.OTHER: Message("Blue"),
    Colour.GUITAR: Message("Pink"),
    Colour.PIANO: Message("Cyan"),
}
_HEIGHTS = ((0, Message("Automatic")), (44, Message("Small")), (96, Message("Medium")), (192, Message("Large")))
"""Heights in logical pixels that the menu offers."""
_FIELD_WIDTH = 96


@dataclass(frozen=True)
class _Choice:
    """A choice of a submenu."""

    text: str
    is_chosen: bool
    choose: Callable[[], None]
    icon: QIcon | None = None


class LaneMenu(QMenu):
    """Menu of the lane with number `lane` and the name `name`."""

    def __init__(
        self, controller: PlayerController, lane: int, name: str, rename: Callable[[], None], parent: QWidget
    ) -> None:
        """`rename` lets the user type a name."""
        super().__init__(parent)
        self._looks, self._name = LaneLooks(controller.practice), name
        title = self._looks.title(name)
        self.setAccessibleName(tr("Actions for {stem}", stem=title))
        self._add(tr("Rename…"), rename, "F2")
        self._add_choices(tr("Colour"), self._colour_choices())
        self._add_choices(tr("Height"), self._height_choices())
        self._add(tr("Transpose this lane…"), lambda: TransposeDialog(controller, lane, title, parent).show())
        self.addSeparator()
        for text, action, run in (
            (tr("Solo only this lane"), ActionId.SOLO_LANE_ONLY, controller.mix.solo_only),
            (tr("Mute only this lane"), ActionId.MUTE_LANE_ONLY, controller.mix.mute_only),
        ):
            self._add(text, partial(run, lane), *ACTIONS[action].keys[lane : lane + 1])
        self.addSeparator()
        self._add(tr("Reset level, pan and pitch"), partial(controller.mix.reset_lane, lane))

    def _add(self, text: str, run: Callable[[], None], key: str = "") -> None:
        """Add an item; the window or the header handles its `key`."""
        action = self.addAction(escape_menu_text(text))
        action.setShortcut(QKeySequence(key))
        action.setShortcutVisibleInContextMenu(True)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        _run_when_triggered(action, run)

    def _add_choices(self, text: str, choices: Sequence[_Choice]) -> None:
        """Add a submenu, of whose choices one is checked."""
        menu = self.addMenu(escape_menu_text(text))
        menu.setProperty("checks", True)
        group = QActionGroup(menu)
        for choice in choices:
            action = menu.addAction(choice.text)
            action.setCheckable(True)
            action.setChecked(choice.is_chosen)
            action.setActionGroup(group)
            _run_when_triggered(action, choice.choose)
            if choice.icon is not None:
                action.setIcon(choice.icon)

    def _colour_choices(self) -> list[_Choice]:
        chosen = self._looks.colour(self._name) if self._looks.chosen_look(self._name).colour else None
        set_colour = partial(self._looks.set_colour, self._name)
        colours = [
            _Choice(str(text), colour is chosen, partial(set_colour, colour), _swatch(colour, colour is chosen))
            for colour, text in _COLOUR_NAMES.items()
        ]
        return [_Choice(tr("Automatic"), chosen is None, partial(set_colour, None)), *colours]

    def _height_choices(self) -> list[_Choice]:
        height = self._looks.height(self._name)
        return [
            _Choice(str(text), value == height, partial(self._looks.set_height, self._name, value))
            for value, text in _HEIGHTS
        ]


class TransposeDialog(QDialog):
    """Transposes one lane alone, while it is heard."""

    def __init__(self, controller: PlayerController, lane: int, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = tr("Transpose {stem}", stem=title)
        self.setWindowTitle(escape_window_title(heading))
        heading_label = TextLabel(heading, TITLE_SIZE, 600)
        self.stepper = Stepper(heading, TRANSPOSITION_FORMAT)
        self._controller, self._lane = controller, lane
        self.stepper.value_entered.connect(self._transpose)
        hint = TextLabel(
            tr("In semitones, or in cents: “−250 ct”. The other lanes keep their pitch."), colour=Colour.DIM
        )
        reset, close = PushButton(tr("Reset"), parent=self), PushButton(tr("Close"), "primary", parent=self)
        reset.clicked.connect(self.stepper.field.reset)
        close.clicked.connect(self.close)
        close.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(reset)
        buttons.addStretch(1)
        buttons.addWidget(close)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 24, 24, 20)
        rows.setSpacing(12)
        self.stepper.field.setMinimumWidth(_FIELD_WIDTH)
        rows.addWidget(heading_label)
        rows.addWidget(self.stepper, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(hint)
        rows.addLayout(buttons)
        controller.mix.lanes_changed.connect(self._refresh)
        controller.loaded_changed.connect(self.close)
        self._refresh()
        self.stepper.field.setFocus()

    def _transpose(self, cents: float) -> None:
        self._controller.mix.set_cents(self._lane, round(cents))

    def _refresh(self) -> None:
        self.stepper.show_value(self._controller.mix.lane_mix(self._lane).cents)


def _swatch(colour: Colour, is_chosen: bool) -> QIcon:
    """Return a square in the current value of `colour`, checked if it is chosen, as the icon of a menu."""
    pixmap = QPixmap(QSize(32, 32))
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(colour))
    painter.drawRoundedRect(QRectF(1, 1, 14, 14), 4, 4)
    if is_chosen:
        draw_glyph(painter, "check", QRectF(3, 3, 10, 10), Colour.BACKGROUND, stroke_width=2.4)
    painter.end()
    return QIcon(pixmap)


def _run_when_triggered(action: QAction, run: Callable[[], None]) -> None:
    action.triggered.connect(lambda: run())
