"""Click and count-in groups of the transport bar, which need the beats of the song."""

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop.playback.practice import MAX_COUNT_IN_BARS
from desktop.text.message import tr, tr_count
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.transport_group import TransportGroup
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import ValueButton, create_icon_button
from desktop.ui.widgets.check_box import Switch
from desktop.ui.widgets.fader import Fader

_WIDE_FADER, _NARROW_FADER = 72, 40


def describe_missing_beats(controller: PlayerController) -> str:
    """Return why there is no click and no count-in; empty if there is a beat grid."""
    if controller.analysis.current.grid is not None:
        return ""
    if not controller.analysis.is_found:
        return tr("Unbraid is still listening for the beat")
    return tr("No steady beat was found. Tap the tempo with {key} to set one", key=ACTIONS[ActionId.TAP_TEMPO].key)


class ClickGroup(TransportGroup):
    """Switches the click on and off, and sets its level and accent."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Click"), parent=parent)
        self._controller, self._practice = controller, controller.practice
        self.switch = Switch()
        self.switch.setAccessibleName(tr("Click"))
        self.fader = Fader(tr("Level of the click"), Colour.TEXT)
        self._menu = QMenu(self)
        self.accent = self._menu.addAction(tr("Accent the first beat"))
        self.accent.setCheckable(True)
        self._menu.setProperty("checks", "true")
        self.menu_button = create_icon_button("dots", tr("Options of the click"))
        self.menu_button.setMenu(self._menu)
        self.add(self.switch, self.fader, self.menu_button)
        self.row.setSpacing(2)
        self.set_narrow(False)
        self.switch.toggled.connect(self._practice.set_click_on)
        self.fader.db_changed.connect(self._practice.set_click_db)
        self.accent.toggled.connect(self._practice.set_click_accent)
        self._practice.changed.connect(self.refresh)
        controller.analysis.changed.connect(self.refresh)
        self.refresh()

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self.fader.setFixedWidth(_NARROW_FADER if is_narrow else _WIDE_FADER)

    def refresh(self) -> None:
        """Show the state of the click, or why there is none."""
        click, reason = self._practice.state.click, describe_missing_beats(self._controller)
        self.switch.set_on(click.is_on and not reason)
        self.fader.show_db(click.gain_db)
        blocked = self.accent.blockSignals(True)
        self.accent.setChecked(click.has_accent)
        self.accent.blockSignals(blocked)
        for control in (self.switch, self.fader, self.menu_button):
            control.setEnabled(not reason)
        for control in (self, self.switch):
            control.setToolTip(reason or ACTIONS[ActionId.CLICK].tooltip())
            control.setAccessibleDescription(reason)


class CountInGroup(TransportGroup):
    """Chooses how many bars are counted in before playback starts."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Count-in"), parent=parent)
        self._controller, self._practice = controller, controller.practice
        self._menu = QMenu(self)
        self._menu.setProperty("checks", "true")
        group = QActionGroup(self._menu)
        self._choices = [self._menu.addAction(format_count_in(bars)) for bars in range(MAX_COUNT_IN_BARS + 1)]
        for bars, action in enumerate(self._choices):
            action.setCheckable(True)
            action.setActionGroup(group)
            action.triggered.connect(partial(self._choose, bars))
        self.button = ValueButton(tr("Count-in"), self._menu)
        self.button.setFixedWidth(78)
        self.add(self.button)
        self._practice.changed.connect(self.refresh)
        controller.analysis.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the number of bars, or why there is no count-in."""
        bars, reason = self._practice.state.count_in_bars, describe_missing_beats(self._controller)
        self.button.show_value(format_count_in(bars))
        self._choices[bars].setChecked(True)
        self.button.setEnabled(not reason)
        for control in (self, self.button):
            control.setToolTip(reason or ACTIONS[ActionId.COUNT_IN].tooltip())
            control.setAccessibleDescription(reason)

    def _choose(self, bars: int, _checked: bool = False) -> None:
        self._practice.set_count_in_bars(bars)


def format_count_in(bars: int) -> str:
    """Return "Off", "1 bar" or "2 bars"."""
    return tr_count("{count} bar", "{count} bars", bars) if bars else tr("Off")
