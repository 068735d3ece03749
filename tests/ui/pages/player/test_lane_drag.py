"""Finished stems are dragged out of their lanes, as copies of their files: one, the selected ones, or all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_drag import LaneDrag, _run_drag
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.widgets.label import EditableLabel
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support")
NO_KEYS, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return write_completed_job(tmp_path / "stems")


@pytest.fixture
def dragged(panel: PlayerPanel) -> list[list[Path]]:
    """The files of each drag that begins; where it ends is not up to the app."""
    drags: list[list[Path]] = []

    def run(drag: QDrag) -> None:
        drags.append([Path(url.toLocalFile()) for url in drag.mimeData().urls()])
        drag.deleteLater()

    (lane_drag,) = panel.findChildren(LaneDrag)
    lane_drag._run = run
    return drags


def _headers(panel: PlayerPanel) -> list[LaneHeader]:
    return [header for header in panel.findChildren(LaneHeader) if header.isVisible()]


def _drag_from(handle: QWidget, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Press the left button in the middle of `handle`, and move further than a click shakes."""
    start = handle.rect().center()
    end = start + QPoint(QApplication.startDragDistance() + 5, 3)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, keys, start)
    left = Qt.MouseButton.LeftButton  # QTest.mouseMove holds no button and no key
    position = QPointF(handle.mapToGlobal(end))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(end), position, Qt.MouseButton.NoButton, left, keys)
    QApplication.sendEvent(handle, event)
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, keys, end)


def _click(handle: QWidget, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, keys, handle.rect().center())


def _files(job: Job, lanes: Sequence[int] = range(4)) -> list[Path]:
    stems = job.sorted_stems()
    return [stems[lane].path for lane in lanes if lane < len(stems)]


def test_stem_is_dragged_by_its_icon_and_by_its_name(panel: PlayerPanel, job: Job, dragged: list[list[Path]]) -> None:
    for handle in _headers(panel)[1].drag_handles:
        _drag_from(handle)
    assert dragged == [_files(job, [1])] * 2
    assert all(path.is_file() for path in dragged[0])


def test_shift_drags_all_stems(panel: PlayerPanel, job: Job, dragged: list[list[Path]]) -> None:
    _drag_from(_headers(panel)[1].drag_handles[0], SHIFT)
    assert dragged == [_files(job)]


def test_lanes_that_ctrl_click_selects_are_dragged_together(
    panel: PlayerPanel, job: Job, dragged: list[list[Path]]
) -> None:
    headers = _headers(panel)
    (lane_drag,) = panel.findChildren(LaneDrag)
    before = headers[0].grab().toImage()
    for lane in (1, 0):
        _click(headers[lane].drag_handles[1], CTRL)
    assert lane_drag.selected_lanes == {0, 1}
    assert headers[0].grab().toImage() != before  # it shows that it is selected
    _drag_from(headers[1].drag_handles[0])
    assert dragged.pop() == _files(job, [0, 1])
    _click(headers[1].drag_handles[1], CTRL)
    assert lane_drag.selected_lanes == {0}
    _drag_from(headers[1].drag_handles[0])
    assert dragged.pop() == _files(job, [1])  # not one of the selected ones
    _drag_from(headers[1].drag_handles[0], CTRL)
    assert dragged.pop() == _files(job, [0, 1])
    _click(headers[1].drag_handles[0])
    assert lane_drag.selected_lanes == frozenset()
    assert headers[0].grab().toImage() == before


def test_click_drags_nothing_and_double_click_renames_the_lane(
    panel: PlayerPanel, dragged: list[list[Path]], qtbot: QtBot
) -> None:
    name = _headers(panel)[0].findChild(EditableLabel)
    assert name is not None
    qtbot.mouseClick(name, Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(name, Qt.MouseButton.LeftButton)
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    assert dragged == []


def test_files_are_offered_as_copies_only(
    panel: PlayerPanel, dragged: list[list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file manager to which a move is offered could take the stem out of the library."""
    actions: list[object] = []
    monkeypatch.setattr(QDrag, "exec", lambda _, *offered: actions.append(offered))
    (lane_drag,) = panel.findChildren(LaneDrag)
    lane_drag._run = _run_drag
    _drag_from(_headers(panel)[0].drag_handles[0], SHIFT)
    assert actions == [(Qt.DropAction.CopyAction,)]


def test_update_of_the_same_song_keeps_the_selection(panel: PlayerPanel, job: Job) -> None:
    (lane_drag,) = panel.findChildren(LaneDrag)
    _click(_headers(panel)[1].drag_handles[0], CTRL)
    panel.show_job(replace(job, tempo_bpm=120.0))
    assert lane_drag.selected_lanes == {1}


def test_missing_stem_cannot_be_dragged(panel: PlayerPanel, job: Job, dragged: list[list[Path]]) -> None:
    _files(job)[0].unlink()
    _drag_from(_headers(panel)[0].drag_handles[0])
    assert dragged == []
    _drag_from(_headers(panel)[0].drag_handles[0], SHIFT)
    assert dragged == [_files(job)[1:]]


def test_unfinished_song_has_nothing_to_drag(panel: PlayerPanel, job: Job, dragged: list[list[Path]]) -> None:
    badge = _headers(panel)[0].drag_handles[0]
    assert badge.toolTip()
    (lane_drag,) = panel.findChildren(LaneDrag)
    lane_drag.set_lanes(_headers(panel), ())
    _drag_from(badge)
    assert dragged == []
    assert not badge.toolTip()
    panel.show_job(make_job())
    assert lane_drag.selected_lanes == frozenset()


def test_selection_ends_with_the_song(
    panel: PlayerPanel, job: Job, controller: PlayerController, tmp_path: Path, qtbot: QtBot
) -> None:
    (lane_drag,) = panel.findChildren(LaneDrag)
    _click(_headers(panel)[0].drag_handles[0], CTRL)
    assert lane_drag.selected_lanes == {0}
    other = replace(write_completed_job(tmp_path / "other"), id="00000000-0000-4000-8000-000000000000")
    panel.show_job(other)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert lane_drag.selected_lanes == frozenset()
