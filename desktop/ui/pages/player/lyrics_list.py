"""List of lyrics: lines that wrap, the line that is sung marked and kept in the middle."""

import unicodedata
from collections.abc import Sequence
from time import monotonic
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.lyrics.lines import LyricLine
from desktop.text.durations import describe_duration, format_duration
from desktop.text.message import tr
from desktop.ui.theme.fonts import SECONDARY_SIZE, TITLE_SIZE, ui_font
from desktop.ui.theme.metrics import EDGE_WIDTH, FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import announce

Index = QModelIndex | QPersistentModelIndex
_LINE_ROLE = Qt.ItemDataRole.UserRole
_PADDING, _TIME_WIDTH, _ROW_PADDING = 12, 44, 5
_MIN_ROW_HEIGHT = 28
_BATCH_LINES = 100
_FOLLOW_PAUSE_S = 4.0
"""Seconds for which the list stays where the user scrolled it."""
_TEXT_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
_RIGHT_TO_LEFT = ("R", "AL")
_STRONG_DIRECTIONS = ("L", *_RIGHT_TO_LEFT)
_SEEK_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVE_KEYS = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
)  # fmt: skip


def text_direction(text: str) -> Qt.LayoutDirection:
    """Return the direction of a text: that of its first letter (rule P2 of Unicode's annex 9)."""
    directions = (unicodedata.bidirectional(character) for character in text)
    first = next((direction for direction in directions if direction in _STRONG_DIRECTIONS), "L")
    return Qt.LayoutDirection.RightToLeft if first in _RIGHT_TO_LEFT else Qt.LayoutDirection.LeftToRight


