"""Lane headers: name, mute, solo, meter and fader of a stem, or the progress of an unseparated track."""

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.audio.stems import stem_title
from desktop.text.message import Message, tr
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.theme import metrics
from desktop.ui.theme.icons import awesome_icon
from desktop.ui.theme.palette import BADGE_OPACITY, Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import LetterButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import ElidedLabel
from desktop.ui.widgets.levels import format_db
from desktop.ui.widgets.progress_bar import ProgressBar
from desktop.ui.widgets.stereo_meter import StereoMeter
from desktop.ui.widgets.text_escaping import escape_tooltip

HEADER_WIDTH = 272
ONE_ROW_HEIGHT, TWO_ROW_HEIGHT = 44, 60
"""Height in pixels that a header needs with its controls in one row, and in two."""
_COMPACT_FADER_WIDTH = 78
STEM_ICONS = {
    "vocals": "mdi6.microphone-variant",
    "drums": "fa5s.drum",
    "bass": "mdi6.guitar-electric",
    "guitar": "mdi6.guitar-acoustic",
    "piano": "mdi6.piano",
}
DEFAULT_STEM_ICON = "mdi6.music-note"
_STEM_TITLES = {
    "vocals": Message("Vocals"),
    "drums": Message("Drums"),
    "bass": Message("Bass"),
    "guitar": Message("Guitar"),
    "piano": Message("Piano"),
    "other": Message("Other"),
}


