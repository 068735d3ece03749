"""Tempo popup: taps, halves, doubles and shifts the beats of the song, and sets the metre."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.segmented_control import Segment, SegmentedControl

METRES = (2, 3, 4, 5, 6, 7)
SHIFT_S = 0.01


def format_bpm(controller: PlayerController, decimals: int = 0, is_short: bool = False) -> str:
    """Return "112 bpm", or why there is no tempo, in a word or two if `is_short`."""
    analysis = controller.analysis
    if analysis.current.tempo_bpm is not None:
        tempo = f"{analysis.current.tempo_bpm:.{decimals}f}"
        return tr("{tempo} bpm", tempo=tempo)
    if analysis.is_found:
        return tr("No beat") if is_short else tr("No steady beat")
    return tr("Listening…") if is_short else tr("Listening for the beat…")


@accessible_role(QAccessible.Role.PopupMenu)
class TempoPopup(QWidget):
    """Corrects the tempo, and stays open meanwhile; Esc or a click elsewhere closes it."""

    def __init__(self, controller: PlayerController, parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("Tempo"))
        self._controller, self._analysis = controller, controller.analysis
        self._tempo_label = TextLabel("", 18, 600)
        self._hint = TextLabel("", 12, colour=Colour.DIM)
        self._hint.setWordWrap(True)
        tap = ACTIONS[ActionId.TAP_TEMPO]
        self.tap_button = PushButton(tr("Tap"), "primary", accessible_name=tap.text)
        self.tap_button.setToolTip(tap.tooltip())
        self.tap_button.pressed.connect(controller.tempo_taps.tap)
        self._buttons = {
            text: self._create_button(text, run)
            for text, run in (
                (tr("Halve"), partial(self._analysis.multiply_tempo, 0.5)),
                (tr("Double"), partial(self._analysis.multiply_tempo, 2.0)),
                (tr("Beats −10 ms"), partial(self._analysis.shift_beats, -SHIFT_S)),
                (tr("Beats +10 ms"), partial(self._analysis.shift_beats, SHIFT_S)),
                (tr("Bar one beat earlier"), partial(self._analysis.shift_downbeat, -1)),
                (tr("Bar one beat later"), partial(self._analysis.shift_downbeat, 1)),
            )
        }
        self._metre = SegmentedControl(tr("Beats per bar"), [Segment(number, str(number)) for number in METRES])
        self._metre.value_selected.connect(self._set_metre)
        self._reset = self._create_button(tr("Reset tempo and beats"), self._analysis.reset_beats)
        self._build_layout()
        self._analysis.changed.connect(self._refresh)
        controller.tempo_taps.tapped.connect(self._refresh)
        controller.loaded_changed.connect(self.close)
        self._refresh()

    def _create_button(self, text: str, run: Callable[[], None]) -> PushButton:
        button = PushButton(text)
        button.clicked.connect(lambda: run())
        return button

    def _build_layout(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(6)
        for number, button in enumerate(self._buttons.values()):
            grid.addWidget(button, number // 2, number % 2)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(16, 14, 16, 16)
        rows.setSpacing(8)
        for widget in (self._tempo_label, self._hint, self.tap_button):
            rows.addWidget(widget)
        rows.addLayout(grid)
        rows.addWidget(TextLabel(tr("Beats per bar"), 12, colour=Colour.DIM))
        rows.addWidget(self._metre, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(self._reset)
        self.setFixedWidth(320)

    def open_below(self, widget: QWidget) -> None:
        """Open below the left edge of `widget`, inside the screen."""
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(0, widget.height() + 6))
        screen = widget.screen().availableGeometry()
        self.move(max(screen.left(), min(corner.x(), screen.right() - self.width())), corner.y())
        self.show()
        self.tap_button.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tap with the key of the action; Esc closes the popup."""
        if QKeySequence(event.keyCombination()).toString() in ACTIONS[ActionId.TAP_TEMPO].keys:
            self._controller.tempo_taps.tap()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _set_metre(self, beats: object) -> None:
        if isinstance(beats, int):
            self._analysis.set_beats_per_bar(beats)

    def _refresh(self) -> None:
        grid = self._analysis.current.grid
        self._tempo_label.setText(format_bpm(self._controller, decimals=1))
        self._hint.setText(self._describe())
        for button in (*self._buttons.values(), self._metre):
            button.setEnabled(grid is not None)
        if grid is not None and grid.beats_per_bar in METRES:
            self._metre.show_value(grid.beats_per_bar)

    def _describe(self) -> str:
        taps = self._controller.tempo_taps.count
        if taps:
            return tr("{count} taps. Tap on, the mean gets better.", count=taps)
        if self._analysis.current.grid is None and self._analysis.is_found:
            return tr("This song has no beat that stays the same. Tap along to set one.")
        return tr("Tap in time with the song to set the tempo by hand.")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.setPen(QPen(theme.colour(Colour.LINE), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
