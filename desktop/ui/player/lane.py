"""The head of a lane: what it is called, whether it is heard, and how loud."""

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from desktop.audio.stem_order import stem_title
from desktop.ui.accessibility import accessible_role
from desktop.ui.plain import tip
from desktop.ui.player.buttons import LetterButton
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.fader import Fader
from desktop.ui.player.levels import written
from desktop.ui.player.meter import Meter
from desktop.ui.player.words import Line
from desktop.ui.theme import tokens
from desktop.ui.theme.icons import icon

HEAD_WIDTH = 272
ONE_ROW, TWO_ROWS = 44, 60
"""Height in pixels that a head needs with its controls in one row, and in two."""
_SHORT_FADER = 78
SIGNS = {
    "vocals": "mdi6.microphone-variant",
    "drums": "fa5s.drum",
    "bass": "mdi6.guitar-electric",
    "guitar": "mdi6.guitar-acoustic",
    "piano": "mdi6.piano",
}
OTHER_SIGN = "mdi6.music-note"


class Badge(QWidget):
    """The sign of a stem on a ground tinted in its colour."""

    def __init__(self, sign: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = icon(sign, colour)
        self._colour = QColor(colour)
        self.setFixedSize(22, 22)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw the ground and the sign."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self._colour)
        ground.setAlphaF(tokens.BADGE_TINT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        self._sign.paint(painter, self.rect().adjusted(4, 4, -4, -4))


class HeadGround(QWidget):
    """The panel behind a head, with the lane's colour at its left edge."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self.setFixedWidth(HEAD_WIDTH)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Fill the panel, the edge, and the line to the next lane."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PANEL))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.LINE))
        painter.fillRect(0, 0, tokens.EDGE, self.height() - 1, QColor(self._colour))


@accessible_role(QAccessible.Role.Grouping)
class LaneHead(HeadGround):
    """Name, mute, solo, meter and fader of one stem."""

    def __init__(
        self, controller: PlayerController, lane: int, name: str, colour: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(colour, parent)
        self._controller, self._lane = controller, lane
        title = stem_title(name)
        self.setAccessibleName(f"{title} lane")
        self._name = Line(13, 600)
        self._name.say(title)
        self._mute = LetterButton("M", f"Mute {title}", tokens.BAD, tokens.ON_BAD)
        self._solo = LetterButton("S", f"Solo {title}", tokens.SOLO, tokens.ON_SOLO)
        for button, key in ((self._mute, f"{lane + 1}"), (self._solo, f"Shift+{lane + 1}")):
            button.setToolTip(tip(f"{button.accessibleName()} ({key})"))
            button.setAccessibleDescription(f"Key: {key}")
        self._meter = Meter(f"{title} meter", colour)
        self._fader = Fader(f"Level of {title}", colour)
        self._level = Line(12, 400, tokens.DIM).to_the_right()
        self._level.setFixedWidth(54)
        self._arrange(Badge(SIGNS.get(name, OTHER_SIGN), colour))
        # Not `clicked`: the Toggle action of assistive technology changes the state without a click.
        self._mute.toggled.connect(partial(controller.set_mute, lane))
        self._solo.toggled.connect(partial(controller.set_solo, lane))
        self._fader.db_changed.connect(partial(controller.set_gain_db, lane))
        self.refresh()

    def _arrange(self, badge: Badge) -> None:
        self._top, self._below = QHBoxLayout(), QHBoxLayout()
        self._top.setSpacing(6)
        self._top.addWidget(badge)
        self._top.addSpacing(4)
        self._top.addWidget(self._name, 1)
        self._top.addWidget(self._mute)
        self._top.addWidget(self._solo)
        self._below.setSpacing(2)
        self._below.addWidget(self._meter)
        self._below.addWidget(self._fader, 1)
        self._below.addWidget(self._level)
        grid = QGridLayout(self)
        grid.setContentsMargins(tokens.EDGE + 16, 7, 12, 6)
        grid.setVerticalSpacing(2)
        grid.addLayout(self._top, 0, 0)
        grid.addLayout(self._below, 1, 0)
        grid.setRowStretch(1, 1)

    def minimumSizeHint(self) -> QSize:
        """One row."""
        return QSize(HEAD_WIDTH, ONE_ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep everything in one row where there is no room for two."""
        super().resizeEvent(event)
        self._show_in_one_row(self.height() < TWO_ROWS)

    def _show_in_one_row(self, one: bool) -> None:
        if self._level.isHidden() == one:
            return
        self._meter.setVisible(not one)
        self._level.setVisible(not one)
        if one:
            self._top.insertWidget(self._top.indexOf(self._mute), self._fader)
            self._fader.setFixedWidth(_SHORT_FADER)
        else:
            self._below.insertWidget(1, self._fader, 1)
            self._fader.setMinimumWidth(64)
            self._fader.setMaximumWidth(HEAD_WIDTH)

    def refresh(self) -> None:
        """Show how the lane is mixed."""
        mix = self._controller.lane(self._lane)
        heard = self._controller.audible(self._lane)
        self._mute.setChecked(mix.muted)
        self._solo.setChecked(mix.soloed)
        self._fader.show_db(mix.gain_db)
        self._level.say("muted" if mix.muted else written(mix.gain_db), "" if heard else "Another lane is soloed")
        self._name.paint_in(tokens.TEXT if heard else tokens.FAINT)
        if not heard:
            self._meter.rest()

    def show_peak(self, peak: float) -> None:
        """Move the meter."""
        self._meter.show_peak(peak)

    def rest(self) -> None:
        """Let the meter fall."""
        self._meter.rest()