class StemBadge(QWidget):
    """Icon of a stem on a background tinted in its colour."""

    def __init__(self, icon_name: str, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._colour = colour
        self.setFixedSize(22, 22)

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = theme.colour(self._colour)
        background.setAlphaF(BADGE_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(background)
        painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        awesome_icon(self._icon_name, self._colour).paint(painter, self.rect().adjusted(4, 4, -4, -4))


class LaneHeaderBase(QWidget):
    """Panel of a lane header, with the lane's colour at its left edge."""

    def __init__(self, colour: Colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self.setFixedWidth(HEADER_WIDTH)

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.colour(Colour.LINE))
        painter.fillRect(0, 0, metrics.EDGE_WIDTH, self.height() - 1, theme.colour(self._colour))


@accessible_role(QAccessible.Role.Grouping)
class LaneHeader(LaneHeaderBase):
    """Lane header with name, mute, solo, meter and fader of one stem."""

    def __init__(
        self, controller: PlayerController, lane: int, name: str, colour: Colour, parent: QWidget | None = None
    ) -> None:
        super().__init__(colour, parent)
        self._controller, self._lane = controller, lane
        title = str(_STEM_TITLES.get(name, stem_title(name)))
        self.setAccessibleName(tr("{stem} lane", stem=title))
        self._name_label = ElidedLabel(13, 600)
        self._name_label.show_text(title)
        self._mute = LetterButton("M", tr("Mute {stem}", stem=title), Colour.BAD, Colour.ON_BAD)
        self._solo = LetterButton("S", tr("Solo {stem}", stem=title), Colour.SOLO, Colour.ON_SOLO)
        for button, action in ((self._mute, ActionId.MUTE_LANE), (self._solo, ActionId.SOLO_LANE)):
            for key in ACTIONS[action].key_texts[lane : lane + 1]:
                button.setToolTip(escape_tooltip(tr("{name} ({key})", name=button.accessibleName(), key=key)))
                button.setAccessibleDescription(tr("Key: {key}", key=key))
        self._meter = StereoMeter(tr("{stem} meter", stem=title), colour)
        self._fader = Fader(tr("Level of {stem}", stem=title), colour)
        self._level_label = ElidedLabel(12, 400, Colour.DIM).align_right()
        self._level_label.setFixedWidth(54)
        self._build_layout(StemBadge(STEM_ICONS.get(name, DEFAULT_STEM_ICON), colour))
        # Not `clicked`: the Toggle action of assistive technology changes the state without a click.
        self._mute.toggled.connect(partial(controller.mix.set_mute, lane))
        self._solo.toggled.connect(partial(controller.mix.set_solo, lane))
        self._fader.db_changed.connect(partial(controller.mix.set_gain_db, lane))
        self.refresh()

    def _build_layout(self, badge: StemBadge) -> None:
        self._top_row, self._bottom_row = QHBoxLayout(), QHBoxLayout()
        self._top_row.setSpacing(6)
        self._top_row.addWidget(badge)
        self._top_row.addSpacing(4)
        self._top_row.addWidget(self._name_label, 1)
        self._top_row.addWidget(self._mute)
        self._top_row.addWidget(self._solo)
        self._bottom_row.setSpacing(2)
        self._bottom_row.addWidget(self._meter)
        self._bottom_row.addWidget(self._fader, 1)
        self._bottom_row.addWidget(self._level_label)
        grid = QGridLayout(self)
        grid.setContentsMargins(metrics.EDGE_WIDTH + 16, 7, 12, 6)
        grid.setVerticalSpacing(2)
        grid.addLayout(self._top_row, 0, 0)
        grid.addLayout(self._bottom_row, 1, 0)
        grid.setRowStretch(1, 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_WIDTH, ONE_ROW_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the controls into one row if the height is too small for two."""
        super().resizeEvent(event)
        self._set_compact(self.height() < TWO_ROW_HEIGHT)

    def _set_compact(self, is_compact: bool) -> None:
        if self._level_label.isHidden() == is_compact:
            return
        self._meter.setVisible(not is_compact)
        self._level_label.setVisible(not is_compact)
        if is_compact:
            self._top_row.insertWidget(self._top_row.indexOf(self._mute), self._fader)
            self._fader.setFixedWidth(_COMPACT_FADER_WIDTH)
        else:
            self._bottom_row.insertWidget(1, self._fader, 1)
            self._fader.setMinimumWidth(64)
            self._fader.setMaximumWidth(HEADER_WIDTH)

    def refresh(self) -> None:
        """Show the current mix of the lane."""
        mix = self._controller.mix.lane_mix(self._lane)
        is_audible = self._controller.mix.is_audible(self._lane)
        self._mute.setChecked(mix.mute)
        self._solo.setChecked(mix.solo)
        self._fader.show_db(mix.gain_db)
        self._level_label.show_text(
            tr("muted") if mix.mute else format_db(mix.gain_db), "" if is_audible else tr("Another lane is soloed")
        )
        self._name_label.set_colour(Colour.TEXT if is_audible else Colour.FAINT)
        if not is_audible:
            self._meter.show_silence()

    def show_peak(self, peak: float) -> None:
        """Show a linear peak on the meter."""
        self._meter.show_levels((peak, peak), (peak, peak))

    def show_silence(self) -> None:
        """Show silence on the meter, which falls to it."""
        self._meter.show_silence()


@accessible_role(QAccessible.Role.Grouping)
class PendingLaneHeader(LaneHeaderBase):
    """Lane header of the mixture of a track without stems: status and progress."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Colour.ACCENT, parent)
        self.setAccessibleName(tr("The song before it is separated"))
        name = ElidedLabel(13, 600)
        name.show_text(tr("Song"))
        self._status = ElidedLabel(12, 400, Colour.DIM)
        self._time_left = ElidedLabel(12, 400, Colour.DIM)
        self._progress_bar = ProgressBar(tr("Song separated"))
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(StemBadge(DEFAULT_STEM_ICON, Colour.ACCENT))
        top.addWidget(name, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(19, 10, 16, 12)
        rows.setSpacing(8)
        rows.addLayout(top)
        rows.addWidget(self._status)
        rows.addWidget(self._progress_bar)
        rows.addWidget(self._time_left)
        rows.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_WIDTH, 72)

    def show_progress(self, status: str, time_left: str, fraction: float, is_running: bool) -> None:
        """Show status, time left and progress (`fraction`, 0 to 1); the bar is hidden until a run has started."""
        self._status.show_text(status)
        self._time_left.show_text(time_left)
        self._progress_bar.set_fraction(fraction)
        self._progress_bar.setVisible(is_running or fraction > 0)
