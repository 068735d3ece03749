"""Item delegates that draw the cells of the job table."""

from functools import lru_cache

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from desktop.jobs.model import Job
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_actions import layout_row_buttons
from desktop.ui.pages.library import cells
from desktop.ui.pages.library.columns import JOB_ROLE, STATUS_ROLE, Column
from desktop.ui.pages.library.covers import CoverCache, draw_cover
from desktop.ui.pages.library.hover_state import FocusRing, HoverState, Index
from desktop.ui.pages.library.status import Status, StatusLink, Tone
from desktop.ui.pages.library.status_layout import StatusLayout, layout_status
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import BODY_SIZE, SECONDARY_SIZE, TITLE_SIZE, ui_font
from desktop.ui.theme.icons import draw_glyph
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.label import CHIP_HEIGHT, CHIP_PADDING, draw_chip
from desktop.ui.widgets.progress_bar import draw_progress_bar

CELL_PADDING_PX = 12
FIRST_COLUMN_PADDING_PX = 16
_ELIDED_TEXTS = 4096
"""Number of texts whose elided form is kept: a few screens of rows."""
_TEXT_FLAGS = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine


def content_rect(cell: QRect, column: int) -> QRectF:
    """Return the part of a cell inside its padding."""
    left = FIRST_COLUMN_PADDING_PX if column == Column.TITLE else CELL_PADDING_PX
    return QRectF(cell).adjusted(left, 0, -CELL_PADDING_PX, 0)


