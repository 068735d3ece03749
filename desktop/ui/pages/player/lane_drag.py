"""Dragging of finished stems from their lanes to a file manager or a DAW, which gets copies of the files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QDrag, QFontMetrics, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from desktop.text.message import tr_count
from desktop.ui.core.stem_files import create_mime_data
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.theme.fonts import SECONDARY_SIZE, ui_font
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.label import CHIP_HEIGHT, CHIP_PADDING, draw_chip

_MAX_CHIP_WIDTH = 220
_POINTER_GAP = QPoint(-12, -8)
"""Place of the pointer beside what is dragged, which must not cover what it is dropped on."""


@dataclass(frozen=True)
class _Press:
    """The left button is down on the handle of a lane."""

    lane: int
    position: QPoint
    """In screen coordinates."""


def _run_drag(drag: QDrag) -> None:
    # Only as a copy: a file manager that moved the file would take the stem out of the library.
    drag.exec(Qt.DropAction.CopyAction)


class LaneDrag(QObject):
    """Drags the stem of a lane from its icon or name, several that Ctrl-click has selected, or with Shift all of them.

    Only stems that are finished and whose file exists can be dragged.
    """

    def __init__(self, source: QWidget, run: Callable[[QDrag], None] = _run_drag) -> None:
        """`source` outlives every lane header: songs may change during a drag, which `run` lasts."""
        super().__init__(source)
        self._source = source
        self._run = run
        self._headers: Sequence[LaneHeader] = ()
        self._files: Sequence[Path] = ()
        self._selected: frozenset[int] = frozenset()
        self._press: _Press | None = None
        self._data: QMimeData | None = None
        """What was dragged last: X11 asks for it after the drag has ended, too."""

    @property
    def selected_lanes(self) -> frozenset[int]:
        """Numbers of the selected lanes, from 0."""
        return self._selected

    def set_lanes(self, headers: Sequence[LaneHeader], files: Sequence[Path]) -> None:
        """Set the lane headers, and the file of each stem; no files while the stems are unfinished."""
        if (list(headers), list(files)) == (list(self._headers), list(self._files)):
            return  # the row of the job has changed, not its stems
        self._headers, self._files, self._press = headers, files, None
        self._select(frozenset())
        for header in headers:
            header.set_draggable(bool(files))
            for handle in header.drag_handles:
                handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the left button on the handles of the lanes; a double click stays that of the name."""
        if not self._files or not isinstance(event, QMouseEvent):
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() is Qt.MouseButton.LeftButton:
                self._press = _Press(self._lane_of(watched), event.globalPosition().toPoint())
            case QEvent.Type.MouseMove if self._press is not None:
                distance = (event.globalPosition().toPoint() - self._press.position).manhattanLength()
                if distance >= QApplication.startDragDistance():
                    self._drag(self._press.lane, event.modifiers())
            case QEvent.Type.MouseButtonRelease if self._press is not None:
                self._click(self._press.lane, event.modifiers())
            case _:
                return False
        return True

    def _lane_of(self, handle: QObject) -> int:
        return next(lane for lane, header in enumerate(self._headers) if handle in header.drag_handles)

    def _click(self, lane: int, modifiers: Qt.KeyboardModifier) -> None:
        """Add the lane to the selected ones or take it away on Ctrl-click; any other click selects none."""
        self._press = None
        is_ctrl_click = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        self._select(self._selected ^ {lane} if is_ctrl_click else frozenset())

    def _select(self, lanes: frozenset[int]) -> None:
        self._selected = lanes
        for lane, header in enumerate(self._headers):
            header.set_selected(lane in lanes)

    def _drag(self, lane: int, modifiers: Qt.KeyboardModifier) -> None:
        self._press = None
        lanes = [number for number in self._lanes_to_drag(lane, modifiers) if self._files[number].is_file()]
        if not lanes:
            return
        data = create_mime_data([self._files[number] for number in lanes])
        drag = QDrag(self._source)
        drag.setMimeData(data)
        drag.setPixmap(self._draw_chip(lanes))
        drag.setHotSpot(_POINTER_GAP)
        self._data = data
        self._run(drag)

    def _lanes_to_drag(self, lane: int, modifiers: Qt.KeyboardModifier) -> list[int]:
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            return list(range(len(self._files)))
        has_company = lane in self._selected or modifiers & Qt.KeyboardModifier.ControlModifier
        return sorted(self._selected | {lane}) if has_company else [lane]

    def _draw_chip(self, lanes: Sequence[int]) -> QPixmap:
        """Return the title of the stem that is dragged, or the number of stems, on a chip."""
        text = self._headers[lanes[0]].title
        if len(lanes) > 1:
            text = tr_count("{count} stem", "{count} stems", len(lanes))
        font = ui_font(SECONDARY_SIZE)
        width = min(_MAX_CHIP_WIDTH, QFontMetrics(font).horizontalAdvance(text) + 2 * CHIP_PADDING)
        ratio = self._source.devicePixelRatioF()
        pixmap = QPixmap(round(width * ratio), round(CHIP_HEIGHT * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        draw_chip(painter, QRectF(0, 0, width, CHIP_HEIGHT), text, font, Colour.TEXT)
        painter.end()
        return pixmap
