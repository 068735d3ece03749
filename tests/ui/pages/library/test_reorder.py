"""Reordering pending songs with the mouse and with keys."""

from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from desktop.ui.theme.palette import Colour, theme
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


class Mouse:
    """Sends mouse events to the table."""

    def __init__(self, window: MainWindow) -> None:
        self.table = window.job_view
        self.position = QPoint()

    def row_point(self, title: str, fraction: float = 0.5) -> QPoint:
        """Return a point on the row of a song; `fraction` 0 is the upper edge, 1 the lower."""
        proxy = self.table.model()
        (row,) = (row for row in range(proxy.rowCount()) if proxy.index(row, Column.TITLE).data() == title)
        cell = self.table.visualRect(proxy.index(row, Column.LENGTH))
        return QPoint(cell.center().x(), cell.top() + round(fraction * (cell.height() - 1)))

    def press(self, point: QPoint) -> None:
        self._send(QEvent.Type.MouseButtonPress, point, LEFT)

    def move(self, point: QPoint) -> None:
        self._send(QEvent.Type.MouseMove, QPoint((self.position + point) / 2), LEFT)
        self._send(QEvent.Type.MouseMove, point, LEFT)

    def release(self) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self.position, Qt.MouseButton.NoButton)

    def drag(self, title: str, target: str, fraction: float) -> None:
        self.press(self.row_point(title))
        self.move(self.row_point(target, fraction))
        self.release()

    def _send(self, event_type: QEvent.Type, point: QPoint, buttons: Qt.MouseButton) -> None:
        self.position = point
        global_position = self.table.viewport().mapToGlobal(QPointF(point))
        button = Qt.MouseButton.NoButton if event_type is QEvent.Type.MouseMove else LEFT
        event = QMouseEvent(
            event_type, QPointF(point), global_position, button, buttons, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.table.viewport(), event)


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    setting.store.insert(make_job("done", JobState.CANCELLED, ago=timedelta(seconds=9)))
    for n in range(4):
        setting.store.insert(make_job(f"song {n}", ago=timedelta(seconds=8 - n)))
    return setting


@pytest.fixture
def mouse(window: MainWindow) -> Mouse:
    return Mouse(window)


def _row_order(window: MainWindow) -> str:
    proxy = window.library.proxy
    return "".join(proxy.index(row, Column.TITLE).data()[-1] for row in range(proxy.rowCount()))


def _queue_order(setting: WindowHarness) -> str:
    return "".join(job.title[-1] for job in setting.service.pending_jobs())


@pytest.mark.parametrize(
    ("title", "target", "fraction", "order"),
    [
        ("song 3", "song 0", 0.1, "3012"),
        ("song 0", "song 3", 0.9, "1230"),
        ("song 0", "song 1", 0.9, "1023"),
        ("song 2", "song 1", 0.1, "0213"),
        ("song 2", "song 1", 0.9, "0123"),
    ],
)
def test_song_is_dropped_between_two_others(
    window: MainWindow,
    setting: WindowHarness,
    mouse: Mouse,
    qtbot: QtBot,
    title: str,
    target: str,
    fraction: float,
    order: str,
) -> None:
    mouse.drag(title, target, fraction)
    qtbot.waitUntil(lambda: _row_order(window) == order + "e")
    qtbot.waitUntil(lambda: _queue_order(setting) == order)
    assert [job.title for job in window.job_view.selected_jobs()] == [title]
    if order != "0123":
        qtbot.waitUntil(lambda: "".join(job.title[-1] for job in setting.queue.jobs) == order)


def test_drop_indicator_shows_where_the_song_will_be(window: MainWindow, mouse: Mouse) -> None:
    def accents(y: int) -> int:
        image = window.job_view.viewport().grab().toImage()
        return sum(image.pixelColor(x, y) == theme.colour(Colour.ACCENT) for x in range(300, 900, 20))

    mouse.press(mouse.row_point("song 3"))
    mouse.move(mouse.row_point("song 1", 0.2))
    drop_target = window.job_view._row_drag.drop_target
    assert drop_target is not None
    assert accents(drop_target.line_y - 1) == 30
    mouse.move(mouse.row_point("done"))
    assert window.job_view._row_drag.drop_target is None
    assert accents(drop_target.line_y - 1) == 0
    mouse.release()


