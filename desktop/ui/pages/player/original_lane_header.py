"""Lane header of the original, to compare the stems with."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.playback.levels import LaneLevels
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header_parts import HEADER_WIDTH, LaneHeaderBase
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import LetterButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import ElidedLabel
from desktop.ui.widgets.stereo_meter import StereoMeter
from desktop.ui.widgets.value_field import LevelField

ORIGINAL_HEIGHT = 40
"""Height in pixels of the original lane."""
_METER_WIDTH, _FADER_WIDTH = 24, 54


@accessible_role(QAccessible.Role.Grouping)
class OriginalLaneHeader(LaneHeaderBase):
    """Lane header of the original in one row: level, and a solo button that compares it with the stems."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(Colour.DIM, parent)
        self._controller = controller
        self.setAccessibleName(tr("Original lane"))
        self._name_label = ElidedLabel(13, 600)
        self._name_label.show_text(tr("Original"))
        self._meter = StereoMeter(tr("{stem} meter", stem=tr("Original")), Colour.DIM)
        self._meter.setFixedWidth(_METER_WIDTH)
        self._fader = Fader(tr("Level of the original"), Colour.DIM)
        self._fader.setFixedWidth(_FADER_WIDTH)
        self._level = LevelField(tr("Level of the original in decibels"))
        self._solo = LetterButton("S", tr("Hear the original"), Colour.SOLO, Colour.ON_SOLO)
        action = ACTIONS[ActionId.HEAR_ORIGINAL]
        self._solo.setToolTip(action.tooltip(tr("Hear the original in place of the stems")))
        self._solo.setAccessibleDescription(tr("Key: {key}", key=action.key_texts[0]))
        row = QHBoxLayout(self)
        row.setContentsMargins(metrics.EDGE_WIDTH + 14, 0, 12, 1)
        row.setSpacing(4)
        row.addWidget(self._name_label, 1)
        row.addSpacing(4)
        for widget in (self._meter, self._fader, self._level, self._solo):
            row.addWidget(widget)
        self._solo.toggled.connect(self._set_solo)
        self._solo.exclusive_requested.connect(lambda: controller.mix.solo_only(controller.mix.original_lane))
        for control in (self._fader.db_changed, self._level.value_entered):
            control.connect(self._set_gain_db)
        self.refresh()

    def _set_solo(self, is_on: bool) -> None:
        self._controller.mix.set_solo(self._controller.mix.original_lane, is_on)

    def _set_gain_db(self, db: float) -> None:
        self._controller.mix.set_gain_db(self._controller.mix.original_lane, db)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_WIDTH, ORIGINAL_HEIGHT)

    def refresh(self) -> None:
        """Show the current mix of the original."""
        controls = self._controller.mix
        mix = controls.lane_mix(controls.original_lane)
        self._solo.setChecked(mix.solo)
        self._fader.show_db(mix.gain_db)
        self._level.show_level(mix.gain_db)
        self._name_label.set_colour(Colour.TEXT if mix.solo else Colour.DIM)
        if not mix.solo:
            self._meter.show_silence()

    def show_levels(self, levels: LaneLevels) -> None:
        """Show levels on the meter."""
        self._meter.show_levels(levels)

    def show_silence(self) -> None:
        """Show silence on the meter at once."""
        self._meter.show_silence()
