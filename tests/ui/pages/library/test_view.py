"""The job table: clicks, keys, selection and drawing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.paths import Home
from desktop.text.message import verbatim
from desktop.ui.core.action import ActionId
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.covers import CoverCache, placeholder_brush, read_cover
from desktop.ui.pages.library.delegates import content_rect
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import JobMenu, MenuItem
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.status import StatusLink
from desktop.ui.pages.library.view import JobView
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour, theme
from tests.helpers.jobs import make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
JOBS = (
    make_job("Waiting", ago=timedelta(seconds=5)),
    make_job(
        "Broken",
        JobState.FAILED,
        error=verbatim("The file is damaged: its index is missing."),
        ago=timedelta(seconds=3),
    ),
    make_job("Draft", JobState.COMPLETED, model_used="sketch", ago=timedelta(seconds=4)),
)


class Table:
    """A job view with its model and its covers."""

    def __init__(self, qtbot: QtBot, home: Path) -> None:
        self.background = BackgroundRunner("covers")
        self.home = Home(home).create_folders()
        self.model = JobTableModel()
        self.covers = CoverCache(self.home, self.background)
        self.view = JobView(JobProxy(self.model), self.covers)
        self.view.resize(1440, 316)
        qtbot.addWidget(self.view)
        self.model.upsert_jobs(JOBS)
        self.view.show()
        qtbot.waitExposed(self.view)

    def cell_center(self, row: int, column: Column) -> QPoint:
        return self.view.visualRect(self.view.model().index(row, column)).center()

    def point_from_right(self, row: int, distance: int) -> QPoint:
        cell = self.view.visualRect(self.view.model().index(row, Column.ACTIONS))
        return QPoint(cell.right() - distance, cell.center().y())


@pytest.fixture
def table(qtbot: QtBot, tmp_path: Path) -> Table:
    return Table(qtbot, tmp_path)


def _click(qtbot: QtBot, table: Table, point: QPoint) -> None:
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def _link_point(table: Table, row: int) -> QPoint:
    """Return the centre of the first link in a row's status cell."""
    cell = table.view.visualRect(table.view.model().index(row, Column.STATUS))
    index = table.view.model().index(row, Column.STATUS)
    layout = table.view._pointer._status_delegate.layout_cell(cell, index)
    return next(run.rect.center().toPoint() for run in layout.runs if run.link is not StatusLink.NONE)


@pytest.mark.parametrize(("row", "link"), [(1, StatusLink.SHOW_ERROR), (2, StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY)])
def test_click_on_a_status_link_emits_the_link_and_selects_the_row(
    table: Table, qtbot: QtBot, row: int, link: StatusLink
) -> None:
    with qtbot.waitSignal(table.view.link_clicked) as clicked:
        _click(qtbot, table, _link_point(table, row))
    assert clicked.args == [JOBS[row], link]
    assert table.view.selected_jobs() == [JOBS[row]]


