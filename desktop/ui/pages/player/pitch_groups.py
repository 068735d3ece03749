"""Speed and key groups of the transport bar."""

from PySide6.QtWidgets import QWidget

from desktop.analysis.text import format_key
from desktop.playback.practice import MAX_SPEED_PERCENT, MIN_SPEED_PERCENT
from desktop.text.message import tr
from desktop.text.numbers import parse_number
from desktop.text.transposition import CENTS_PER_SEMITONE, format_transposition, parse_transposition
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_menu import TRANSPOSITION_FORMAT
from desktop.ui.pages.player.transport_group import TransportGroup
from desktop.ui.widgets.button import PushButton, create_icon_button
from desktop.ui.widgets.value_field import NumberFormat, Stepper

SPEED_STEP_PERCENT = 5
_SPEED_WIDTH = 58
_WIDE_KEY, _NARROW_KEY = 120, 64
_SEPARATOR = " · "


def format_speed(percent: float) -> str:
    """Return a speed as "85 %"."""
    number = f"{percent:.1f}".removesuffix(".0")
    return tr("{percent} %", percent=number)


SPEED_FORMAT = NumberFormat(
    MIN_SPEED_PERCENT,
    MAX_SPEED_PERCENT,
    SPEED_STEP_PERCENT,
    format_speed,
    lambda text: parse_number(text, "%"),
    default=100.0,
    decimals=1,
)


class SpeedGroup(TransportGroup):
    """Steps and types the speed, and opens the speed trainer."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Speed"), parent=parent)
        self._controller, self._practice = controller, controller.practice
        trainer = ACTIONS[ActionId.SPEED_TRAINER]
        self.stepper = Stepper(tr("Speed"), SPEED_FORMAT)
        self.stepper.field.setFixedWidth(_SPEED_WIDTH)
        self.stepper.setToolTip(tr("25 to 200 %. Double-click for 100 %"))
        self.trainer_button = PushButton(tr("Trainer…"), "plain", accessible_name=trainer.text)
        self.trainer_icon = create_icon_button(trainer.icon, trainer.text, trainer.tooltip())
        for button in (self.trainer_button, self.trainer_icon):
            button.setToolTip(trainer.tooltip())
        self.add(self.stepper, self.trainer_button, self.trainer_icon)
        self.stepper.value_entered.connect(self._practice.set_speed_percent)
        self._practice.changed.connect(self.refresh)
        controller.speed_changed.connect(self.refresh)
        self.set_narrow(False)
        self.refresh()

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self.trainer_button.setVisible(not is_narrow)
        self.trainer_icon.setVisible(is_narrow)

    def refresh(self) -> None:
        """Show the speed, which the trainer may change while a loop repeats."""
        self.stepper.show_value(self._controller.speed_percent)
        is_training = self._practice.state.trainer is not None
        self.heading.show_text(tr("Speed · training") if is_training else tr("Speed"))


class KeyGroup(TransportGroup):
    """Steps and types the transposition, and shows the key that results."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Key"), parent=parent)
        self._controller, self._practice = controller, controller.practice
        self._shows_key = True
        limits = TRANSPOSITION_FORMAT
        number_format = NumberFormat(
            limits.minimum, limits.maximum, limits.step, self._format, _parse_transposition_with_key, decimals=0
        )
        self.stepper = Stepper(tr("Transposition"), number_format)
        self.stepper.setToolTip(tr("In semitones, or in cents: “−250 ct”. Double-click for none"))
        self.add(self.stepper)
        self.stepper.value_entered.connect(self._set_cents)
        self._practice.changed.connect(self.refresh)
        controller.analysis.changed.connect(self.refresh)
        controller.loaded_changed.connect(self.refresh)
        self.set_narrow(False)
        self.refresh()

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self._shows_key = not is_narrow
        self.stepper.field.setFixedWidth(_NARROW_KEY if is_narrow else _WIDE_KEY)
        self.refresh()

    def refresh(self) -> None:
        """Show the transposition and the key that results."""
        self.stepper.show_value(self._practice.state.cents)
        self.stepper.refresh_text()
        key = self._transposed_key()
        self.stepper.field.setAccessibleDescription(tr("Sounds in {key}", key=key) if key else "")
        self.heading.show_text(tr("Key") if self._shows_key or not key else key)

    def _set_cents(self, cents: float) -> None:
        self._practice.set_cents(round(cents))

    def _format(self, cents: float) -> str:
        key = self._transposed_key(cents)
        text = format_transposition(cents)
        return f"{text}{_SEPARATOR}{key}" if self._shows_key and key else text

    def _transposed_key(self, cents: float | None = None) -> str:
        """Return the name of the key that sounds with a transposition in cents; empty if it is not known."""
        # The analysis of the song before stays until another one is loaded.
        found = self._controller.analysis.current.key if self._controller.is_ready else None
        cents = self._practice.state.cents if cents is None else cents
        return format_key(found.transposed(round(cents / CENTS_PER_SEMITONE))) if found else ""


def _parse_transposition_with_key(text: str) -> float:
    """Return the cents of a text whose key, if there is one, is ignored. Raises ValueError."""
    return parse_transposition(text.partition(_SEPARATOR.strip())[0])
