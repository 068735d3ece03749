"""Where the words, the link and the bar of a status go in its cell. Drawing and clicking use the same places."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from desktop.ui.jobs.status import Link, Status, Tone
from desktop.ui.theme.fonts import SECONDARY, ui_font

CHECK = 13.0
_GAP = 7.0
_WORDS_BESIDE_BAR = 122.0
_BAR = 220.0
_BAR_HEIGHT = 4.0
_SMALLEST_BAR = 36.0
_LINE = 18.0


@dataclass(frozen=True)
class Piece:
    """Words in one place."""

    text: str
    place: QRectF
    font: QFont
    colour: str
    link: Link = Link.NONE


@dataclass(frozen=True)
class Layout:
    """A whole status cell."""

    pieces: tuple[Piece, ...]
    check: QRectF | None = None
    """Where the tick goes that a good end has."""
    bar: QRectF | None = None

    def link_at(self, x: float, y: float) -> Link:
        """The link below a point."""
        grown = (piece for piece in self.pieces if piece.place.adjusted(-4, -4, 4, 4).contains(x, y))
        return next((piece.link for piece in grown if piece.link is not Link.NONE), Link.NONE)


def lay_out(status: Status, room: QRectF) -> Layout:
    """Lay a status out in `room`: on one line if it fits, else on two."""
    if status.progress is not None:
        return _with_bar(status, room)
    check = None
    if status.tone is Tone.GOOD:
        check = QRectF(room.left(), room.center().y() - CHECK / 2, CHECK, CHECK)
        room = room.adjusted(CHECK + 5, 0, 0, 0)
    pieces = _one_line(status, room) or _two_lines(status, room)
    if check is not None and pieces:
        check.moveTop(pieces[0].place.center().y() - CHECK / 2)
    return Layout(tuple(pieces), check)


def _width(text: str, font: QFont) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


def _tail(status: Status) -> list[tuple[str, Link]]:
    """Return what comes after the first words, in small type."""
    joint = " · " if status.detail and status.link_words else ""
    parts = [(status.detail, Link.NONE), (joint, Link.NONE), (status.link_words, status.link)]
    return [(text, link) for text, link in parts if text]


def _row(parts: Sequence[tuple[str, Link]], room: QRectF) -> list[Piece]:
    """Set small pieces side by side. Where there is no room the first one is cut, and never the link at the end."""
    font, pieces, x = ui_font(SECONDARY), list[Piece](), room.left()
    for number, (text, link) in enumerate(parts):
        kept = sum(_width(later, font) for later, _ in parts[number + 1 :])
        cut = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, room.right() - x - kept))
        width = _width(cut, font)
        pieces.append(Piece(cut, QRectF(x, room.top(), width, room.height()), font, Tone.DIM, link))
        x += width
    return pieces


def _one_line(status: Status, room: QRectF) -> list[Piece]:
    font, tail = ui_font(), _tail(status)
    words = _width(status.words, font)
    needed = words + sum(_width(text, ui_font(SECONDARY)) for text, _ in tail) + (_GAP if tail else 0)
    if needed > room.width():
        return []
    line = QRectF(room.left(), room.center().y() - _LINE / 2, room.width(), _LINE)
    first = Piece(status.words, QRectF(line.left(), line.top(), words, _LINE), font, status.tone)
    return [first, *_row(tail, line.adjusted(words + _GAP, 0, 0, 0))]


def _two_lines(status: Status, room: QRectF) -> list[Piece]:
    top = QRectF(room.left(), room.center().y() - _LINE, room.width(), _LINE)
    below = top.translated(0, _LINE)
    tail = _tail(status)
    font = ui_font() if _width(status.words, ui_font()) <= room.width() else ui_font(SECONDARY)
    first, rest = _split(status.words, font, room.width())
    pieces = [Piece(first, top, font, status.tone)]
    if rest:
        kept = sum(_width(text, ui_font(SECONDARY)) for text, _ in tail) + (_GAP if tail else 0)
        cut = QFontMetricsF(font).elidedText(rest, Qt.TextElideMode.ElideRight, max(40.0, room.width() - kept))
        width = _width(cut, font)
        pieces.append(Piece(cut, QRectF(below.left(), below.top(), width, _LINE), font, status.tone))
        below = below.adjusted(width + _GAP, 0, 0, 0)
    return [*pieces, *_row(tail, below)]


def _split(text: str, font: QFont, width: float) -> tuple[str, str]:
    """Return what fits on a line, in whole words, and the rest."""
    words = text.split(" ")
    fitting = [n for n in range(1, len(words) + 1) if _width(" ".join(words[:n]), font) <= width]
    if not fitting:
        return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width), ""
    return " ".join(words[: fitting[-1]]), " ".join(words[fitting[-1] :])


def _with_bar(status: Status, room: QRectF) -> Layout:
    font = ui_font()
    words = min(_width(status.words, font), room.width())
    start = max(_WORDS_BESIDE_BAR, words + 12)
    line = QRectF(room.left(), room.center().y() - _LINE / 2, words + 1, _LINE)
    bar = None
    end = min(_WORDS_BESIDE_BAR + _BAR, room.width())  # all bars end at one place
    if end - start >= _SMALLEST_BAR:
        bar = QRectF(room.left() + start, room.center().y() - _BAR_HEIGHT / 2, end - start, _BAR_HEIGHT)
    return Layout((Piece(status.words, line, font, status.tone),), None, bar)