def test_click_on_status_text_without_a_link_emits_no_link(table: Table, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(table.view.link_clicked):
        _click(qtbot, table, table.cell_center(0, Column.STATUS))


@pytest.mark.parametrize(
    ("row", "action"), [(0, ActionId.CANCEL), (1, ActionId.SEPARATE_AGAIN), (2, ActionId.SHOW_FILES)]
)
def test_row_button_requests_the_most_likely_action(table: Table, qtbot: QtBot, row: int, action: ActionId) -> None:
    with qtbot.waitSignal(table.view.action_requested) as requested:
        _click(qtbot, table, table.point_from_right(row, 52))
    assert requested.args == [JOBS[row], action]


def test_menu_button_opens_the_menu_and_selects_the_row(table: Table, qtbot: QtBot) -> None:
    with qtbot.waitSignal(table.view.menu_requested):
        _click(qtbot, table, table.point_from_right(1, 22))
    assert table.view.selected_jobs() == [JOBS[1]]


def test_menu_key_opens_the_menu_at_the_row(table: Table, qtbot: QtBot) -> None:
    table.view.select_job(JOBS[1].id)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    with qtbot.waitSignal(table.view.menu_requested) as requested:
        QApplication.sendEvent(table.view, event)
    assert requested.args is not None
    assert table.view.viewport().mapFromGlobal(requested.args[0]).y() >= metrics.ROW_HEIGHT


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_shift_f10_opens_the_menu_at_the_row_once(table: Table, qtbot: QtBot) -> None:
    table.view.select_job(JOBS[1].id)
    positions: list[QPoint] = []
    table.view.menu_requested.connect(positions.append)
    qtbot.keyClick(table.view, Qt.Key.Key_F10)
    assert not positions
    qtbot.keyClick(table.view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert len(positions) == 1
    assert table.view.viewport().mapFromGlobal(positions[0]).y() >= metrics.ROW_HEIGHT
    menu = QMenu(table.view)
    menu.addAction("Remove")
    menu.popup(positions[0])
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is menu)
    # Some systems also send a menu event for the same key.
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(table.view, event)
    menu.close()
    assert len(positions) == 1


def test_only_selection_by_the_user_emits_selection_changed_by_user(table: Table, qtbot: QtBot) -> None:
    changes: list[bool] = []
    table.view.selection_changed_by_user.connect(lambda: changes.append(True))
    table.view.select_job(JOBS[1].id)
    table.view.search("broken", JOBS[1].id)
    table.view.search("", JOBS[1].id)
    assert not changes
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    assert len(changes) == 1
    _click(qtbot, table, table.cell_center(0, Column.TITLE))
    assert len(changes) == 2
    _select(table, 2)
    assert len(changes) == 3


def test_return_opens_the_selected_song(table: Table, qtbot: QtBot) -> None:
    table.view.select_job(JOBS[2].id)
    with qtbot.waitSignal(table.view.job_opened) as opened:
        qtbot.keyClick(table.view, Qt.Key.Key_Return)
    assert opened.args == [JOBS[2]]


def test_current_job_is_emitted_once_per_row(table: Table, qtbot: QtBot) -> None:
    current_jobs: list[Job | None] = []
    table.view.current_job_changed.connect(current_jobs.append)
    table.view.select_job(JOBS[1].id)
    _click(qtbot, table, table.cell_center(1, Column.LENGTH))
    assert current_jobs == [JOBS[1]]


def _select(table: Table, row: int) -> None:
    """Select a row only through the selection model, as assistive technology does."""
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    table.view.selectionModel().select(table.view.model().index(row, Column.TITLE), flags)


def test_row_selected_by_assistive_technology_becomes_the_current_job(table: Table) -> None:
    current_jobs: list[Job | None] = []
    table.view.current_job_changed.connect(current_jobs.append)
    table.view.select_job(JOBS[0].id)
    _select(table, 2)
    _select(table, 1)
    assert current_jobs == [JOBS[0], JOBS[2], JOBS[1]]
    assert table.view.selected_jobs() == list(JOBS)  # the rows were added to the selection
    table.view.selectAll()
    assert len(current_jobs) == 3


def test_return_runs_the_action_of_the_current_cell(table: Table, qtbot: QtBot) -> None:
    def set_current_cell(row: int, column: Column) -> None:
        table.view.setCurrentIndex(table.view.model().index(row, column))

    set_current_cell(1, Column.STATUS)
    with qtbot.waitSignal(table.view.link_clicked) as clicked:
        qtbot.keyClick(table.view, Qt.Key.Key_Return)
    assert clicked.args == [JOBS[1], StatusLink.SHOW_ERROR]
    set_current_cell(1, Column.ACTIONS)
    with qtbot.waitSignal(table.view.menu_requested):
        qtbot.keyClick(table.view, Qt.Key.Key_Return)
    set_current_cell(0, Column.STATUS)
    with qtbot.waitSignal(table.view.job_opened):
        qtbot.keyClick(table.view, Qt.Key.Key_Return)


def test_current_cell_has_the_focus_ring_when_it_is_not_the_first(table: Table, qtbot: QtBot) -> None:
    table.view.activateWindow()
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    table.view.select_job(JOBS[1].id)
    qtbot.keyClick(table.view, Qt.Key.Key_Right)
    cell = table.view.visualRect(table.view.model().index(1, Column.LENGTH))
    image = table.view.viewport().grab().toImage()
    assert image.pixelColor(cell.center().x(), cell.top() + 1) == theme.colour(Colour.ACCENT)
    assert image.pixelColor(cell.right() + 30, cell.top() + 1) != theme.colour(Colour.ACCENT)


def test_inserted_and_changed_rows_keep_the_selection(table: Table) -> None:
    table.view.select_job(JOBS[1].id)
    table.model.upsert_jobs([make_job("Newest")])
    assert table.view.selected_jobs() == [JOBS[1]]
    table.model.upsert_jobs([replace(JOBS[1], title="Renamed")])
    assert [job.title for job in table.view.selected_jobs()] == ["Renamed"]


def test_row_below_a_removed_row_is_selected(table: Table) -> None:
    table.view.select_job(JOBS[0].id)
    table.model.remove_jobs([JOBS[0].id])
    assert table.view.selected_jobs() == [JOBS[1]]


def test_search_does_not_change_the_current_job(table: Table, qtbot: QtBot) -> None:
    table.view.select_job(JOBS[0].id)
    with qtbot.assertNotEmitted(table.view.current_job_changed):
        table.view.search("broken", JOBS[0].id)
    assert table.view.selected_jobs() == []
    with qtbot.assertNotEmitted(table.view.current_job_changed):
        table.view.search("", JOBS[0].id)
    assert table.view.selected_jobs() == [JOBS[0]]


def _titles(table: Table) -> list[str]:
    model = table.view.model()
    return [model.index(row, Column.TITLE).data() for row in range(model.rowCount())]


def test_header_sorts_ascending_then_descending_then_not_at_all(table: Table, qtbot: QtBot) -> None:
    header = table.view.horizontalHeader()
    point = QPoint(header.sectionViewportPosition(Column.TITLE) + 30, 16)
    orders = [_titles(table)]
    for _ in range(3):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=point)
        orders.append(_titles(table))
    assert orders[0] == ["Waiting", "Broken", "Draft"]
    assert orders[1] == ["Broken", "Draft", "Waiting"]
    assert orders[2] == ["Waiting", "Draft", "Broken"]
    assert orders[3] == orders[0]


