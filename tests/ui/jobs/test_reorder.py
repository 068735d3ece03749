"""Putting waiting songs in another order, by the mouse and by keys."""

from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from desktop.ui.theme import tokens
from tests.helpers.window import WindowHarness, make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


class Hand:
    """A mouse over the table."""

    def __init__(self, window: MainWindow) -> None:
        self.table = window.job_view
        self.at = QPoint()

    def row(self, title: str, part: float = 0.5) -> QPoint:
        """A point on the row of a song; 0 is its upper edge, 1 the lower."""
        proxy = self.table.model()
        (row,) = (row for row in range(proxy.rowCount()) if proxy.index(row, Column.TITLE).data() == title)
        place = self.table.visualRect(proxy.index(row, Column.LENGTH))
        return QPoint(place.center().x(), place.top() + round(part * (place.height() - 1)))

    def press(self, point: QPoint) -> None:
        self._send(QEvent.Type.MouseButtonPress, point, LEFT)

    def move(self, point: QPoint) -> None:
        self._send(QEvent.Type.MouseMove, QPoint((self.at + point) / 2), LEFT)
        self._send(QEvent.Type.MouseMove, point, LEFT)

    def release(self) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self.at, Qt.MouseButton.NoButton)

    def drag(self, title: str, beside: str, part: float) -> None:
        self.press(self.row(title))
        self.move(self.row(beside, part))
        self.release()

    def _send(self, kind: QEvent.Type, point: QPoint, held: Qt.MouseButton) -> None:
        self.at = point
        where = self.table.viewport().mapToGlobal(QPointF(point))
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else LEFT
        event = QMouseEvent(kind, QPointF(point), where, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.table.viewport(), event)


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    setting.store.insert(make_job("done", JobState.CANCELLED, ago=timedelta(seconds=9)))
    for n in range(4):
        setting.store.insert(make_job(f"song {n}", ago=timedelta(seconds=8 - n)))
    return setting


@pytest.fixture
def hand(window: MainWindow) -> Hand:
    return Hand(window)


def _rows(window: MainWindow) -> str:
    proxy = window.library.proxy
    return "".join(proxy.index(row, Column.TITLE).data()[-1] for row in range(proxy.rowCount()))


def _line(setting: WindowHarness) -> str:
    return "".join(job.title[-1] for job in setting.service.pending_jobs())


@pytest.mark.parametrize(
    ("title", "beside", "part", "line"),
    [
        ("song 3", "song 0", 0.1, "3012"),
        ("song 0", "song 3", 0.9, "1230"),
        ("song 0", "song 1", 0.9, "1023"),
        ("song 2", "song 1", 0.1, "0213"),
        ("song 2", "song 1", 0.9, "0123"),
    ],
)
def test_a_song_is_dropped_between_two_others(
    window: MainWindow,
    setting: WindowHarness,
    hand: Hand,
    qtbot: QtBot,
    title: str,
    beside: str,
    part: float,
    line: str,
) -> None:
    hand.drag(title, beside, part)
    qtbot.waitUntil(lambda: _rows(window) == line + "e")
    qtbot.waitUntil(lambda: _line(setting) == line)
    assert [job.title for job in window.job_view.selected_jobs()] == [title]
    if line != "0123":
        qtbot.waitUntil(lambda: "".join(job.title[-1] for job in setting.queue.jobs) == line)


def test_a_line_shows_where_the_song_would_stand(window: MainWindow, hand: Hand) -> None:
    def accents(y: int) -> int:
        image = window.job_view.viewport().grab().toImage()
        return sum(image.pixelColor(x, y) == QColor(tokens.ACCENT) for x in range(300, 900, 20))

    hand.press(hand.row("song 3"))
    hand.move(hand.row("song 1", 0.2))
    gap = window.job_view._row_drag.drop_target
    assert gap is not None
    assert accents(gap.line_y - 1) == 30
    hand.move(hand.row("done"))
    assert window.job_view._row_drag.drop_target is None
    assert accents(gap.line_y - 1) == 0
    hand.release()


