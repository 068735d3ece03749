"""The main window on a real library."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.models.store import ModelStore
from desktop.playback.mix import Master
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MINIMUM_SIZE, MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.dialogs.failure_details import FailureDetailsDialog, RefusedFilesDialog
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.menu import JobMenu, build_menu_items
from desktop.ui.pages.library.status import StatusLink
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.theme import metrics
from tests.helpers.engines import write_tiny_htdemucs
from tests.helpers.jobs import make_job
from tests.helpers.shared import FIXTURES
from tests.helpers.stems import write_completed_job, write_library_job
from tests.helpers.window import WindowHarness, add_separated_song, event_loop_gaps, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
FORMATS = FIXTURES / "formats"


def _write_tracks(folder: Path, count: int) -> list[Path]:
    """Write short tracks with different content: each has its own bytes after the last frame."""
    source = next(path for path in sorted(FORMATS.glob("*.wav"))).read_bytes()
    folder.mkdir(exist_ok=True)
    tracks = [folder / f"song {number:03}.wav" for number in range(count)]
    for track in tracks:
        track.write_bytes(source + f"{track}".encode())
    return tracks


def _notice_text(window: MainWindow) -> str:
    return " | ".join(notice.text for notice in window.notices.notices)


def _mime(paths: list[Path]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def _titles(window: MainWindow) -> list[str]:
    proxy = window.library.proxy
    return [proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount())]


def _button(window: QWidget, name: str) -> QPushButton:
    return next(b for b in window.findChildren(QPushButton) if b.accessibleName() == name and b.isVisibleTo(window))


def test_empty_library_shows_the_empty_state(window: MainWindow) -> None:
    assert window.pages.currentWidget() is window.empty_state
    assert not window.player_panel.isVisible()


def test_library_with_jobs_shows_table_and_player(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.store.insert(make_job("Night Drive"))
    window = open_window(setting, qtbot)
    assert window.job_view.isVisible()
    assert window.player_panel.isVisible()
    assert _titles(window) == ["Night Drive"]


def test_dropped_files_and_folders_become_jobs(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    tracks = _write_tracks(tmp_path / "album", 2)
    single = _write_tracks(tmp_path / "single", 1)
    data = _mime([single[0], tmp_path / "album"])
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(700, 400), actions, data, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert enter.dropAction() is Qt.DropAction.CopyAction
    drop = QDropEvent(QPointF(700, 400), actions, data, buttons, keys)
    QApplication.sendEvent(window, drop)
    assert drop.dropAction() is Qt.DropAction.CopyAction
    qtbot.waitUntil(lambda: len(_titles(window)) == 3)
    assert all(path.exists() for path in (*tracks, *single))
    assert len(setting.queue.jobs) == 3
    assert window.pages.currentWidget() is not window.empty_state
    qtbot.waitUntil(
        lambda: window.player_panel.job is not None and window.player_panel.job.id == setting.queue.jobs[0].id
    )


def test_dragged_text_is_not_accepted(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("hello")
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(window, event)
    assert not event.isAccepted()


def test_pasted_files_become_jobs(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    QGuiApplication.clipboard().setMimeData(_mime(_write_tracks(tmp_path / "album", 2)))
    qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(_titles(window)) == 2)


def test_pasting_without_files_shows_a_notice(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("hello")
    window.registry.run(ActionId.PASTE)
    assert "no files on the clipboard" in _notice_text(window)


def test_notice_counts_files_skipped_in_an_added_folder(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tracks = _write_tracks(tmp_path / "album", 1)
    for name in ("a.mid", "b.zip", "cover.jpg", "Thumbs.db"):
        (tracks[0].parent / name).touch()
    window.add_tracks([tmp_path / "album"])
    qtbot.waitUntil(lambda: "2 other files in album were left out (.mid, .zip)." in _notice_text(window))
    qtbot.waitUntil(lambda: window.player_panel.job is not None)


def test_rejected_files_share_one_notice_with_details(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder").mkdir()
    window.add_tracks(
        [tmp_path / "missing.mp3", tmp_path / "empty.wav", tmp_path / "folder", *_write_tracks(tmp_path / "a", 1)]
    )
    qtbot.waitUntil(lambda: "3 files could not be added: missing.mp3, empty.wav, folder." in _notice_text(window))
    qtbot.waitUntil(lambda: window.player_panel.job is not None)
    qtbot.mouseClick(_button(window.notices, "Details"), Qt.MouseButton.LeftButton)
    dialog = window.findChild(RefusedFilesDialog)
    assert isinstance(dialog, RefusedFilesDialog)
    assert "empty.wav is empty (0 bytes)" in dialog.text_view.toPlainText()
    dialog.copy_all()
    assert "missing.mp3" in QGuiApplication.clipboard().text()
    dialog.close()


def test_single_rejected_file_is_reported_with_its_reason(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.add_tracks([tmp_path / "missing.mp3"])
    qtbot.waitUntil(lambda: "missing.mp3 was not found" in _notice_text(window))
    assert window.pages.currentWidget() is window.empty_state


@pytest.mark.alone
def test_adding_500_files_keeps_the_window_responsive(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tracks = _write_tracks(tmp_path / "many", 500)
    window.add_tracks(_write_tracks(tmp_path / "one", 1))  # the first job builds the player's lanes, which happens once
    qtbot.waitUntil(lambda: window.player_panel.job is not None)
    with event_loop_gaps(window) as gaps:
        window.add_tracks(tracks)
        assert len(_titles(window)) == 1  # the files are read in the background
        qtbot.waitUntil(lambda: len(_titles(window)) == 501)
    assert max(gaps) < 0.5, sorted(gaps)[-5:]


def test_window_closes_without_waiting_for_files_that_are_still_to_be_added(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(setting, qtbot)
    window.add_tracks(_write_tracks(tmp_path / "many", 300))
    window.close()
    assert len(setting.store.jobs()) < 300


def test_demo_song_is_added_by_one_click_and_plays_once_it_is_separated(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(_button(window.empty_state, "Try the demo song"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.player_panel.job is not None)
    assert window.player_panel.job is not None
    completed = write_completed_job(window._home.job_folder(window.player_panel.job.id).result_folder(1))
    signals: list[str] = []
    window.player.playing_changed.connect(lambda playing: signals.append("playing") if playing else None)
    window.player.notice.connect(signals.append)  # without a sound device
    window.player_panel.show_job(replace(completed, id=window.player_panel.job.id))
    qtbot.waitUntil(lambda: bool(signals))


def test_empty_state_has_one_primary_button_and_folders_can_be_added(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons = [button for button in window.findChildren(QPushButton) if button.isVisible()]
    assert [b.text().strip() for b in buttons if b.property("kind") == "primary"] == ["Add songs…"]
    _write_tracks(tmp_path / "album", 2)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "album"))
    qtbot.mouseClick(_button(window.empty_state, "Add folder…"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(_titles(window)) == 2)
    assert window.top_bar.add_button.isVisible()
    for number, add_folder in enumerate(
        (window.top_bar.add_folder_button.click, window.registry.qt_action(ActionId.ADD_FOLDER).trigger)
    ):
        _write_tracks(tmp_path / f"more {number}", 1)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, n=number: str(tmp_path / f"more {n}"))
        add_folder()
        qtbot.waitUntil(lambda n=number: len(_titles(window)) == 3 + n)


def _select(window: MainWindow, qtbot: QtBot, job: Job) -> None:
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player_panel.job is not None and window.player_panel.job.id == job.id)


def test_cancel_action_cancels_a_pending_job(setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.store.insert(make_job("Night Drive"))
    window = open_window(setting, qtbot)
    window.job_view.action_requested.emit(job, ActionId.CANCEL)
    qtbot.waitUntil(lambda: "Cancelled" in window.library.proxy.index(0, Column.STATUS).data())


def test_failed_job_shows_its_error_and_can_be_retried(setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.store.insert(
        make_job("Broken", JobState.FAILED, error=verbatim("The file is damaged: its index is missing."))
    )
    (setting.home.logs / "worker.log").write_text(f"old line\nWARNING {job.id} failed: no index\n")
    window = open_window(setting, qtbot)
    assert "its index is missing" in window.library.proxy.index(0, Column.STATUS).data()
    window.job_view.link_clicked.emit(job, StatusLink.SHOW_ERROR)
    details = window.findChild(FailureDetailsDialog)
    assert isinstance(details, FailureDetailsDialog)
    assert "no index" in details.text_view.toPlainText()
    assert "old line" not in details.text_view.toPlainText()
    details.close()
    window.job_view.action_requested.emit(job, ActionId.SEPARATE_AGAIN)
    qtbot.waitUntil(lambda: setting.service.job(job.id).state is JobState.PENDING)
    qtbot.waitUntil(lambda: "Up next" in window.library.proxy.index(0, Column.STATUS).data())


def test_finished_batch_shows_a_notice_whose_button_filters_failed_jobs(setting: WindowHarness, qtbot: QtBot) -> None:
    titles = ["one", "two", "three", "The failed state"]
    jobs = {title: setting.store.insert(make_job(title)) for title in titles}
    window = open_window(setting, qtbot)
    for title, job in jobs.items():
        claimed = setting.store.ownership.claim(job.id)
        assert claimed is not None
        if title == "two":
            setting.store.ownership.fail(claimed, verbatim("two.mp3 is not an audio file."), 1.0)
        else:
            setting.store.ownership.complete(claimed, (), ())
        setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: _notice_text(window) == "3 songs done, 1 failed.")
    qtbot.mouseClick(_button(window.notices, "Show failed"), Qt.MouseButton.LeftButton)
    assert sorted(_titles(window)) == ["The failed state", "two"]
    assert window.top_bar.search_field.text() == "failed"
    failed = window.library.proxy.index_of(jobs["two"].id)
    assert failed.siblingAtColumn(Column.STATUS).data() == "Failed: two.mp3 is not an audio file. Details"
    assert failed.siblingAtColumn(Column.MODEL).data() == ""
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert len(_titles(window)) == 4


def test_link_of_a_draft_separates_it_again_with_the_requested_model(setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.store.insert(make_job("Night Drive", JobState.COMPLETED, model="htdemucs_ft", model_used="sketch"))
    window = open_window(setting, qtbot)
    window.job_view.link_clicked.emit(job, StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY)
    qtbot.waitUntil(lambda: [queued.options.model for queued in setting.queue.jobs] == ["htdemucs_ft"])


def test_sketch_fallback_notice_offers_to_separate_again(setting: WindowHarness, qtbot: QtBot) -> None:
    job = setting.store.insert(make_job("Night Drive"))
    window = open_window(setting, qtbot)
    claimed = setting.store.ownership.claim(job.id)
    assert claimed is not None
    setting.store.ownership.record_details(claimed, model_used="sketch")
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: window.library.table_model.job_at_row(0).state is JobState.PROCESSING)
    assert setting.store.ownership.complete(claimed, (), (), seconds=1.0)
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: "draft quality: HT Demucs is not on this computer" in _notice_text(window))
    qtbot.mouseClick(_button(window.notices, "Separate again with HT Demucs"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: setting.service.job(job.id).state is JobState.PENDING)


def test_sketch_fallback_notice_counts_existing_jobs_and_starts_over_after_dismissal(
    window: MainWindow,
) -> None:
    jobs = window.library.table_model
    drafts = [make_job(title, JobState.COMPLETED, model_used="sketch") for title in ("One", "Two", "Three")]
    jobs.upsert_jobs(drafts)
    for draft in drafts[:2]:
        jobs.sketch_fallback_completed.emit(draft)
    assert "2 songs were separated with Sketch" in _notice_text(window)
    jobs.remove_jobs([drafts[0].id])
    assert "“Two” was separated with Sketch" in _notice_text(window)
    jobs.remove_jobs([drafts[1].id])
    assert "Sketch" not in _notice_text(window)
    jobs.upsert_jobs(drafts)
    jobs.sketch_fallback_completed.emit(drafts[0])
    _button(window.notices, "Dismiss").click()
    jobs.sketch_fallback_completed.emit(drafts[2])
    assert "“Three” was separated with Sketch" in _notice_text(window)


def test_backend_trouble_notice_is_shown_and_removed(window: MainWindow, setting: WindowHarness) -> None:
    setting.feed.trouble_changed.emit("Redis has ended.")
    assert _notice_text(window) == "Redis has ended."
    setting.feed.trouble_changed.emit("")
    assert _notice_text(window) == ""


def test_jobs_added_or_removed_by_other_processes_update_the_table(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    job = setting.store.insert(make_job("From the terminal"))
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: _titles(window) == ["From the terminal"])
    setting.store.move_to_bin([job.id])
    setting.feed.events_missed.emit()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.empty_state)


def test_selected_job_is_loaded_and_controlled_by_keys(setting: WindowHarness, qtbot: QtBot) -> None:
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    _select(window, qtbot, job)
    qtbot.waitUntil(lambda: window.player.is_ready)
    qtbot.keyClick(window, Qt.Key.Key_2)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    assert window.player.mix.lane_mix(1).mute
    assert window.player.mix.lane_mix(0).solo
    qtbot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert window.player.position > 0
    qtbot.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert window.player.position == 0


def test_song_is_as_it_was_left_when_the_window_opens_again(setting: WindowHarness, qtbot: QtBot) -> None:
    job = add_separated_song(setting)
    first_window = open_window(setting, qtbot)
    _select(first_window, qtbot, job)
    qtbot.waitUntil(lambda: first_window.player.is_ready)
    qtbot.keyClick(first_window, Qt.Key.Key_2)
    first_window.player.seek_to_seconds(1.5)
    first_window.close()
    second_window = open_window(setting, qtbot)
    _select(second_window, qtbot, job)
    qtbot.waitUntil(lambda: second_window.player.is_ready)
    assert second_window.player.mix.lane_mix(1).mute
    assert second_window.player.position_seconds == pytest.approx(1.5)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_actions_menu_of_the_player_applies_to_the_job_it_was_opened_for(setting: WindowHarness, qtbot: QtBot) -> None:
    running, other = setting.store.insert(make_job("Night Drive")), setting.store.insert(make_job("Other"))
    window = open_window(setting, qtbot)
    _select(window, qtbot, running)
    actions_button = _button(window.player_panel, "Actions for Night Drive")
    actions_button.setFocus()
    qtbot.keyClick(actions_button, Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, JobMenu)
    window.job_view.select_job(other.id)
    next(action for action in menu.actions() if action.text() == "Cancel").trigger()
    menu.close()
    qtbot.waitUntil(lambda: setting.service.job(running.id).state is JobState.CANCELLED)
    assert setting.service.job(other.id).state is JobState.PENDING


@pytest.mark.parametrize("filtered_by", ["search", "status"])
def test_job_that_no_longer_matches_the_search_stays_in_the_player(
    setting: WindowHarness, qtbot: QtBot, filtered_by: str
) -> None:
    for title in ("one", "two", "three"):
        setting.store.insert(make_job(title, JobState.CANCELLED))
    window = open_window(setting, qtbot)
    window.top_bar.search_for("" if filtered_by == "search" else "cancelled")
    job = next(job for job in window.library.table_model.jobs if job.title == "two")
    _select(window, qtbot, job)
    if filtered_by == "search":
        window.top_bar.search_for("one")
    else:
        window.library.commands.separate_again([job])
    qtbot.waitUntil(lambda: "two" not in _titles(window))
    assert window.player_panel.job is not None
    assert window.player_panel.job.id == job.id
    assert window.job_view.selected_jobs() == []
    window.top_bar.search_for("")
    assert [selected.id for selected in window.job_view.selected_jobs()] == [job.id]


def test_job_removed_by_another_process_leaves_the_player(setting: WindowHarness, qtbot: QtBot) -> None:
    jobs = [setting.store.insert(make_job(title, JobState.CANCELLED)) for title in ("one", "two")]
    window = open_window(setting, qtbot)
    _select(window, qtbot, jobs[0])
    setting.store.move_to_bin([jobs[0].id])
    setting.feed.job_changed.emit(jobs[0].id)
    qtbot.waitUntil(lambda: window.player_panel.job is None or window.player_panel.job.id == jobs[1].id)


def test_player_buttons_pause_cancel_and_explain_a_failure(setting: WindowHarness, qtbot: QtBot) -> None:
    waiting = setting.store.insert(make_job("Night Drive"))
    failed = setting.store.insert(make_job("Broken", JobState.FAILED, error=verbatim("The file is damaged.")))
    window = open_window(setting, qtbot)
    _select(window, qtbot, waiting)
    pause = _button(window.player_panel, "Pause")
    pause.setFocus()
    qtbot.keyClick(pause, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: setting.service.job(waiting.id).paused)
    qtbot.waitUntil(lambda: window.focusWidget().accessibleName() == "Resume")
    qtbot.mouseClick(_button(window.player_panel, "Cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: setting.service.job(waiting.id).state is JobState.CANCELLED)
    _select(window, qtbot, failed)
    qtbot.mouseClick(_button(window.player_panel, "Why it failed"), Qt.MouseButton.LeftButton)
    details = window.findChild(FailureDetailsDialog)
    assert isinstance(details, FailureDetailsDialog)
    details.close()


def test_keys_typed_in_the_search_field_trigger_no_shortcuts(setting: WindowHarness, qtbot: QtBot) -> None:
    for title in ("Night Drive 1", "Other"):
        setting.store.insert(make_job(title, source=Path("x.wav"), state=JobState.CANCELLED))
    window = open_window(setting, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(window.top_bar.search_field, "drive 1")
    assert window.top_bar.search_field.text() == "drive 1"
    qtbot.waitUntil(lambda: _titles(window) == ["Night Drive 1"])
    qtbot.keyClick(window.top_bar.search_field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(_titles(window)) == 2)


def test_arrow_keys_move_the_selection_of_the_table(setting: WindowHarness, qtbot: QtBot) -> None:
    for title in ("one", "two"):
        setting.store.insert(make_job(title))
    window = open_window(setting, qtbot)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Down)
    qtbot.keyClick(window.job_view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: [job.title for job in window.job_view.selected_jobs()] == ["two"])


def test_window_state_is_restored(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.store.insert(make_job())
    size = QSize(1024, 720)  # the offscreen screen is small, and Qt restores no window larger than its screen
    first_window = open_window(setting, qtbot, size)
    first_window.splitter.moveSplitter(300, 1)
    sizes = first_window.splitter.sizes()
    first_window.player.mix.set_master_db(-6.0)
    first_window.player.mix.set_limiter(True)
    first_window.top_bar.model_selected.emit("sketch")
    first_window.close()
    second_window = setting.create_window()
    qtbot.addWidget(second_window)
    second_window.show()
    qtbot.waitExposed(second_window)
    assert second_window.size() == size
    assert second_window.selected_model == "sketch"
    assert second_window.player.mix.master == Master(-6.0, has_limiter=True)
    qtbot.waitUntil(lambda: second_window.job_view.isVisible())
    assert second_window.splitter.sizes() == sizes


def test_added_tracks_use_the_selected_model(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    window.top_bar.model_selected.emit("htdemucs_6s")
    window.add_tracks(_write_tracks(tmp_path / "a", 1))
    qtbot.waitUntil(lambda: [job.options.model for job in setting.queue.jobs] == ["htdemucs_6s"])


def test_menus_follow_models_that_another_process_imports_or_removes(
    setting: WindowHarness, qtbot: QtBot, tmp_path: Path
) -> None:
    job = setting.store.insert(make_job("done", JobState.CANCELLED))
    window = open_window(setting, qtbot)
    _select(window, qtbot, job)
    qtbot.waitUntil(lambda: bool(window.library.models))
    model_store = ModelStore(setting.home)

    def model_menu_texts() -> list[str]:
        submenus = [entry for entry in build_menu_items([job], window._job_actions._models) if entry and entry.submenu]
        assert [model.title for model in window.library.models] == [item.text for item in submenus[0].submenu]
        return [action.text().partition("\t")[0] for action in window.top_bar.model_button.menu().actions()]

    assert "mine" not in model_menu_texts()
    model_store.import_file(write_tiny_htdemucs(tmp_path / "mine.th"))
    qtbot.waitUntil(lambda: "mine" in model_menu_texts())
    model_store.remove("mine")
    qtbot.waitUntil(lambda: "mine" not in model_menu_texts())


@pytest.mark.parametrize("stems", [4, 6])
@pytest.mark.parametrize("size", [QSize(*MINIMUM_SIZE), QSize(1276, 680), QSize(1366, 690)])
def test_all_lanes_are_visible_below_the_table_in_a_low_window(
    setting: WindowHarness, qtbot: QtBot, size: QSize, stems: int
) -> None:
    job = setting.store.insert(write_library_job(setting.home, stem_count=stems))
    window = open_window(setting, qtbot, size)
    _select(window, qtbot, job)
    qtbot.waitUntil(lambda: window.player.is_ready)
    lanes = window.player_panel.findChildren(LaneHeader)
    assert len(lanes) == stems
    assert window.size() == size
    assert window.job_view.viewport().height() >= 3 * metrics.ROW_HEIGHT
    kinds = (QAbstractButton, QAbstractSlider)
    controls = [control for lane in lanes for kind in kinds for control in (lane, *lane.findChildren(kind))]
    # Headers with one row hide the controls that need a second one.
    qtbot.waitUntil(
        lambda: all(
            control.isHidden() or control.visibleRegion().boundingRect() == control.rect() for control in controls
        )
    )


def test_splitter_keeps_the_position_set_by_the_user(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.store.insert(make_job())
    window = open_window(setting, qtbot, QSize(1440, 900))
    window.splitter.moveSplitter(200, 1)
    assert window.splitter.sizes()[0] == 200
    window.resize(1440, 760)
    window.resize(1440, 900)
    assert abs(window.splitter.sizes()[0] - 200) <= 2


@pytest.mark.parametrize("size", [QSize(*MINIMUM_SIZE), QSize(1440, 900), QSize(3840, 2160)])
def test_top_bar_widgets_stay_inside_the_window(setting: WindowHarness, qtbot: QtBot, size: QSize) -> None:
    setting.store.insert(make_job("W" * 300, artist="M" * 300))
    window = open_window(setting, qtbot, size)
    window.notices.show_text("A very long sentence that goes on and on. " * 8)
    qtbot.waitUntil(lambda: window.size() == size)
    for widget in window.top_bar.findChildren(QWidget):
        if widget.isVisible() and widget.parentWidget() is window.top_bar:
            assert window.top_bar.rect().contains(widget.geometry()), widget


def test_every_control_has_an_accessible_name_and_a_tab_stop(setting: WindowHarness, qtbot: QtBot) -> None:
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    _select(window, qtbot, job)
    kinds = (QAbstractButton, QLineEdit, QAbstractSlider)
    controls = [w for w in window.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible()]
    assert len(controls) > 10
    for control in controls:
        if control.objectName().startswith("qt_") or type(control).__name__ in ("QScrollBar", "QToolButton"):
            continue
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control
    assert window.job_view.accessibleName() == "Songs"


def test_ctrl_q_closes_the_window(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_void_calls_keep_the_reference_count_of_none(window: MainWindow) -> None:
    """PySide6 6.12 on Python 3.11 loses one reference per call, and aborts after some thousands of calls."""
    import sys

    count_before = sys.getrefcount(None)
    for _ in range(500):
        window.setWindowTitle("Unbraid")
    assert sys.getrefcount(None) > count_before - 100


def test_pause_button_pauses_and_resumes_the_queue(
    setting: WindowHarness, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    assert window.top_bar.pause_button.isHidden()
    window.add_tracks(_write_tracks(tmp_path / "two", 2))
    qtbot.waitUntil(lambda: window.top_bar.pause_button.isVisible() and len(setting.queue.jobs) == 2)
    with qtbot.waitSignal(window.library.refresher.queue_paused_changed):
        qtbot.mouseClick(window.top_bar.pause_button, Qt.MouseButton.LeftButton)
    assert setting.service.is_queue_paused()
    assert window.top_bar.pause_button.text() == "Resume"
    with qtbot.waitSignal(window.library.refresher.queue_paused_changed):
        qtbot.mouseClick(window.top_bar.pause_button, Qt.MouseButton.LeftButton)
    assert not setting.service.is_queue_paused()
    assert [job.source.name for job in setting.queue.jobs] == ["song 000.wav", "song 001.wav"]


def test_window_opened_on_a_paused_queue_offers_resume(setting: WindowHarness, qtbot: QtBot) -> None:
    setting.service.pause_queue()
    window = open_window(setting, qtbot)
    assert (window.top_bar.pause_button.isVisible(), window.top_bar.pause_button.text()) == (True, "Resume")
