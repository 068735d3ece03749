"""Speed trainer: raises the speed of a loop step by step."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.playback.practice import SpeedTrainer
from desktop.text.message import tr
from desktop.text.numbers import parse_number
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.pitch_groups import SPEED_FORMAT, format_speed
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.value_field import NumberFormat, Stepper

_STEP_FORMAT = NumberFormat(1, 100, 1, format_speed, lambda text: parse_number(text, "%"), default=5.0, decimals=1)
_ROUNDS_FORMAT = NumberFormat(1, 99, 1, lambda rounds: f"{rounds:.0f}", parse_number, default=2.0, decimals=0)
_FIELD_WIDTH = 72


class TrainerDialog(QDialog):
    """Sets up the speed trainer, starts and stops it, and shows how far it is."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Speed trainer"))
        self._controller, self._practice = controller, controller.practice
        plan = self._practice.state.trainer or SpeedTrainer()
        self.start = Stepper(tr("From"), SPEED_FORMAT)
        self.end = Stepper(tr("To"), SPEED_FORMAT)
        self.step = Stepper(tr("In steps of"), _STEP_FORMAT)
        self.rounds = Stepper(tr("Rounds per step"), _ROUNDS_FORMAT)
        values = (plan.start_percent, plan.end_percent, plan.step_percent, plan.rounds_per_step)
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        for stepper, value in zip((self.start, self.end, self.step, self.rounds), values, strict=True):
            stepper.field.setFixedWidth(_FIELD_WIDTH)
            stepper.show_value(value)
            stepper.value_entered.connect(self._change_running_plan)
            form.addRow(TextLabel(stepper.accessibleName()), stepper)
        self.status = TextLabel("", colour=Colour.DIM)
        self.status.setWordWrap(True)
        self.start_button = PushButton("", "primary")
        self.start_button.clicked.connect(self._start_or_stop)
        close = PushButton(tr("Close"))
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.start_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 24, 24, 20)
        rows.setSpacing(12)
        rows.addWidget(TextLabel(tr("Speed trainer"), TITLE_SIZE, 600))
        rows.addLayout(form)
        rows.addWidget(self.status)
        rows.addLayout(buttons)
        self.setMinimumWidth(360)
        self._practice.changed.connect(self.refresh)
        controller.speed_changed.connect(self.refresh)
        controller.loaded_changed.connect(self.close)
        self.refresh()

    def refresh(self) -> None:
        """Show the round and the speed while the trainer runs, or what it needs."""
        state = self._practice.state
        self.start_button.setText(tr("Stop") if state.trainer else tr("Start"))
        self.start_button.setAccessibleName(self.start_button.text())
        self.start_button.setEnabled(state.loop is not None)
        self.status.setText(self._describe())

    def _describe(self) -> str:
        state = self._practice.state
        if state.loop is None:
            return tr("The trainer needs a loop. Drag in the ruler above the lanes to make one.")
        if state.trainer is None:
            return tr("Each time the loop was played that often, the speed is one step nearer to the last one.")
        number, speed = self._controller.loop_round + 1, format_speed(self._controller.speed_percent)
        return tr("Round {number}, at {speed}", number=number, speed=speed)

    def _plan(self) -> SpeedTrainer:
        return SpeedTrainer(self.start.value, self.end.value, self.step.value, round(self.rounds.value))

    def _change_running_plan(self) -> None:
        if self._practice.state.trainer is not None:
            self._practice.set_trainer(self._plan())

    def _start_or_stop(self) -> None:
        if self._practice.state.trainer is not None:
            self._practice.set_trainer(None)
        else:
            self._practice.start_trainer(self._plan())
