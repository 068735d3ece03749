"""Image of consecutive pixel columns of the time axis, of which a scrolled view paints only those that were not in view."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

_SIGNIFICANT_DIGITS = 12
"""Digits of the seconds of a column: two views of one zoom differ in the last bits, and an hour at the closest zoom is
still exact to a hundredth of a column."""


@dataclass(frozen=True)
class ColumnRange:
    """Consecutive pixel columns of a zoom; column 0 begins at second 0, whatever is in view.

    So a column shows the same samples wherever it is in view, and a waveform does not flicker when it is scrolled.
    """

    column_s: float
    """Seconds of a column."""
    first: int
    width: int
    """Number of columns."""

    @classmethod
    def in_view(cls, start: float, end: float, width: int) -> "ColumnRange":
        """Return the `width` columns between two seconds, which are up to half a column off."""
        column_s = float(f"{(end - start) / width:.{_SIGNIFICANT_DIGITS}g}")
        return cls(column_s, round(start / column_s), width)

    @property
    def last(self) -> int:
        """Column after the last one."""
        return self.first + self.width

    @property
    def start_s(self) -> float:
        """Second at which the first column begins."""
        return self.first * self.column_s

    @property
    def end_s(self) -> float:
        """Second at which the last column ends."""
        return self.last * self.column_s

    def part(self, first: int, last: int) -> "ColumnRange":
        """Return the columns from `first` to before `last`."""
        return ColumnRange(self.column_s, first, last - first)

    def widened(self, margin: int) -> "ColumnRange":
        """Return these columns with `margin` more before and after them."""
        return self.part(self.first - margin, self.last + margin)


class ScrolledImage:
    """Image of the columns in view, as a ring: scrolling paints the new columns over those that went out of view."""

    def __init__(self) -> None:
        self._image = QImage()
        self._columns = ColumnRange(1.0, 0, 0)
        self._origin = 0
        """Column at the left edge of the image."""
        self._look: Hashable = None

    def clear(self) -> None:
        """Paint all columns when they are shown again: what they show has changed."""
        self._look = None

    def show(self, columns: ColumnRange, look: Hashable, paint: Callable[[ColumnRange], QImage]) -> bool:
        """Have the image of `columns`, and return whether any of them had to be painted.

        `paint` returns the image of some columns; those of another `look` are painted again.
        """
        shown = self._columns
        if (columns, look) == (shown, self._look):
            return False
        is_scrolled = (columns.column_s, columns.width, look) == (shown.column_s, shown.width, self._look)
        distance = columns.first - shown.first
        if not is_scrolled or abs(distance) >= columns.width:
            self._image, self._origin = paint(columns), columns.first
        elif distance > 0:
            self._replace(columns.part(shown.last, columns.last), paint)
        else:
            self._replace(columns.part(columns.first, shown.first), paint)
        self._columns, self._look = columns, look
        return True

    def _replace(self, columns: ColumnRange, paint: Callable[[ColumnRange], QImage]) -> None:
        """Paint some columns over those that have their places in the ring."""
        new, height = paint(columns), self._image.height()
        painter = QPainter(self._image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for x, piece in self._pieces(columns):
            painter.drawImage(QPoint(x, 0), new, QRect(piece.first - columns.first, 0, piece.width, height))
        painter.end()

    def _pieces(self, columns: ColumnRange) -> list[tuple[int, ColumnRange]]:
        """Return x in the image and columns of each piece of `columns`, which are parted where the ring ends."""
        width = self._image.width()
        x = (columns.first - self._origin) % width
        border = min(columns.last, columns.first + width - x)
        pieces = [(x, columns.part(columns.first, border)), (0, columns.part(border, columns.last))]
        return [(x, piece) for x, piece in pieces if piece.width]

    def draw(self, painter: QPainter, first: int, last: int, position: QPointF, ratio: float) -> None:
        """Draw columns `first` to before `last` of those in view, whose upper left corner is at `position`.

        The position is in logical pixels; `ratio` is device pixels per logical pixel.
        """
        height, start = self._image.height(), self._columns.first
        for x, piece in self._pieces(self._columns.part(start + first, start + last)):
            left = position.x() + (piece.first - start) / ratio
            target = QRectF(left, position.y(), piece.width / ratio, height / ratio)
            painter.drawImage(target, self._image, QRectF(x, 0, piece.width, height))
