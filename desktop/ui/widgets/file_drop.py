"""Dropped and pasted files, and the overlay that shows where to drop them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from desktop.audio.files import RejectedPath
from desktop.audio.names import printable
from desktop.text.message import Message, tr
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import LARGE_SIZE, ui_font
from desktop.ui.theme.palette import Colour, theme


@dataclass(frozen=True)
class DroppedFiles:
    """Paths of a drop or a paste."""

    paths: tuple[Path, ...]
    refusals: tuple[RejectedPath, ...] = ()
    """Items that are not local files, such as web addresses, with the reason."""


def files_from_mime(data: QMimeData) -> DroppedFiles:
    """Return the files and folders in drop or clipboard data, without duplicates.

    Text is read as paths if every line is a `file:` URL or an absolute path.
    """
    urls = data.urls() if data.hasUrls() else _urls_from_text(data.text())
    local_urls = [url for url in urls if url.isLocalFile() and "\0" not in url.toLocalFile()]
    paths = dict.fromkeys(Path(url.toLocalFile()) for url in local_urls)
    remote_urls = dict.fromkeys(url.toDisplayString() for url in urls if url not in local_urls)
    return DroppedFiles(tuple(paths), tuple(RejectedPath(Path(url), _not_local_text(url)) for url in remote_urls))


def disable_child_drops(widget: QWidget) -> None:
    """Disable drops on the scroll areas in `widget`, so that its window receives them.

    A graphics view would accept the drops itself.
    """
    for view in widget.findChildren(QAbstractScrollArea):
        view.setAcceptDrops(False)
        view.viewport().setAcceptDrops(False)


class DropOverlay(QWidget):
    """Overlay that covers the window while files are dragged over it, says what a drop does, and takes the drop."""

    files_dropped = Signal(object)
    """The DroppedFiles."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        parent.setAcceptDrops(True)
        parent.installEventFilter(self)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover_window(self) -> None:
        """Show the overlay above everything else in the window."""
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the drags and drops of the window."""
        if isinstance(event, QDragEnterEvent):
            if event.mimeData().hasUrls() and not event.source():  # not a stem that is dragged out of this app
                _accept_as_copy(event)
                self.cover_window()
        elif isinstance(event, QDragLeaveEvent):
            self.hide()
        elif isinstance(event, QDropEvent) and not isinstance(event, QDragMoveEvent):
            self.hide()
            _accept_as_copy(event)
            self.files_dropped.emit(files_from_mime(event.mimeData()))
        else:
            return False
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        background = theme.colour(Colour.BACKGROUND)
        background.setAlpha(210)
        painter.fillRect(self.rect(), background)
        painter.setPen(QPen(theme.colour(Colour.ACCENT), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(16, 16, -16, -16), metrics.CARD_RADIUS, metrics.CARD_RADIUS
        )
        text, font = tr("Drop to separate"), ui_font(LARGE_SIZE, 600)
        pill = QRectF(0, 0, QFontMetricsF(font).horizontalAdvance(text) + 64, 72)
        pill.moveCenter(QRectF(self.rect()).center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.RAISED))
        painter.drawRoundedRect(pill, metrics.CARD_RADIUS, metrics.CARD_RADIUS)
        painter.setFont(font)
        painter.setPen(theme.colour(Colour.TEXT))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def _accept_as_copy(event: QDropEvent) -> None:
    """Accept a drop as a copy if the source allows it, so that the user's files are not moved."""
    if event.possibleActions() & Qt.DropAction.CopyAction:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.acceptProposedAction()


def _urls_from_text(text: str) -> Sequence[QUrl]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    urls = [QUrl(line) if line.startswith("file:") else QUrl.fromLocalFile(line) for line in lines]
    all_are_paths = all(line.startswith("file:") or Path(line).is_absolute() for line in lines)
    return urls if all_are_paths else ()


def _not_local_text(url: str) -> Message:
    return Message("{address} is not a file on this computer. Download it, then add the file.", address=printable(url))