class LyricsModel(QAbstractListModel):
    """Lines of lyrics as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: tuple[LyricLine, ...] = ()
        self.has_times = False
        """Whether any line has a time."""
        self.sung_row: int | None = None
        """Row of the line that is sung."""

    def set_lines(self, lines: Sequence[LyricLine]) -> None:
        """Replace the lines; where only times differ, the rows stay."""
        had_times, previous = self.has_times, self.lines
        new_lines, has_times = tuple(lines), any(line.time_s is not None for line in lines)
        if has_times == had_times and [line.text for line in new_lines] == [line.text for line in previous]:
            self.lines = new_lines
            return
        self.beginResetModel()
        self.lines, self.has_times, self.sung_row = new_lines, has_times, None
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.text
            case Qt.ItemDataRole.AccessibleTextRole:
                return describe_line(line)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return tr("Sung now") if index.row() == self.sung_row else ""
            case _:
                return line if role == _LINE_ROLE else None


def describe_line(line: LyricLine) -> str:
    """Return words and time of a line for a screen reader."""
    words = line.text or tr("Empty line")
    return words if line.time_s is None else tr("{words}, {time}", words=words, time=describe_duration(line.time_s))


class LyricsDelegate(QStyledItemDelegate):
    """Draws a line of lyrics, wrapped, with its time; the line that is sung is bold and has an edge."""

    def __init__(self, model: LyricsModel, view: QListView) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self._metrics = QFontMetrics(ui_font(TITLE_SIZE, 600))
        self._heights: dict[str, int] = {}
        self._width = 0

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of the wrapped line."""
        width = self._view.viewport().width() - self._left - _PADDING
        if width != self._width:
            self._width, self._heights = width, {}
        text = self._model.lines[index.row()].text
        height = self._heights.get(text)
        if height is None:
            height = self._heights[text] = self._measure_height(text, width)
        return QSize(1, height)

    def _measure_height(self, text: str, width: int) -> int:
        """Return the height of a row for text as wide as it gets: bold."""
        if self._metrics.horizontalAdvance(text) <= width:
            return _MIN_ROW_HEIGHT
        height = self._metrics.boundingRect(QRect(0, 0, width, 0), _TEXT_FLAGS, text).height()
        return max(_MIN_ROW_HEIGHT, height + 2 * _ROW_PADDING)

    @property
    def _left(self) -> int:
        """Left edge of the words: behind the times, if there are any."""
        return _PADDING + (_TIME_WIDTH if self._model.has_times else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        line, is_sung = self._model.lines[index.row()], index.row() == self._model.sung_row
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_background(painter, QRectF(cell).adjusted(4, 1, -4, -1), state)
        if is_sung:
            edge = QRectF(cell.left() + 4, cell.top() + 5, EDGE_WIDTH, cell.height() - 10)
            painter.fillRect(edge, theme.colour(Colour.ACCENT))
        if line.time_s is not None:
            painter.setFont(ui_font(SECONDARY_SIZE))
            painter.setPen(theme.colour(Colour.FAINT))
            time_rect = QRect(cell.left() + _PADDING, cell.top(), _TIME_WIDTH, cell.height())
            painter.drawText(time_rect, int(Qt.AlignmentFlag.AlignVCenter), format_duration(line.time_s))
        painter.setFont(ui_font(TITLE_SIZE, 600 if is_sung else 400))
        painter.setPen(theme.colour(Colour.TEXT if is_sung else Colour.DIM))
        painter.setLayoutDirection(text_direction(line.text))  # aligns, and orders punctuation, as the words run
        painter.drawText(cell.adjusted(self._left, 0, -_PADDING, 0), _TEXT_FLAGS, line.text)
        painter.restore()

    def _paint_background(self, painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        if is_selected or is_hovered:
            painter.setBrush(theme.colour(Colour.SELECTED if is_selected else Colour.HOVERED))
            painter.drawRoundedRect(rect, 6, 6)
        if is_selected and self._view.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 5, 5)
            painter.setPen(Qt.PenStyle.NoPen)


class LyricsList(QListView):
    """Lines of lyrics, which follow the song unless the user has just scrolled."""

    line_chosen = Signal(float)
    """Time in seconds of the line that the user clicked, or chose with Return."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Lines of the lyrics"))
        self._model = LyricsModel(self)
        self.setModel(self._model)
        self.setItemDelegate(LyricsDelegate(self._model, self))
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        # Always there: where a scroll bar comes and goes, every line wraps anew. It is empty if all lines are in view.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # 5,000 lines take half a second to measure: in batches, the window stays responsive.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH_LINES)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.verticalScrollBar().sliderPressed.connect(self.pause_following)
        self._paused_until = 0.0

    @property
    def lines(self) -> tuple[LyricLine, ...]:
        """The shown lines."""
        return self._model.lines

    @property
    def sung_row(self) -> int | None:
        """Row of the line that is sung."""
        return self._model.sung_row

    @property
    def selected_row(self) -> int | None:
        """Row of the selected line."""
        index = self.currentIndex()
        return index.row() if index.isValid() else None

    def show_lines(self, lines: Sequence[LyricLine]) -> None:
        """Show lines; the selected row stays selected, if there are as many."""
        row = self.selected_row
        self._model.set_lines(lines)
        self.viewport().update()
        if row is not None and row < len(lines):
            self.select_row(row)

    def show_sung_line(self, row: int | None, is_announced: bool = False) -> None:
        """Mark the line that is sung, and scroll it to the middle unless the user has just scrolled."""
        if row == self._model.sung_row:
            return
        for changed in (self._model.sung_row, row):
            if changed is not None:
                self.update(self._model.index(changed))
        self._model.sung_row = row
        if row is None:
            return
        self._follow()
        if is_announced and self.isVisible():
            announce(self, describe_line(self.lines[row]))

    def select_row(self, row: int) -> None:
        """Select a line and bring it into view."""
        self.selectionModel().setCurrentIndex(self._model.index(row), QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def pause_following(self) -> None:
        """Let the list stay where the user scrolled it, for a while."""
        self._paused_until = monotonic() + _FOLLOW_PAUSE_S

    def _on_range_changed(self, _first: int, last: int) -> None:
        self.verticalScrollBar().setEnabled(last > 0)
        self._follow()

    def _follow(self) -> None:
        if self._model.sung_row is not None and monotonic() >= self._paused_until:
            self.scrollTo(self._model.index(self._model.sung_row), QAbstractItemView.ScrollHint.PositionAtCenter)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and (time_s := self.lines[index.row()].time_s) is not None:
            self._paused_until = 0.0
            self.line_chosen.emit(time_s)

    def focusInEvent(self, event: Any) -> None:
        """Select the line that is sung, or the first one, if none is selected."""
        if self.lines and self.selected_row is None:
            self.select_row(self._model.sung_row or 0)
        super().focusInEvent(event)  # selects the first line if none is

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Seek to the selected line on Return; move among lines by the other keys."""
        if event.key() in _SEEK_KEYS:
            self._choose(self.currentIndex())
            return
        if event.key() in _MOVE_KEYS:
            self.pause_following()
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Ignore letters: they are shortcuts of the player."""

    def mouseReleaseEvent(self, e: QMouseEvent) -> None:
        super().mouseReleaseEvent(e)
        if e.button() is Qt.MouseButton.LeftButton:
            self._choose(self.indexAt(e.position().toPoint()))

    def wheelEvent(self, e: QWheelEvent) -> None:
        self.pause_following()
        super().wheelEvent(e)

    def resizeEvent(self, e: QResizeEvent) -> None:
        """Wrap the lines anew if the width has changed."""
        super().resizeEvent(e)
        if e.size().width() != e.oldSize().width():
            self.scheduleDelayedItemsLayout()
        self._follow()