def test_songs_that_do_not_wait_are_neither_dragged_nor_passed(
    window: MainWindow, setting: WindowHarness, hand: Hand, qtbot: QtBot
) -> None:
    hand.drag("song 3", "done", 0.1)
    hand.press(hand.row("done"))
    hand.move(hand.row("song 2"))
    assert not window.job_view._row_drag.is_active
    hand.release()
    assert _line(setting) == "0123"


def test_escape_leaves_the_song_where_it_is(
    window: MainWindow, setting: WindowHarness, hand: Hand, qtbot: QtBot
) -> None:
    window.job_view.setFocus()
    hand.press(hand.row("song 3"))
    hand.move(hand.row("song 0", 0.1))
    assert window.job_view._row_drag.is_active
    qtbot.keyClick(window.job_view, Qt.Key.Key_Escape)
    assert not window.job_view._row_drag.is_active
    hand.move(hand.row("song 1"))
    assert [job.title for job in window.job_view.selected_jobs()] == ["song 3"]
    hand.release()
    qtbot.keyClick(window, Qt.Key.Key_Down, ALT)  # the background is done when this has been said or done
    qtbot.wait(50)
    assert _line(setting) == "0123"


def test_a_table_that_is_sorted_by_a_column_is_not_put_in_order_by_hand(
    window: MainWindow, setting: WindowHarness, hand: Hand
) -> None:
    window.job_view.sortByColumn(Column.TITLE, Qt.SortOrder.AscendingOrder)
    hand.press(hand.row("song 3"))
    hand.move(hand.row("song 0", 0.1))
    assert not window.job_view._row_drag.is_active
    hand.release()
    assert _line(setting) == "0123"


def test_a_click_with_a_trembling_hand_moves_nothing(window: MainWindow, setting: WindowHarness, hand: Hand) -> None:
    point = hand.row("song 2", 0.5)
    hand.press(point)
    hand.move(point + QPoint(3, 3))
    hand.release()
    assert [job.title for job in window.job_view.selected_jobs()] == ["song 2"]
    assert _line(setting) == "0123"


def test_keys_move_the_chosen_song_one_place_and_not_beyond_the_ends(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    window.job_view.select_job(setting.service.pending_jobs()[1].id)
    for key, line in ((Qt.Key.Key_Up, "1023"), (Qt.Key.Key_Up, "1023"), (Qt.Key.Key_Down, "0123")):
        qtbot.keyClick(window, key, ALT)
        qtbot.waitUntil(lambda line=line: _line(setting) == line and _rows(window) == line + "e")
        assert [job.title for job in window.job_view.selected_jobs()] == ["song 1"]


def test_a_song_that_does_not_wait_says_so(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    window.job_view.select_job(setting.service.jobs()[0].id)
    qtbot.keyClick(window, Qt.Key.Key_Up, ALT)
    assert "Only queued songs" in window.notices.notices[-1].text


def test_files_from_outside_are_still_dropped_on_the_table(window: MainWindow) -> None:
    assert not window.job_view.acceptDrops()
    assert not window.job_view.viewport().acceptDrops()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/music/a.wav")])
    event = QDragEnterEvent(QPoint(700, 200), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def test_a_song_at_the_edge_lets_the_table_scroll(
    setting: WindowHarness, window: MainWindow, hand: Hand, qtbot: QtBot
) -> None:
    for n in range(40):
        setting.store.insert(make_job(f"more {n}"))
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: window.library.proxy.rowCount() == 45)
    bar = window.job_view.verticalScrollBar()
    hand.press(hand.row("song 1"))
    hand.move(QPoint(300, window.job_view.viewport().height() - 3))
    qtbot.waitUntil(lambda: bar.value() > 60)
    hand.release()
