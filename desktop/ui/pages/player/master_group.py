"""Master group of the transport bar: level, meter, limiter and output."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.playback.levels import Levels
from desktop.playback.mix import Master
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.transport_group import TransportGroup
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import ValueButton, create_icon_button
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import Chip
from desktop.ui.widgets.levels import format_db
from desktop.ui.widgets.stereo_meter import StereoMeter

_WIDE_FADER, _NARROW_FADER = 112, 60
_WIDE_METER, _NARROW_METER = 54, 28
LAMP_S = 1.0
"""Seconds for which the lamp stays on after the limiter has worked."""
MIN_REDUCTION_DB = 0.05


class MasterGroup(TransportGroup):
    """Sets the master level, shows its meter, and opens the menu of the output."""

    output_requested = Signal()
    """The user wants to choose the device."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Master"), has_line=False, parent=parent)
        self._controller = controller
        self.meter = StereoMeter(tr("Level of the master"), Colour.GOOD)
        self.fader = Fader(tr("Master level"), Colour.TEXT)
        self.menu = QMenu(self)
        self.menu.setProperty("checks", "true")
        self.limiter = self.menu.addAction(ACTIONS[ActionId.LIMITER].text)
        self.limiter.setCheckable(True)
        self.menu.addSeparator()
        self._device = self.menu.addAction("")
        self._device.setEnabled(False)
        self.menu.addAction(tr("Output settings…")).triggered.connect(lambda: self.output_requested.emit())
        self.menu.aboutToShow.connect(self._show_device)
        self.output_button = ValueButton(tr("Output and limiter"), self.menu)
        self.output_button.show_value(tr("Output"))
        self.output_icon = create_icon_button("speaker", tr("Output and limiter"))
        self.output_icon.setMenu(self.menu)
        self.lamp = Chip(Colour.ACCENT)
        self.lamp.show_text(tr("Limiter"), tr("The limiter is lowering peaks now"))
        self.lamp.hide()
        self._lamp_timer = QTimer(self, interval=round(1000 * LAMP_S), singleShot=True)
        self._lamp_timer.timeout.connect(self.lamp.hide)
        self.add(self.meter, self.fader, self.output_button, self.output_icon)
        self.lamp.setParent(self)
        self.fader.db_changed.connect(controller.mix.set_master_db)
        self.limiter.toggled.connect(controller.mix.set_limiter)
        controller.mix.master_changed.connect(self._show_master)
        controller.levels_changed.connect(self._show_levels)
        self._is_narrow, self._has_output = False, True
        self.set_narrow(False)
        self._show_master(controller.mix.master)

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self.fader.setFixedWidth(_NARROW_FADER if is_narrow else _WIDE_FADER)
        self.meter.setFixedWidth(_NARROW_METER if is_narrow else _WIDE_METER)
        self._is_narrow = is_narrow
        self._show_output()

    def set_output_visible(self, visible: bool) -> None:
        """Show or hide the menu of the output, which a small player has no room for."""
        self._has_output = visible
        self._show_output()

    def _show_output(self) -> None:
        self.output_button.setVisible(self._has_output and not self._is_narrow)
        self.output_icon.setVisible(self._has_output and self._is_narrow)

    def _show_master(self, master: Master) -> None:
        self.fader.show_db(master.gain_db)
        self.heading.show_text(tr("Master {level}", level=format_db(master.gain_db)))
        blocked = self.limiter.blockSignals(True)
        self.limiter.setChecked(master.has_limiter)
        self.limiter.blockSignals(blocked)

    def _show_device(self) -> None:
        device = self._controller.output.device
        self._device.setText(device or tr("The system’s output"))

    def _show_levels(self, levels: Levels) -> None:
        if levels.lanes:
            self.meter.show_levels(levels.master)
        else:
            self.meter.show_silence()
        if levels.reduction_db >= MIN_REDUCTION_DB:
            self._place_lamp()
            self.lamp.show()
            self._lamp_timer.start()

    def _place_lamp(self) -> None:
        """Put the lamp over the right end of the heading, so that nothing moves when it lights."""
        size = self.lamp.sizeHint()
        shown = [control for control in (self.fader, self.output_button, self.output_icon) if not control.isHidden()]
        self.lamp.setGeometry(shown[-1].geometry().right() - size.width(), 0, size.width(), 16)
