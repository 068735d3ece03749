"""What is dropped or pasted, as paths; and the frame that shows where a drop goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from desktop.audio.files import Refusal
from desktop.audio.names import shown
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import FIRST_START, ui_font


@dataclass(frozen=True)
class Given:
    """What a drop or a paste holds."""

    paths: tuple[Path, ...]
    refusals: tuple[Refusal, ...] = ()
    """Things that lie elsewhere, such as addresses in the web."""


def given_by(data: QMimeData) -> Given:
    """Files and folders named by a drop or by the clipboard, each once. Text counts when each line names a file."""
    urls = data.urls() if data.hasUrls() else _urls_of(data.text())
    here = [url for url in urls if url.isLocalFile() and "\0" not in url.toLocalFile()]
    paths = dict.fromkeys(Path(url.toLocalFile()) for url in here)
    elsewhere = dict.fromkeys(url.toDisplayString() for url in urls if url not in here)
    return Given(tuple(paths), tuple(Refusal(Path(where), _elsewhere(where)) for where in elsewhere))


def holds_tracks(data: QMimeData) -> bool:
    """True when a drop is worth taking."""
    return data.hasUrls()


def _urls_of(text: str) -> Sequence[QUrl]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    urls = [QUrl(line) if line.startswith("file:") else QUrl.fromLocalFile(line) for line in lines]
    named = all(line.startswith("file:") or Path(line).is_absolute() for line in lines)
    return urls if named else ()


def _elsewhere(where: str) -> str:
    return f"{shown(where)} is not a file on this computer. Download it, then add the file."


def leave_drops_to_the_window(widget: QWidget) -> None:
    """Let drops on `widget` fall through: a scene view would take them for itself."""
    for view in widget.findChildren(QAbstractScrollArea):
        view.setAcceptDrops(False)
        view.viewport().setAcceptDrops(False)


class DropFrame(QWidget):
    """Covers the window while files are dragged over it, and says what letting go does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self) -> None:
        """Lie over everything in the window."""
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim what is below, and draw the frame with its words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(tokens.BACKGROUND)
        ground.setAlpha(210)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(QColor(tokens.ACCENT), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), tokens.CARD_RADIUS, tokens.CARD_RADIUS)
        words, font = "Drop to separate", ui_font(FIRST_START, 600)
        pill = QRectF(0, 0, QFontMetricsF(font).horizontalAdvance(words) + 64, 72)
        pill.moveCenter(QRectF(self.rect()).center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.RAISED))
        painter.drawRoundedRect(pill, tokens.CARD_RADIUS, tokens.CARD_RADIUS)
        painter.setFont(font)
        painter.setPen(QColor(tokens.TEXT))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
