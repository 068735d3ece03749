"""The head of the job table: a click sorts, a third one brings back the library's own order."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from desktop.ui.jobs.columns import HEADINGS, Column
from desktop.ui.jobs.proxy import NO_COLUMN
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import SECONDARY, ui_font


class JobHeader(QHeaderView):
    """Draws its sections itself, so that the arrow stands beside the words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(0)
        self.setSortIndicatorClearable(True)
        self.setSortIndicator(NO_COLUMN, Qt.SortOrder.AscendingOrder)
        self.setHighlightSections(False)
        self.setFixedHeight(tokens.HEADER_ROW)
        self.setAccessibleName("Columns")

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(0, tokens.HEADER_ROW)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803
        """Draw a heading."""
        painter.fillRect(rect, QColor(tokens.PANEL))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(tokens.LINE))
        sorted_by = self.sortIndicatorSection() == logicalIndex
        painter.setFont(ui_font(SECONDARY, 500))
        painter.setPen(QColor(tokens.TEXT if sorted_by else tokens.FAINT))
        words, left = HEADINGS[Column(logicalIndex)], rect.left() + (16 if logicalIndex == Column.TITLE else 12)
        room = QRect(left, rect.top(), rect.width() - 24, rect.height() - 1)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)
        if sorted_by:
            self._draw_arrow(painter, left + painter.fontMetrics().horizontalAdvance(words) + 10.0, rect.center().y())

    def _draw_arrow(self, painter: QPainter, x: float, y: float) -> None:
        up = -1.0 if self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder else 1.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.DIM))
        points = [QPointF(x - 3.5, y - 2 * up), QPointF(x + 3.5, y - 2 * up), QPointF(x, y + 2.5 * up)]
        painter.drawPolygon(QPolygonF(points))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer every order there is, also by artist."""
        self.order_menu().popup(event.globalPos())

    def order_menu(self) -> QMenu:
        """A menu of all orders."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        orders = [("Queue first, then the newest", NO_COLUMN), *((f"By {HEADINGS[c].lower()}", int(c)) for c in Column if HEADINGS[c])]
        for words, section in orders:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(section == self.sortIndicatorSection())
            action.triggered.connect(lambda _=False, s=section: self.setSortIndicator(s, Qt.SortOrder.AscendingOrder))
        return menu
