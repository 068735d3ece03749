"""Layout of a status cell: text, link, check mark and progress bar, for drawing and for hit tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from desktop.ui.pages.library.status import Status, StatusLink, Tone
from desktop.ui.theme.fonts import SECONDARY_SIZE, ui_font
from desktop.ui.theme.palette import Colour

CHECK_SIZE_PX = 13.0
_TEXT_SPACING_PX = 7.0
_MIN_BAR_LEFT_PX = 122.0
_MAX_BAR_WIDTH_PX = 220.0
_BAR_HEIGHT_PX = 4.0
_MIN_BAR_WIDTH_PX = 36.0
_LINE_HEIGHT_PX = 18.0


@dataclass(frozen=True)
class TextRun:
    """A text in one font and colour, with its rectangle in the cell."""

    text: str
    rect: QRectF
    font: QFont
    colour: Colour
    link: StatusLink = StatusLink.NONE


@dataclass(frozen=True)
class StatusLayout:
    """Layout of one status cell."""

    runs: tuple[TextRun, ...]
    check_rect: QRectF | None = None
    """The check mark of a completed job; None for others."""
    bar_rect: QRectF | None = None
    """The progress bar; None without one."""

    def link_at(self, x: float, y: float) -> StatusLink:
        """Return the link at a point of the cell, or `StatusLink.NONE`."""
        hit_runs = (run for run in self.runs if run.rect.adjusted(-4, -4, 4, 4).contains(x, y))
        return next((run.link for run in hit_runs if run.link is not StatusLink.NONE), StatusLink.NONE)


def layout_status(status: Status, rect: QRectF) -> StatusLayout:
    """Return the layout of a status in `rect`: on one line if it fits, otherwise on two."""
    if status.progress is not None:
        return _layout_with_bar(status, rect)
    check_rect = None
    if status.tone is Tone.GOOD:
        check_rect = QRectF(rect.left(), rect.center().y() - CHECK_SIZE_PX / 2, CHECK_SIZE_PX, CHECK_SIZE_PX)
        rect = rect.adjusted(CHECK_SIZE_PX + 5, 0, 0, 0)
    runs = _layout_one_line(status, rect) or _layout_two_lines(status, rect)
    if check_rect is not None and runs:
        check_rect.moveTop(runs[0].rect.center().y() - CHECK_SIZE_PX / 2)
    return StatusLayout(tuple(runs), check_rect)


def _text_width(text: str, font: QFont) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


def _detail_parts(status: Status) -> list[tuple[str, StatusLink]]:
    """Return the texts after the main text, with their links; they are drawn in small type."""
    separator = " · " if status.detail and status.link_text else ""
    parts = [(status.detail, StatusLink.NONE), (separator, StatusLink.NONE), (status.link_text, status.link)]
    return [(text, link) for text, link in parts if text]


def _layout_parts(parts: Sequence[tuple[str, StatusLink]], rect: QRectF) -> list[TextRun]:
    """Place small texts side by side; if they do not fit, the first is elided, never the link at the end."""
    font, runs, x = ui_font(SECONDARY_SIZE), list[TextRun](), rect.left()
    for number, (text, link) in enumerate(parts):
        reserved_width = sum(_text_width(text_after, font) for text_after, _ in parts[number + 1 :])
        elided = QFontMetricsF(font).elidedText(
            text, Qt.TextElideMode.ElideRight, max(0.0, rect.right() - x - reserved_width)
        )
        width = _text_width(elided, font)
        runs.append(TextRun(elided, QRectF(x, rect.top(), width, rect.height()), font, Tone.DIM.value, link))
        x += width
    return runs


def _layout_one_line(status: Status, rect: QRectF) -> list[TextRun]:
    font, parts = ui_font(), _detail_parts(status)
    text_width = _text_width(status.text, font)
    needed_width = (
        text_width
        + sum(_text_width(text, ui_font(SECONDARY_SIZE)) for text, _ in parts)
        + (_TEXT_SPACING_PX if parts else 0)
    )
    if needed_width > rect.width():
        return []
    line_rect = QRectF(rect.left(), rect.center().y() - _LINE_HEIGHT_PX / 2, rect.width(), _LINE_HEIGHT_PX)
    first = TextRun(
        status.text, QRectF(line_rect.left(), line_rect.top(), text_width, _LINE_HEIGHT_PX), font, status.tone.value
    )
    return [first, *_layout_parts(parts, line_rect.adjusted(text_width + _TEXT_SPACING_PX, 0, 0, 0))]


def _layout_two_lines(status: Status, rect: QRectF) -> list[TextRun]:
    first_line = QRectF(rect.left(), rect.center().y() - _LINE_HEIGHT_PX, rect.width(), _LINE_HEIGHT_PX)
    second_line = first_line.translated(0, _LINE_HEIGHT_PX)
    parts = _detail_parts(status)
    font = ui_font() if _text_width(status.text, ui_font()) <= rect.width() else ui_font(SECONDARY_SIZE)
    first, rest = _split_to_width(status.text, font, rect.width())
    runs = [TextRun(first, first_line, font, status.tone.value)]
    if rest:
        reserved_width = sum(_text_width(text, ui_font(SECONDARY_SIZE)) for text, _ in parts) + (
            _TEXT_SPACING_PX if parts else 0
        )
        elided = QFontMetricsF(font).elidedText(
            rest, Qt.TextElideMode.ElideRight, max(40.0, rect.width() - reserved_width)
        )
        width = _text_width(elided, font)
        runs.append(
            TextRun(
                elided, QRectF(second_line.left(), second_line.top(), width, _LINE_HEIGHT_PX), font, status.tone.value
            )
        )
        second_line = second_line.adjusted(width + _TEXT_SPACING_PX, 0, 0, 0)
    return [*runs, *_layout_parts(parts, second_line)]


def _split_to_width(text: str, font: QFont, width: float) -> tuple[str, str]:
    """Return the leading words of `text` that fit `width`, and the remaining text."""
    words = text.split(" ")
    fitting_counts = [n for n in range(1, len(words) + 1) if _text_width(" ".join(words[:n]), font) <= width]
    if not fitting_counts:
        return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width), ""
    return " ".join(words[: fitting_counts[-1]]), " ".join(words[fitting_counts[-1] :])


def _layout_with_bar(status: Status, rect: QRectF) -> StatusLayout:
    font = ui_font()
    text_width = min(_text_width(status.text, font), rect.width())
    bar_left = max(_MIN_BAR_LEFT_PX, text_width + 12)
    text_rect = QRectF(rect.left(), rect.center().y() - _LINE_HEIGHT_PX / 2, text_width + 1, _LINE_HEIGHT_PX)
    bar_rect = None
    bar_right = min(_MIN_BAR_LEFT_PX + _MAX_BAR_WIDTH_PX, rect.width())  # all bars end at the same x
    if bar_right - bar_left >= _MIN_BAR_WIDTH_PX:
        bar_rect = QRectF(
            rect.left() + bar_left, rect.center().y() - _BAR_HEIGHT_PX / 2, bar_right - bar_left, _BAR_HEIGHT_PX
        )
    return StatusLayout((TextRun(status.text, text_rect, font, status.tone.value),), None, bar_rect)
