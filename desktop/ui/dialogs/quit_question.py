"""The one question before songs in work are left alone."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QWidget

from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.question import lay_out
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font
from desktop.ui.theme.glyphs import draw_glyph

_WIDTH = 560
_KEPT = "Your progress is saved. Songs pick up where they left off."
_NOT_EXPORTED = "Songs that are not exported yet stay in the library. Export them again later."
_BOX = 18


class QuitQuestion(QDialog):
    """Asks what becomes of the songs. Escape stays."""

    answered = Signal(str, bool)
    """"background" or "stop", and whether this is to hold for good."""

    def __init__(self, songs: int, exporting: int, background: bool, parent: QWidget | None = None) -> None:
        """`songs` are still to be separated, `exporting` to be exported; `background`: all can be finished unseen."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle("Quit Unbraid")
        self.for_good = _Tick("Do not ask again")
        self.for_good.setToolTip("The settings can bring this question back.")
        self.stay = _button("Keep working", "plain")
        stop = "Stop exporting and quit" if exporting else "Quit and resume later"
        self.stop = _button(stop, "plain" if background else "primary")
        self.background = _button("Finish in the background", "primary")
        self.background.setVisible(background)
        self.stay.clicked.connect(self.reject)
        self.stop.clicked.connect(lambda: self._answer("stop"))
        self.background.clicked.connect(lambda: self._answer("background"))
        kept = " ".join(filter(None, (_NOT_EXPORTED if exporting else "", _KEPT if songs or not exporting else "")))
        self._arrange(_export_heading(exporting) if exporting else _heading(songs), kept)
        (self.background if background else self.stop).setFocus()

    def _arrange(self, heading: str, sentence: str) -> None:
        head, kept = QLabel(heading), QLabel(sentence)
        head.setFont(ui_font(TITLE, 600))
        kept.setWordWrap(True)
        kept.setStyleSheet(f"color: {tokens.DIM};")
        column = lay_out(self, _WIDTH, (head, kept, self.for_good), self.stay, (self.stop, self.background))
        self.setFixedHeight(column.heightForWidth(_WIDTH))

    def _answer(self, wanted: str) -> None:
        for_good = self.for_good.isChecked()
        self.accept()
        self.answered.emit(wanted, for_good)


class _Tick(QCheckBox):
    """A check box whose box can be seen on the dark ground."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, its tick, and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(2, (self.height() - _BOX) / 2, _BOX, _BOX)
        on = self.isChecked()
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.TEXT if on else tokens.ACCENT), tokens.FOCUS_RING))
        else:
            painter.setPen(QPen(QColor(tokens.ACCENT if on else tokens.DIM), 1.5))
        painter.setBrush(QColor(tokens.ACCENT if on else tokens.RAISED))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            draw_glyph(painter, "check", box.adjusted(3, 3, -3, -3), tokens.ON_ACCENT)
        painter.setPen(QColor(tokens.TEXT))
        words = self.rect().adjusted(_BOX + 10, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())

    def sizeHint(self) -> QSize:
        """The box, a gap, the words; high enough to be hit."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + _BOX + 16, 28)


def _heading(songs: int) -> str:
    match songs:
        case 0:
            return "Songs are being added"
        case 1:
            return "A song is not finished yet"
        case _:
            return f"{songs} songs are not finished yet"


def _export_heading(songs: int) -> str:
    return "A song is not exported yet" if songs == 1 else f"{songs} songs are not exported yet"


def _button(words: str, kind: str) -> ShellButton:
    button = ShellButton(words, kind)
    # Return belongs to the control that has the focus.
    button.setAutoDefault(False)
    return button
