"""Menu of a lane: name, colour, height, transposition, and what else is not worth a control of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from desktop.playback.mix import MAX_TRANSPOSITION_CENTS
from desktop.text.message import Message, tr
from desktop.text.transposition import CENTS_PER_SEMITONE, format_transposition, parse_transposition
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_looks import LaneLooks
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import STEM_COLOURS, Colour, theme
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
        self._add(tr("Rename…"), rename)
        self._add_choices(tr("Colour"), self._colour_choices())
        self._add_choices(tr("Height"), self._height_choices())
        self._add(tr("Transpose this lane…"), lambda: TransposeDialog(controller, lane, title, parent).show())
        self.addSeparator()
        self._add(tr("Solo only this lane"), partial(controller.mix.solo_only, lane))
        self._add(tr("Mute only this lane"), partial(controller.mix.mute_only, lane))
        self.addSeparator()
        self._add(tr("Reset level, pan and pitch"), partial(controller.mix.reset_lane, lane))

    def _add(self, text: str, run: Callable[[], None]) -> None:
        _run_when_triggered(self.addAction(escape_menu_text(text)), run)

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
        own, set_colour = self._looks.look(self._name).colour, partial(self._looks.set_colour, self._name)
        shown = self._looks.colour(self._name)
        colours = [
            _Choice(
                str(_COLOUR_NAMES[colour]), bool(own) and colour is shown, partial(set_colour, colour), swatch(colour)
            )
            for colour in STEM_COLOURS.values()
        ]
        return [_Choice(tr("Automatic"), not own, partial(set_colour, None)), *colours]

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
        for widget in (heading_label, self.stepper, hint):
            rows.addWidget(widget)
        rows.addLayout(buttons)
        controller.mix.lanes_changed.connect(self._refresh)
        controller.loaded_changed.connect(self.close)
        self._refresh()
        self.stepper.field.setFocus()

    def _transpose(self, cents: float) -> None:
        self._controller.mix.set_cents(self._lane, round(cents))

    def _refresh(self) -> None:
        self.stepper.show_value(self._controller.mix.lane_mix(self._lane).cents)


def swatch(colour: Colour) -> QIcon:
    """Return a square in the current value of `colour`, as the icon of a menu."""
    pixmap = QPixmap(QSize(32, 32))
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(colour))
    painter.drawRoundedRect(QRectF(1, 1, 14, 14), 4, 4)
    painter.end()
    return QIcon(pixmap)


def _run_when_triggered(action: QAction, run: Callable[[], None]) -> None:
    action.triggered.connect(lambda: run())
