"""Loop group of the transport bar: a switch, and the menu of loops and sections."""

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop.playback.practice import Loop
from desktop.text.durations import format_duration, format_duration_tenths
from desktop.text.message import tr
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.transport_group import TransportGroup
from desktop.ui.widgets.button import ValueButton
from desktop.ui.widgets.check_box import Switch
from desktop.ui.widgets.text_escaping import escape_menu_text, escape_tooltip

_WIDE_FIELD, _NARROW_FIELD = 143, 110


class LoopGroup(TransportGroup):
    """Switches the loop on and off, and chooses, renames and deletes loops."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Loop"), parent=parent)
        self._controller, self._practice = controller, controller.practice
        self.switch = Switch()
        self.switch.setAccessibleName(tr("Repeat the loop"))
        self.menu = QMenu(self)
        self.menu.setProperty("checks", "true")
        self.menu.aboutToShow.connect(self._fill_menu)
        self.button = ValueButton(tr("Chosen loop"), self.menu)
        self.add(self.switch, self.button)
        self.switch.toggled.connect(self._practice.set_looping)
        self._practice.changed.connect(self.refresh)
        self._is_narrow = False
        self.set_narrow(False)

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self._is_narrow = is_narrow
        self.button.setFixedWidth(_NARROW_FIELD if is_narrow else _WIDE_FIELD)
        self.refresh()

    def refresh(self) -> None:
        """Show the chosen loop and whether it repeats."""
        state = self._practice.state
        self.switch.set_on(state.repeated_loop is not None)
        self.switch.setEnabled(state.loop is not None)
        self.switch.setToolTip("" if state.loop else tr("Drag in the ruler above the lanes to make a loop"))
        loop = state.loop
        self.button.show_value(loop_title(loop, is_short=self._is_narrow) if loop else tr("Whole song"))
        self.button.setToolTip(escape_tooltip(loop_title(loop)) if loop else "")

    def _fill_menu(self) -> None:
        state, menu = self._practice.state, self.menu
        menu.clear()
        group = QActionGroup(menu)
        choices = [(None, tr("Whole song")), *((number, loop_title(loop)) for number, loop in enumerate(state.loops))]
        for number, text in choices:
            action = menu.addAction(escape_menu_text(text))
            action.setCheckable(True)
            action.setChecked(number == (state.loop_index if state.loop else None))
            action.setActionGroup(group)
            action.triggered.connect(partial(self._choose, number))
        if state.markers:
            menu.addSection(tr("Sections"))
            for number, marker in enumerate(state.markers):
                menu.addAction(escape_menu_text(marker.name)).triggered.connect(partial(self._loop_section, number))
        if state.loop is not None:
            menu.addSeparator()
            menu.addAction(tr("Rename…")).triggered.connect(lambda: self._controller.loops.rename_chosen())
            menu.addAction(tr("Delete")).triggered.connect(lambda: self._controller.loops.delete_chosen())

    def _choose(self, number: int | None, _checked: bool = False) -> None:
        self._practice.choose_loop(number)

    def _loop_section(self, number: int, _checked: bool = False) -> None:
        self._practice.loop_section(number)


def loop_title(loop: Loop, is_short: bool = False) -> str:
    """Return the name of a loop, or its times: "1:04.0–1:31.2", or "1:04–1:31" if `is_short`."""
    format_time = format_duration if is_short else format_duration_tenths
    return loop.name or tr("{start}–{end}", start=format_time(loop.start_s), end=format_time(loop.end_s))
