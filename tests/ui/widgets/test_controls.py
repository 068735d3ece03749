"""Knob, segmented control, value field, stepper, value button and meter: mouse, keys, and assistive technology."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QWheelEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop.playback.levels import LaneLevels
from desktop.text.numbers import parse_number
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import ValueButton
from desktop.ui.widgets.knob import Knob
from desktop.ui.widgets.segmented_control import Segment, SegmentedControl
from desktop.ui.widgets.stereo_meter import HOLD_S, StereoMeter
from desktop.ui.widgets.value_field import LevelField, NumberFormat, Stepper

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
Role = QAccessible.Role
SPEED = NumberFormat(25, 200, 5, lambda value: f"{value:g} %", lambda text: parse_number(text, "%"), 100)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[QWidget], QWidget]:
    """Show a control in an active window, where it can have the focus."""

    def show_control(control: QWidget) -> QWidget:
        window = QWidget()
        qtbot.addWidget(window)
        QVBoxLayout(window).addWidget(control)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        control.setFocus(Qt.FocusReason.TabFocusReason)
        windows.append(window)
        return control

    windows: list[QWidget] = []
    return show_control


def interface_of(widget: QWidget) -> QAccessibleInterface:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface


def turn_wheel(widget: QWidget, notches: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        widget.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def describe_percent(value: int) -> str:
    return f"{value} percent"


def test_knob_turns_by_drag_wheel_and_keys_and_a_double_click_resets_it(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    knob = Knob("Pan of Vocals", describe_percent)
    show(knob)
    values: list[int] = []
    knob.value_entered.connect(values.append)
    middle = knob.rect().center()
    qtbot.mousePress(knob, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(knob, middle - QPoint(0, 12))
    qtbot.mouseRelease(knob, Qt.MouseButton.LeftButton, pos=middle - QPoint(0, 12))
    turn_wheel(knob, -1)
    qtbot.keyClick(knob, Qt.Key.Key_Right)
    qtbot.keyClick(knob, Qt.Key.Key_Home)
    qtbot.keyClick(knob, Qt.Key.Key_End)
    qtbot.mouseDClick(knob, Qt.MouseButton.LeftButton)
    assert values == [12, 7, 12, -100, 100, 0]


def test_knob_speaks_and_assistive_technology_turns_it(show: Callable[[QWidget], QWidget]) -> None:
    knob = Knob("Pan of Vocals", describe_percent)
    show(knob)
    values: list[int] = []
    knob.value_entered.connect(values.append)
    knob.show_value(-35)
    assert values == []  # showing a value is not entering one
    interface = interface_of(knob)
    assert interface.role() == Role.Dial
    assert interface.text(QAccessible.Text.Name) == "Pan of Vocals"
    assert interface.text(QAccessible.Text.Description) == "-35 percent"
    interface.valueInterface().setCurrentValue(20)
    assert values == [20]


def test_arrow_keys_choose_a_segment_and_tab_reaches_only_the_chosen_one(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    control = SegmentedControl("Mix", [Segment(letter, letter, f"Mix {letter}") for letter in "ABCD"])
    show(control)
    chosen: list[object] = []
    control.value_selected.connect(chosen.append)
    control.buttons[0].setFocus()
    qtbot.keyClick(control.buttons[0], Qt.Key.Key_Right)
    assert control.buttons[1].hasFocus()
    qtbot.mouseClick(control.buttons[3], Qt.MouseButton.LeftButton)
    assert chosen == ["B", "D"]
    tab_stops = [button for button in control.buttons if button.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert tab_stops == [control.buttons[3]]
    control.show_value("C")
    assert (control.value, chosen) == ("C", ["B", "D"])


def test_letter_of_a_label_focuses_the_chosen_segment_and_return_is_left_to_the_dialog(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    dialog = QDialog()
    layout = QVBoxLayout(dialog)
    control = SegmentedControl("Depth", [Segment(depth, str(depth)) for depth in (16, 24)])
    control.show_value(24)
    label, button = QLabel("&Depth"), QPushButton("OK")
    label.setBuddy(control)
    button.setDefault(True)
    for widget in (label, control, button):
        layout.addWidget(widget)
    show(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_D, Qt.KeyboardModifier.AltModifier)
    assert control.buttons[1].hasFocus()
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(control.buttons[1], Qt.Key.Key_Return)


def test_click_on_a_segment_takes_no_focus_that_a_key_of_the_window_needs(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    control, button = SegmentedControl("Mix", [Segment(letter, letter) for letter in "AB"]), QPushButton("Elsewhere")
    both = QWidget()
    row = QVBoxLayout(both)
    row.addWidget(control)
    row.addWidget(button)
    show(both)
    button.setFocus()
    qtbot.mouseClick(control.buttons[1], Qt.MouseButton.LeftButton)
    assert control.value == "B"
    assert button.hasFocus()
    control.buttons[1].setFocus()
    qtbot.mouseClick(control.buttons[0], Qt.MouseButton.LeftButton)
    assert control.buttons[0].hasFocus()  # the ring of the focus does not stay at a segment that is no longer chosen


def test_segments_are_radio_buttons_with_names() -> None:
    control = SegmentedControl("Mix", [Segment(letter, letter, f"Mix {letter}") for letter in "AB"])
    interface = interface_of(control)
    assert (interface.role(), interface.text(QAccessible.Text.Name)) == (Role.Grouping, "Mix")
    segments = [interface_of(button) for button in control.buttons]
    assert [(each.role(), each.text(QAccessible.Text.Name)) for each in segments] == [
        (Role.RadioButton, "Mix A"),
        (Role.RadioButton, "Mix B"),
    ]


def test_stepper_steps_by_buttons_keys_and_wheel_and_a_double_click_resets_it(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    stepper = Stepper("Speed", SPEED)
    show(stepper)
    values: list[float] = []
    stepper.value_entered.connect(values.append)
    less, more = (
        button for button in stepper.children() if isinstance(button, QWidget) and button is not stepper.field
    )
    qtbot.mouseClick(less, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    stepper.field.setFocus()
    qtbot.keyClick(stepper.field, Qt.Key.Key_Up)
    turn_wheel(stepper.field, -2)
    qtbot.mouseDClick(stepper.field.lineEdit(), Qt.MouseButton.LeftButton)
    assert values == [95, 100, 105, 95, 100]


@pytest.mark.parametrize(
    ("text", "value"), [("85", 85), ("85 %", 85), ("62,5%", 62.5), ("1000", 200), ("fast", 100), ("", 100)]
)
def test_number_is_typed_into_the_field_and_nonsense_changes_nothing(
    qtbot: QtBot, show: Callable[[QWidget], QWidget], text: str, value: float
) -> None:
    stepper = Stepper("Speed", SPEED)
    show(stepper)
    stepper.field.setFocus()
    qtbot.keyClick(stepper.field, Qt.Key.Key_F2)
    qtbot.keyClick(stepper.field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(stepper.field, text)
    qtbot.keyClick(stepper.field, Qt.Key.Key_Return)
    assert stepper.value == value
    assert stepper.field.text() == f"{value:g} %"
    assert not stepper.field.is_editing


@pytest.mark.parametrize(
    ("text", "db"), [("-3", -3.0), ("−3.5 dB", -3.5), ("-3,5db", -3.5), ("-inf", -60.0), ("−∞", -60.0), ("99", 6.0)]
)
def test_level_is_typed_in_decibels(qtbot: QtBot, show: Callable[[QWidget], QWidget], text: str, db: float) -> None:
    field = LevelField("Level of Vocals")
    show(field)
    qtbot.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    field.lineEdit().setText(text)  # Qt's test keys have no true minus sign
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == db


def test_escape_leaves_the_level_as_it_was_and_leaving_the_field_takes_it(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    field = LevelField("Level of Vocals")
    show(field)
    values: list[float] = []
    field.value_entered.connect(values.append)
    field.show_level(-3.0)
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
        qtbot.keyClick(field, Qt.Key.Key_Return)
        qtbot.keyClicks(field, "-9")
        if key is Qt.Key.Key_Escape:
            qtbot.keyClick(field, key)
        else:
            field.clearFocus()
    assert values == [-9.0]


def test_muted_level_is_shown_as_a_word_and_edited_as_a_number(
    qtbot: QtBot, show: Callable[[QWidget], QWidget]
) -> None:
    field = LevelField("Level of Vocals")
    show(field)
    field.show_level(-3.0, "muted")
    assert field.text() == "muted"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "−3.0 dB"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "muted"
    interface = interface_of(field)
    assert (interface.role(), interface.text(QAccessible.Text.Name)) == (Role.SpinBox, "Level of Vocals")
    interface.valueInterface().setCurrentValue(-12.0)
    assert field.value() == -12.0


def test_field_that_is_not_edited_leaves_keys_to_the_window(qtbot: QtBot, show: Callable[[QWidget], QWidget]) -> None:
    field = LevelField("Level of Vocals")
    show(field)
    qtbot.keyClicks(field, "1 m")
    assert (field.text(), field.is_editing) == ("0.0 dB", False)


def test_value_button_names_its_value_and_has_a_menu() -> None:
    button = ValueButton("Loop", QMenu())
    button.show_value("Verse & Chorus")
    interface = interface_of(button)
    assert interface.role() == Role.ButtonMenu
    assert interface.text(QAccessible.Text.Name) == "Loop: Verse & Chorus"


def test_meter_holds_a_peak_and_then_falls(qtbot: QtBot) -> None:
    now = 0.0
    meter = StereoMeter("Vocals meter", Colour.VOCALS, lambda: now)
    qtbot.addWidget(meter)
    meter.show_levels(LaneLevels(0.5, 0.25, 0.1, 0.1))
    for _ in range(100):
        meter.show_levels(LaneLevels())
    interface = interface_of(meter)
    assert interface.role() == Role.Indicator
    assert interface.text(QAccessible.Text.Value) == interface.text(QAccessible.Text.Description) == "−6.0 dB"
    now = HOLD_S
    meter.show_levels(LaneLevels())
    assert interface.text(QAccessible.Text.Value) == "−∞ dB"


def test_meter_is_repainted_only_when_it_looks_different(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = StereoMeter("Vocals meter", Colour.VOCALS)
    qtbot.addWidget(meter)
    updates: list[bool] = []
    monkeypatch.setattr(meter, "update", lambda: updates.append(True))
    meter.show_silence()
    for _ in range(3):
        meter.show_levels(LaneLevels(0.5, 0.5, 0.1, 0.1))
    assert len(updates) == 1