def test_songs_can_be_sorted_by_artist_without_an_artist_column(table: Table) -> None:
    table.model.upsert_jobs(
        [replace(JOBS[0], artist="Zed"), replace(JOBS[1], artist="Abba"), replace(JOBS[2], artist="Mo")]
    )
    menu = table.view.horizontalHeader().build_sort_menu()
    next(action for action in menu.actions() if action.text() == "By artist").trigger()
    assert _titles(table) == ["Broken", "Draft", "Waiting"]


def test_current_row_has_a_focus_ring(table: Table, qtbot: QtBot) -> None:
    table.view.activateWindow()
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    qtbot.keyClick(table.view, Qt.Key.Key_Down)
    image = table.view.viewport().grab().toImage()
    assert image.pixelColor(700, 1) == theme.colour(Colour.ACCENT)
    assert table.view.selected_jobs() == [JOBS[0]]


def test_search_without_a_match_shows_a_message(table: Table) -> None:
    before = table.view.viewport().grab().toImage()
    table.view.search("nothing like it", None)
    assert table.view.model().rowCount() == 0
    assert table.view.viewport().grab().toImage() != before


def test_cover_is_drawn_after_it_was_read(table: Table, qtbot: QtBot) -> None:
    job = make_job("With a cover", position=2)
    folder = table.home.job_folder(job.id)
    folder.root.mkdir(parents=True)
    cover = QImage(300, 200, QImage.Format.Format_RGB32)
    cover.fill(QColor("#00ff00"))
    assert cover.save(str(folder.cover), "PNG")
    with qtbot.waitSignal(table.covers.cover_loaded):
        table.model.upsert_jobs([job])
        table.view.viewport().repaint()
    y = table.cell_center(1, Column.TITLE).y()
    assert table.view.viewport().grab().toImage().pixelColor(30, y) == QColor("#00ff00")
    table.background.close()


def test_placeholder_covers_of_songs_without_tags_differ_by_title(table: Table) -> None:
    takes = [make_job(f"take {n}", artist="", album="", position=2) for n in range(20)]
    colours = {placeholder_brush(job, QRectF(0, 0, 36, 36)).gradient().stops()[0][1].name() for job in takes}
    assert len(colours) > 5
    assert placeholder_brush(takes[0], QRectF(0, 0, 36, 36)) == placeholder_brush(takes[0], QRectF(0, 0, 36, 36))


@pytest.mark.parametrize("data", [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff"])
def test_damaged_or_missing_cover_is_a_null_image(qtbot: QtBot, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cover"
    path.write_bytes(data)
    assert read_cover(path).isNull()
    assert read_cover(tmp_path / "missing").isNull()


def test_only_rows_in_view_are_painted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    tops: set[int] = set()

    def recording_content_rect(cell: QRect, column: int) -> QRectF:
        tops.add(cell.top())
        return content_rect(cell, column)

    monkeypatch.setattr("desktop.ui.pages.library.delegates.content_rect", recording_content_rect)
    table.model.upsert_jobs([make_job(f"Song {n}", JobState.FAILED, error=verbatim("word " * 30)) for n in range(500)])
    table.view.resize(1920, 1080)
    table.view.viewport().repaint()
    assert tops == set(range(0, table.view.viewport().height(), metrics.ROW_HEIGHT))


def test_menu_emits_the_triggered_item(qtbot: QtBot) -> None:
    menu = JobMenu([MenuItem("Cancel", ActionId.CANCEL), None, MenuItem("Remove", ActionId.REMOVE)])
    qtbot.addWidget(menu)
    triggered: list[object] = []
    menu.triggered.connect(lambda action: triggered.append(action.data()))
    menu.actions()[2].trigger()
    assert triggered == [MenuItem("Remove", ActionId.REMOVE)]


def test_invalid_index_has_no_job(table: Table) -> None:
    proxy = table.view.model()
    assert proxy.job_at(QModelIndex()) is None  # type: ignore[attr-defined]