def test_songs_that_are_not_pending_can_neither_be_dragged_nor_passed(
    window: MainWindow, setting: WindowHarness, mouse: Mouse, qtbot: QtBot
) -> None:
    mouse.drag("song 3", "done", 0.1)
    mouse.press(mouse.row_point("done"))
    mouse.move(mouse.row_point("song 2"))
    assert not window.job_view._row_drag.is_active
    mouse.release()
    assert _queue_order(setting) == "0123"


def test_escape_cancels_the_drag(window: MainWindow, setting: WindowHarness, mouse: Mouse, qtbot: QtBot) -> None:
    window.job_view.setFocus()
    mouse.press(mouse.row_point("song 3"))
    mouse.move(mouse.row_point("song 0", 0.1))
    assert window.job_view._row_drag.is_active
    qtbot.keyClick(window.job_view, Qt.Key.Key_Escape)
    assert not window.job_view._row_drag.is_active
    mouse.move(mouse.row_point("song 1"))
    assert [job.title for job in window.job_view.selected_jobs()] == ["song 3"]
    mouse.release()
    qtbot.keyClick(window, Qt.Key.Key_Down, ALT)  # runs after any move that is still in the background
    qtbot.wait(50)
    assert _queue_order(setting) == "0123"


def test_table_sorted_by_a_column_cannot_be_reordered(window: MainWindow, setting: WindowHarness, mouse: Mouse) -> None:
    window.job_view.sortByColumn(Column.TITLE, Qt.SortOrder.AscendingOrder)
    mouse.press(mouse.row_point("song 3"))
    mouse.move(mouse.row_point("song 0", 0.1))
    assert not window.job_view._row_drag.is_active
    mouse.release()
    assert _queue_order(setting) == "0123"


def test_click_with_a_small_mouse_movement_moves_nothing(
    window: MainWindow, setting: WindowHarness, mouse: Mouse
) -> None:
    point = mouse.row_point("song 2", 0.5)
    mouse.press(point)
    mouse.move(point + QPoint(3, 3))
    mouse.release()
    assert [job.title for job in window.job_view.selected_jobs()] == ["song 2"]
    assert _queue_order(setting) == "0123"


def test_keys_move_the_selected_song_one_place_and_stop_at_the_ends(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    window.job_view.select_job(setting.service.pending_jobs()[1].id)
    for key, order in ((Qt.Key.Key_Up, "1023"), (Qt.Key.Key_Up, "1023"), (Qt.Key.Key_Down, "0123")):
        qtbot.keyClick(window, key, ALT)
        qtbot.waitUntil(lambda order=order: _queue_order(setting) == order and _row_order(window) == order + "e")
        assert [job.title for job in window.job_view.selected_jobs()] == ["song 1"]


def test_moving_a_song_that_is_not_pending_shows_a_notice(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    window.job_view.select_job(setting.service.jobs()[0].id)
    qtbot.keyClick(window, Qt.Key.Key_Up, ALT)
    assert "Only queued songs" in window.notices.notices[-1].text


def test_files_from_outside_can_still_be_dropped_on_the_table(window: MainWindow) -> None:
    assert not window.job_view.acceptDrops()
    assert not window.job_view.viewport().acceptDrops()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/music/a.wav")])
    event = QDragEnterEvent(QPoint(700, 200), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def test_dragging_a_song_to_the_edge_scrolls_the_table(
    setting: WindowHarness, window: MainWindow, mouse: Mouse, qtbot: QtBot
) -> None:
    for n in range(40):
        setting.store.insert(make_job(f"more {n}"))
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 45)
    scroll_bar = window.job_view.verticalScrollBar()
    mouse.press(mouse.row_point("song 1"))
    mouse.move(QPoint(300, window.job_view.viewport().height() - 3))
    qtbot.waitUntil(lambda: scroll_bar.value() > 60)
    mouse.release()
