"""Quit dialog: what happens to unfinished jobs and exports."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QDialog, QWidget

from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

_WIDTH = 560
_PROGRESS_SAVED = "Your progress is saved. Songs pick up where they left off."
_NOT_EXPORTED = "Songs that are not exported yet stay in the library. Export them again later."
_BOX_SIZE = 18


class QuitDialog(QDialog):
    """Question what to do with unfinished jobs when the app quits; Escape cancels quitting."""

    answered = Signal(str, bool)
    """The choice ("background" or "stop"), and whether to remember it."""

    def __init__(
        self, song_count: int, export_count: int, offers_background: bool, parent: QWidget | None = None
    ) -> None:
        """Build the dialog for `song_count` unseparated songs and `export_count` unfinished exports.

        `offers_background` shows the button that finishes the songs without a window.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle("Quit Unbraid")
        self.remember_box = _CheckBox("Do not ask again")
        self.remember_box.setToolTip("The settings can bring this question back.")
        self.cancel_button = _create_button("Keep working", "plain")
        stop_text = "Stop exporting and quit" if export_count else "Quit and resume later"
        self.stop_button = _create_button(stop_text, "plain" if offers_background else "primary")
        self.background_button = _create_button("Finish in the background", "primary")
        self.background_button.setVisible(offers_background)
        self.cancel_button.clicked.connect(self.reject)
        self.stop_button.clicked.connect(lambda: self._answer("stop"))
        self.background_button.clicked.connect(lambda: self._answer("background"))
        explanation = " ".join(
            filter(
                None, (_NOT_EXPORTED if export_count else "", _PROGRESS_SAVED if song_count or not export_count else "")
            )
        )
        self._build_layout(_exports_heading(export_count) if export_count else _songs_heading(song_count), explanation)
        (self.background_button if offers_background else self.stop_button).setFocus()

    def _build_layout(self, heading: str, explanation: str) -> None:
        heading_label = TextLabel(heading, TITLE_SIZE, 600)
        explanation_label = TextLabel(explanation, colour=Colour.DIM)
        explanation_label.setWordWrap(True)
        column = lay_out_question(
            self,
            _WIDTH,
            (heading_label, explanation_label, self.remember_box),
            self.cancel_button,
            (self.stop_button, self.background_button),
        )
        self.setFixedHeight(column.heightForWidth(_WIDTH))

    def _answer(self, choice: str) -> None:
        remember = self.remember_box.isChecked()
        self.accept()
        self.answered.emit(choice, remember)


class _CheckBox(QCheckBox):
    """Check box with a box that is visible on the dark background."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(2, (self.height() - _BOX_SIZE) / 2, _BOX_SIZE, _BOX_SIZE)
        is_checked = self.isChecked()
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(Colour.TEXT if is_checked else Colour.ACCENT), metrics.FOCUS_RING_WIDTH))
        else:
            painter.setPen(QPen(theme.colour(Colour.ACCENT if is_checked else Colour.DIM), 1.5))
        painter.setBrush(theme.colour(Colour.ACCENT if is_checked else Colour.RAISED))
        painter.drawRoundedRect(box, 4, 4)
        if is_checked:
            draw_glyph(painter, "check", box.adjusted(3, 3, -3, -3), Colour.ON_ACCENT)
        painter.setPen(theme.colour(Colour.TEXT))
        text_rect = self.rect().adjusted(_BOX_SIZE + 10, 0, 0, 0)
        painter.drawText(text_rect, int(Qt.AlignmentFlag.AlignVCenter), self.text())

    def sizeHint(self) -> QSize:
        """Return the size of box, gap and text, high enough to click."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + _BOX_SIZE + 16, 28)


def _songs_heading(count: int) -> str:
    match count:
        case 0:
            return "Songs are being added"
        case 1:
            return "A song is not finished yet"
        case _:
            return f"{count} songs are not finished yet"


def _exports_heading(count: int) -> str:
    return "A song is not exported yet" if count == 1 else f"{count} songs are not exported yet"


def _create_button(text: str, kind: str) -> PushButton:
    button = PushButton(text, kind)
    # Return goes to the control that has the focus, not to a default button.
    button.setAutoDefault(False)
    return button
