"""How the cells of the job table are drawn."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.jobs.model import Job
from desktop.ui.jobs import cells
from desktop.ui.jobs.buttons import row_buttons
from desktop.ui.jobs.columns import JOB_ROLE, STATUS_ROLE, Column
from desktop.ui.jobs.covers import Covers, wash
from desktop.ui.jobs.pieces import Layout, lay_out
from desktop.ui.jobs.pointer import Ring, RowPointer
from desktop.ui.jobs.status import Link, Status, Tone
from desktop.ui.theme import tokens
from desktop.ui.theme.bars import draw_bar
from desktop.ui.theme.fonts import SECONDARY, ui_font
from desktop.ui.theme.glyphs import draw_glyph

Index = QModelIndex | QPersistentModelIndex
PADDING = 12
EDGE_PADDING = 16
_ONE_LINE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine


def content(cell: QRect, column: int) -> QRectF:
    """The part of a cell that is drawn in."""
    left = EDGE_PADDING if column == Column.TITLE else PADDING
    return QRectF(cell).adjusted(left, 0, -PADDING, 0)


def _write(painter: QPainter, room: QRectF, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, int(_ONE_LINE), cut)


class RowDelegate(QStyledItemDelegate):
    """Draws the ground that all cells of a row have, and plain words on it."""

    def __init__(self, pointer: RowPointer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pointer = pointer

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a cell."""
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setClipRect(cell)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(cell, QColor(tokens.SELECTED))
        elif self.pointer.is_over(index):
            painter.fillRect(cell, QColor(tokens.HOVERED))
        painter.fillRect(cell.left(), cell.bottom(), cell.width(), 1, QColor(tokens.ROW_LINE))
        if selected and index.column() == Column.TITLE:
            painter.fillRect(cell.left(), cell.top(), tokens.EDGE, cell.height(), QColor(tokens.ACCENT))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, content(cell, index.column()), index, selected)
        _draw_ring(painter, cell, index, self.pointer.ring_around(index))
        painter.restore()

    def draw(self, painter: QPainter, room: QRectF, index: Index, selected: bool) -> None:
        """Draw what the cell says."""
        _write(painter, room, index.data(), ui_font(), tokens.DIM)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Rows are of one height; the view fits the columns."""
        return QSize(0, tokens.ROW)


class SongDelegate(RowDelegate):
    """The cover, the title, and below it who made it."""

    def __init__(self, pointer: RowPointer, covers: Covers, parent: QObject | None = None) -> None:
        super().__init__(pointer, parent)
        self._covers = covers

    def draw(self, painter: QPainter, room: QRectF, index: Index, selected: bool) -> None:
        """Draw picture and words."""
        job: Job = index.data(JOB_ROLE)
        place = QRectF(room.left(), room.center().y() - tokens.COVER / 2, tokens.COVER, tokens.COVER)
        self._draw_cover(painter, place, job)
        words = room.adjusted(tokens.COVER + 12, 0, 0, 0)
        middle, artist = room.center().y(), cells.artist(job)
        top = QRectF(words.left(), middle - 18 if artist else middle - 9, words.width(), 18)
        _write(painter, top, index.data(), ui_font(), tokens.TEXT)
        _write(painter, top.translated(0, 17), artist, ui_font(SECONDARY), tokens.DIM)

    def _draw_cover(self, painter: QPainter, place: QRectF, job: Job) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(place, 6, 6)
        picture = self._covers.picture(job)
        if picture is None:
            painter.fillPath(shape, wash(job, place))
            return
        painter.save()
        painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, picture)
        painter.restore()


class ChipDelegate(RowDelegate):
    """A name on a round ground."""

    def draw(self, painter: QPainter, room: QRectF, index: Index, selected: bool) -> None:
        """Draw the chip."""
        text: str = index.data()
        if not text:
            return
        font = ui_font(SECONDARY)
        width = min(room.width(), QFontMetrics(font).horizontalAdvance(text) + 21.0)
        chip = QRectF(room.left(), room.center().y() - 11, width, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.RAISED))
        painter.drawRoundedRect(chip, 11, 11)
        _write(painter, chip.adjusted(10, 0, -9, 0), text, font, tokens.DIM)


class StatusDelegate(RowDelegate):
    """Words, what can be done about them, and progress as a bar."""

    def layout_of(self, cell: QRect, index: Index) -> Layout:
        """Return where things are in a cell."""
        status: Status = index.data(STATUS_ROLE)
        return lay_out(status, content(cell, Column.STATUS))

    def draw(self, painter: QPainter, room: QRectF, index: Index, selected: bool) -> None:
        """Draw the pieces."""
        status: Status = index.data(STATUS_ROLE)
        layout = lay_out(status, room)
        if layout.check is not None:
            draw_glyph(painter, "check", layout.check, status.tone.value, 1.8)
        for piece in layout.pieces:
            font, colour = piece.font, piece.colour
            if piece.link is not Link.NONE:
                font = QFont(font)
                font.setUnderline(True)
                colour = tokens.TEXT if self.pointer.link_under(index) else tokens.DIM
            painter.setFont(font)
            painter.setPen(QColor(colour))
            painter.drawText(piece.place.adjusted(0, 0, 2, 0), int(_ONE_LINE), piece.text)
        if layout.bar is not None:
            colour = tokens.DIM if status.tone is Tone.DIM else tokens.ACCENT
            draw_bar(painter, layout.bar, status.progress or 0.0, colour)


class ActionsDelegate(RowDelegate):
    """The buttons of a row; what does the likeliest thing appears when the row is pointed at or chosen."""

    def draw(self, painter: QPainter, room: QRectF, index: Index, selected: bool) -> None:
        """Draw the buttons."""
        job: Job = index.data(JOB_ROLE)
        lively = selected or self.pointer.is_over(index)
        for button in row_buttons(job, room):
            if button.always or lively:
                under = self.pointer.button_under(index) is button.action
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.RAISED_HOVER) if under else Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(button.place, 7, 7)
                colour = tokens.TEXT if under else tokens.DIM if lively else tokens.FAINT
                draw_glyph(painter, button.sign, button.place.adjusted(6, 6, -6, -6), colour, 1.5)


def _draw_ring(painter: QPainter, cell: QRect, index: Index, around: Ring) -> None:
    """Draw the focus ring around a cell, or the cell's part of the ring around its row."""
    if around is Ring.NONE:
        return
    reach = 40
    first = around is Ring.CELL or index.column() == Column.TITLE
    last = around is Ring.CELL or index.column() == Column.ACTIONS
    ring = QRectF(cell).adjusted(1 if first else -reach, 1, -1 if last else reach, -2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens.ACCENT), tokens.FOCUS_RING))
    painter.drawRoundedRect(ring, 6, 6)
