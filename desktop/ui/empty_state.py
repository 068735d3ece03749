"""The window before there are any songs."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QColor, QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStyle, QVBoxLayout, QWidget

from desktop.models.shelf import Model
from desktop.sizes import in_words
from desktop.ui.accessibility import accessible_role
from desktop.ui.controls import ShellButton
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import FIRST_START, SECONDARY, TITLE, ui_font
from desktop.ui.theme.sign import Banner

_FORMATS = "WAV, FLAC, MP3, OGG, M4A, AIFF and more · whole folders too"
CARD = QSize(880, 520)
MARGIN = QSize(64, 48)


@accessible_role(QAccessible.Role.Grouping)
class DropCard(QWidget):
    """The card with the dashed frame."""

    add_asked = Signal()
    add_folder_asked = Signal()
    demo_asked = Signal()

    def __init__(self, demo: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Drop songs here")
        self.add = ShellButton("Add songs…", "primary", "plus")
        self.add.setProperty("scale", "large")
        self.add.clicked.connect(self.add_asked)
        self._note = _label(_FORMATS, ui_font(SECONDARY), tokens.DIM)
        self._note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 24, 40, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(Banner(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        column.addWidget(_label("Drop a song. Hear it come apart.", ui_font(FIRST_START, 700), tokens.TEXT))
        column.addSpacing(10)
        promise = "Vocals, drums, bass and the rest, on this computer alone. Nothing is uploaded."
        column.addWidget(_label(promise, ui_font(TITLE), tokens.DIM))
        column.addSpacing(26)
        column.addLayout(self._buttons(demo))
        column.addSpacing(26)
        column.addWidget(self._note)
        column.addStretch(1)

    def _buttons(self, demo: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(self.add)
        folder = ShellButton("Add folder…", "plain", "folder")
        folder.setProperty("scale", "large")
        folder.setToolTip("Add all songs of a folder (Ctrl+Shift+O)")
        folder.clicked.connect(self.add_folder_asked)
        row.addWidget(folder)
        if demo:
            play = ShellButton("Try the demo song", "plain", "play")
            play.setProperty("scale", "large")
            play.clicked.connect(self.demo_asked)
            row.addWidget(play)
        row.addStretch(1)
        return row

    def show_models(self, models: Sequence[Model], chosen: str) -> None:
        """Tell what the first song brings with it."""
        model = next((model for model in models if model.name == chosen), None)
        words = _FORMATS
        if model is not None and not model.present:
            words += f"\nThe first song downloads the {model.title} model ({in_words(model.bytes)}) and plays a draft meanwhile"
        self._note.setText(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.RAIL), 1.5)
        pen.setDashPattern([3.0, 2.2])
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.PANEL))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.CARD_RADIUS, tokens.CARD_RADIUS)


class EmptyState(QWidget):
    """The card in the middle of an empty window."""

    def __init__(self, demo: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = DropCard(demo, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the card in the middle, as large as it is meant to be where there is room."""
        size = CARD.boundedTo(self.size() - MARGIN)
        self.card.setGeometry(
            QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, Qt.AlignmentFlag.AlignCenter, size, self.rect())
        )


def _label(text: str, font: QFont, colour: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setStyleSheet(f"color: {colour};")
    return label