class RowDelegate(QStyledItemDelegate):
    """Draws a cell's background, focus ring and plain text; the base of the other delegates."""

    def __init__(self, hover_state: HoverState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hover_state = hover_state

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setClipRect(cell)
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        if is_selected:
            painter.fillRect(cell, theme.colour(Colour.SELECTED))
        elif self.hover_state.is_row_hovered(index):
            painter.fillRect(cell, theme.colour(Colour.HOVERED))
        painter.fillRect(cell.left(), cell.bottom(), cell.width(), 1, theme.colour(Colour.ROW_LINE))
        if is_selected and index.column() == Column.TITLE:
            painter.fillRect(cell.left(), cell.top(), metrics.EDGE_WIDTH, cell.height(), theme.colour(Colour.ACCENT))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw_content(painter, content_rect(cell, index.column()), index, is_selected)
        _draw_focus_ring(painter, cell, index, self.hover_state.focus_ring(index))
        painter.restore()

    def draw_content(self, painter: QPainter, rect: QRectF, index: Index, is_selected: bool) -> None:
        """Draw the content of a cell into `rect`; subclasses override it."""
        _draw_elided_text(painter, rect, index.data(), BODY_SIZE, Colour.DIM)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the fixed row height; the width is 0, because the view sets the column widths."""
        return QSize(0, metrics.ROW_HEIGHT)


class SongDelegate(RowDelegate):
    """Draws the cover, the title, and artist and album below it."""

    def __init__(self, hover_state: HoverState, covers: CoverCache, parent: QObject | None = None) -> None:
        super().__init__(hover_state, parent)
        self._covers = covers

    def draw_content(self, painter: QPainter, rect: QRectF, index: Index, is_selected: bool) -> None:
        job: Job = index.data(JOB_ROLE)
        cover_rect = QRectF(
            rect.left(), rect.center().y() - metrics.COVER_SIZE / 2, metrics.COVER_SIZE, metrics.COVER_SIZE
        )
        draw_cover(self._covers, painter, cover_rect, job)
        text_rect = rect.adjusted(metrics.COVER_SIZE + 12, 0, 0, 0)
        middle, artist = rect.center().y(), cells.format_artist_and_album(job)
        title_rect = QRectF(text_rect.left(), middle - 18 if artist else middle - 9, text_rect.width(), 18)
        _draw_elided_text(painter, title_rect, index.data(), BODY_SIZE, Colour.TEXT)
        _draw_elided_text(painter, title_rect.translated(0, 17), artist, SECONDARY_SIZE, Colour.DIM)


class ChipDelegate(RowDelegate):
    """Draws a text on a rounded background."""

    def draw_content(self, painter: QPainter, rect: QRectF, index: Index, is_selected: bool) -> None:
        text: str = index.data()
        if not text:
            return
        font = ui_font(SECONDARY_SIZE)
        width = min(rect.width(), QFontMetrics(font).horizontalAdvance(text) + 2 * CHIP_PADDING + 1.0)
        chip_rect = QRectF(rect.left(), rect.center().y() - CHIP_HEIGHT / 2, width, CHIP_HEIGHT)
        draw_chip(painter, chip_rect, text, font, Colour.DIM)


class StatusDelegate(RowDelegate):
    """Draws a status: text, link and progress bar."""

    def layout_cell(self, cell: QRect, index: Index) -> StatusLayout:
        """Return the layout of the status cell at `index`; `cell` is its rectangle in the view."""
        status: Status = index.data(STATUS_ROLE)
        return layout_status(status, content_rect(cell, Column.STATUS))

    def draw_content(self, painter: QPainter, rect: QRectF, index: Index, is_selected: bool) -> None:
        status: Status = index.data(STATUS_ROLE)
        layout = layout_status(status, rect)
        if layout.check_rect is not None:
            draw_glyph(painter, "check", layout.check_rect, status.tone.value, 1.8)
        for run in layout.runs:
            font, colour = run.font, run.colour
            if run.link is not StatusLink.NONE:
                font = QFont(font)
                font.setUnderline(True)
                colour = Colour.TEXT if self.hover_state.is_link_hovered(index) else Colour.DIM
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            painter.drawText(run.rect.adjusted(0, 0, 2, 0), int(_TEXT_FLAGS), run.text)
        if layout.bar_rect is not None:
            colour = Colour.DIM if status.tone is Tone.DIM else Colour.ACCENT
            draw_progress_bar(painter, layout.bar_rect, status.progress or 0.0, colour)


class ActionsDelegate(RowDelegate):
    """Draws the buttons of a row; some of them appear only while the row is hovered or selected."""

    def draw_content(self, painter: QPainter, rect: QRectF, index: Index, is_selected: bool) -> None:
        job: Job = index.data(JOB_ROLE)
        is_row_active = is_selected or self.hover_state.is_row_hovered(index)
        for button in layout_row_buttons(job, rect):
            if button.is_always_visible or is_row_active:
                is_hovered = self.hover_state.hovered_action(index) is button.action
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour(Colour.RAISED_HOVER) if is_hovered else Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(button.rect, 7, 7)
                colour = Colour.TEXT if is_hovered else Colour.DIM if is_row_active else Colour.FAINT
                draw_glyph(painter, ACTIONS[button.action].icon, button.rect.adjusted(6, 6, -6, -6), colour, 1.5)


def install_delegates(view: QTableView, hover_state: HoverState, covers: CoverCache) -> StatusDelegate:
    """Set the delegate of each column of `view`. Return the status delegate, for hit tests."""
    status_delegate = StatusDelegate(hover_state, view)
    view.setItemDelegate(RowDelegate(hover_state, view))
    view.setItemDelegateForColumn(Column.TITLE, SongDelegate(hover_state, covers, view))
    view.setItemDelegateForColumn(Column.MODEL, ChipDelegate(hover_state, view))
    view.setItemDelegateForColumn(Column.STATUS, status_delegate)
    view.setItemDelegateForColumn(Column.ACTIONS, ActionsDelegate(hover_state, view))
    return status_delegate


def draw_table_message(painter: QPainter, rect: QRect, text: str) -> None:
    """Draw `text` in the centre of a table without rows."""
    painter.setFont(ui_font(TITLE_SIZE, 600))
    painter.setPen(theme.colour(Colour.DIM))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _draw_elided_text(painter: QPainter, rect: QRectF, text: str, size: int, colour: Colour) -> None:
    if not text:
        return
    painter.setFont(ui_font(size))
    painter.setPen(theme.colour(colour))
    painter.drawText(rect, int(_TEXT_FLAGS), _elide(text, size, int(rect.width())))


@lru_cache(_ELIDED_TEXTS)
def _elide(text: str, size: int, width: int) -> str:
    return QFontMetrics(ui_font(size)).elidedText(text, Qt.TextElideMode.ElideRight, width)


def _draw_focus_ring(painter: QPainter, cell: QRect, index: Index, ring_kind: FocusRing) -> None:
    """Draw the focus ring around a cell, or this cell's part of the ring around its row."""
    if ring_kind is FocusRing.NONE:
        return
    overhang_px = 40
    has_left_edge = ring_kind is FocusRing.CELL or index.column() == Column.TITLE
    has_right_edge = ring_kind is FocusRing.CELL or index.column() == Column.ACTIONS
    ring_rect = QRectF(cell).adjusted(
        1 if has_left_edge else -overhang_px, 1, -1 if has_right_edge else overhang_px, -2
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour(Colour.ACCENT), metrics.FOCUS_RING_WIDTH))
    painter.drawRoundedRect(ring_rect, 6, 6)
