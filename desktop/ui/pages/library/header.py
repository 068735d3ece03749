"""Header of the job table; a third click on a column restores the library's own order."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from desktop.text.message import tr
from desktop.ui.pages.library.columns import HEADINGS, SORT_TEXTS, Column
from desktop.ui.pages.library.row_order import NO_COLUMN
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import SECONDARY_SIZE, ui_font
from desktop.ui.theme.palette import Colour, theme


class JobHeader(QHeaderView):
    """Draws its sections itself, to place the sort arrow beside the heading."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(0)
        self.setSortIndicatorClearable(True)
        self.setSortIndicator(NO_COLUMN, Qt.SortOrder.AscendingOrder)
        self.setHighlightSections(False)
        self.setFixedHeight(metrics.HEADER_HEIGHT)
        self.setAccessibleName(tr("Columns"))

    def sizeHint(self) -> QSize:
        return QSize(0, metrics.HEADER_HEIGHT)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803
        painter.fillRect(rect, theme.colour(Colour.PANEL))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.colour(Colour.LINE))
        is_sort_column = self.sortIndicatorSection() == logicalIndex
        painter.setFont(ui_font(SECONDARY_SIZE, 500))
        painter.setPen(theme.colour(Colour.TEXT if is_sort_column else Colour.FAINT))
        text, left = (
            str(HEADINGS.get(Column(logicalIndex), "")),
            rect.left() + (16 if logicalIndex == Column.TITLE else 12),
        )
        text_rect = QRect(left, rect.top(), rect.width() - 24, rect.height() - 1)
        painter.drawText(text_rect, int(Qt.AlignmentFlag.AlignVCenter), text)
        if is_sort_column:
            self._draw_arrow(painter, left + painter.fontMetrics().horizontalAdvance(text) + 10.0, rect.center().y())

    def _draw_arrow(self, painter: QPainter, x: float, y: float) -> None:
        direction = -1.0 if self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder else 1.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.DIM))
        points = [
            QPointF(x - 3.5, y - 2 * direction),
            QPointF(x + 3.5, y - 2 * direction),
            QPointF(x, y + 2.5 * direction),
        ]
        painter.drawPolygon(QPolygonF(points))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the sort menu, the only way to sort by artist."""
        self.build_sort_menu().popup(event.globalPos())

    def build_sort_menu(self) -> QMenu:
        """Return a menu of all sort orders; it is deleted when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sort_options = [
            (tr("Queue first, then the newest"), NO_COLUMN),
            *((str(text), int(column)) for column, text in SORT_TEXTS.items()),
        ]
        for text, section in sort_options:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(section == self.sortIndicatorSection())
            action.triggered.connect(lambda _=False, s=section: self.setSortIndicator(s, Qt.SortOrder.AscendingOrder))
        return menu
