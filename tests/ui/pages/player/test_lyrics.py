"""Lyrics beside the lanes: shown, followed, edited and timed by ear."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.lyrics.lines import LyricLine
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.pages.player import lyrics_list
from desktop.ui.pages.player.lyrics_list import text_direction
from desktop.ui.pages.player.lyrics_panel import LyricsPanel
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
LRC = "[00:00.20]First line\n[00:00.50]Second line\n(ooh)\n[00:01.00]Third line\n"
LINES = (LyricLine("First line", 0.2), LyricLine("Second line", 0.5), LyricLine("(ooh)"), LyricLine("Third line", 1.0))


@pytest.fixture
def with_lyrics(setting: WindowHarness) -> Job:
    job = add_separated_song(setting, title="With lyrics")
    setting.home.job_folder(job.id).lyrics.write_text(LRC)
    return job


@pytest.fixture
def without_lyrics(setting: WindowHarness) -> Job:
    return add_separated_song(setting, title="Without lyrics")


@pytest.fixture
def window(setting: WindowHarness, qtbot: QtBot) -> Iterator[MainWindow]:
    created = open_window(setting, qtbot)
    yield created
    created.close()


def open_player(qtbot: QtBot, window: MainWindow, job: Job) -> LyricsPanel:
    """Show the Player page with a song that is loaded and whose lyrics have been looked for."""
    show_song(qtbot, window, job)
    window.navigation.show_player()
    panel = window.player_panel.lyrics
    qtbot.waitUntil(lambda: panel.controls.is_loaded)
    return panel


def show_song(qtbot: QtBot, window: MainWindow, job: Job) -> None:
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player_panel.job is not None and window.player_panel.job.id == job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)


def middle_row(panel: LyricsPanel) -> int:
    return panel.list.indexAt(panel.list.viewport().rect().center()).row()


def test_lyrics_are_shown_on_the_player_page_only(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    assert panel.isVisible()
    assert panel.list.isVisible()
    assert panel.controls.lines == LINES
    assert window.player_panel.page_header.lyrics_button.isChecked()
    window.navigation.show_library()
    assert not panel.isVisible()


def test_song_without_lyrics_shows_none_until_the_user_asks_for_them(
    qtbot: QtBot, without_lyrics: Job, with_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    assert not panel.isVisible()
    window.registry.qt_action(ActionId.SHOW_LYRICS).trigger()
    assert panel.no_lyrics.isVisible()
    show_song(qtbot, window, with_lyrics)
    qtbot.waitUntil(panel.list.isVisible)
    show_song(qtbot, window, without_lyrics)
    qtbot.waitUntil(lambda: panel.controls.is_loaded)
    assert not panel.isVisible()


def test_hidden_lyrics_stay_hidden_in_the_next_window(
    qtbot: QtBot, with_lyrics: Job, setting: WindowHarness, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    qtbot.mouseClick(window.player_panel.page_header.lyrics_button, Qt.MouseButton.LeftButton)
    assert not panel.isVisible()
    assert not window.player_panel.page_header.lyrics_button.isChecked()
    window.close()
    second = open_window(setting, qtbot)
    show_song(qtbot, second, with_lyrics)
    second.navigation.show_player()
    assert not second.player_panel.lyrics.isVisible()
    second.registry.qt_action(ActionId.SHOW_LYRICS).trigger()
    qtbot.waitUntil(second.player_panel.lyrics.list.isVisible)
    second.close()


def test_keys_show_time_and_leave_the_lyrics(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    qtbot.keyClick(window, Qt.Key.Key_Y)
    assert not panel.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Y)
    assert panel.isVisible()
    panel.list.setFocus()
    assert panel.list.selected_row == 0
    qtbot.keyClick(panel.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert panel.list.lines[0] == LyricLine("First line", 0.0)
    assert panel.list.selected_row == 1
    panel.start_editing()
    qtbot.keyClick(panel.editor.text_edit, Qt.Key.Key_Y)
    assert panel.editor.is_changed
    qtbot.keyClick(panel.editor.text_edit, Qt.Key.Key_Tab)
    assert not panel.editor.text_edit.hasFocus()


def test_marked_line_follows_the_playhead(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    rows: list[int | None] = []
    for second in (0.0, 0.2, 0.6, 1.5, 0.3):
        window.player.seek_to_seconds(second)
        rows.append(panel.list.sung_row)
    assert rows == [None, 0, 1, 3, 0]


def test_sung_line_is_kept_in_the_middle_until_the_user_scrolls(
    qtbot: QtBot, without_lyrics: Job, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    panel.controls.set_lines([LyricLine(f"Line {row}", row / 1000) for row in range(1000)])
    window.player.seek_to_seconds(0.5)
    qtbot.waitUntil(lambda: middle_row(panel) == 500)
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Home)
    window.player.seek_to_seconds(0.6)
    assert panel.list.sung_row == 600
    assert middle_row(panel) < 100
    now = lyrics_list.monotonic()
    monkeypatch.setattr(lyrics_list, "monotonic", lambda: now + 60.0)
    window.player.seek_to_seconds(0.7)
    qtbot.waitUntil(lambda: middle_row(panel) == 700)


def test_click_or_return_on_a_line_seeks_there(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    rect = panel.list.visualRect(panel.list.model().index(3, 0))
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.player.position_seconds == pytest.approx(1.0)
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)  # this line has no time
    assert window.player.position_seconds == pytest.approx(1.0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Up)
    qtbot.keyClick(panel.list, Qt.Key.Key_Enter)
    assert window.player.position_seconds == pytest.approx(0.5)


def test_edited_text_becomes_the_lyrics_and_is_undone_in_one_step(
    qtbot: QtBot, with_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    panel.edit_button.click()
    assert panel.editor.text_edit.toPlainText() == LRC
    panel.editor.text_edit.selectAll()
    panel.editor.text_edit.insertPlainText("[00:00.50]new\n[0:bad] time\n[00:01.00]last")
    panel.editor.done_button.click()
    edited = (LyricLine("new", 0.5), LyricLine("[0:bad] time"), LyricLine("last", 1.0))
    assert panel.list.isVisible()
    assert panel.list.lines == window.player.practice.state.lyrics == edited
    window.player.undo()
    assert panel.list.lines == LINES
    assert window.player.practice.state.lyrics is None


def test_cancelled_text_changes_nothing_and_escape_does_not_lose_a_changed_one(
    qtbot: QtBot, with_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    panel.start_editing()
    qtbot.keyClick(panel.editor.text_edit, Qt.Key.Key_Escape)
    assert not panel.is_editing
    panel.start_editing()
    qtbot.keyClicks(panel.editor.text_edit, "x")
    qtbot.keyClick(panel.editor.text_edit, Qt.Key.Key_Escape)
    assert panel.is_editing
    assert window.player_panel.page_header.isVisible()
    panel.editor.cancel_button.click()
    assert panel.list.lines == LINES


def test_lyrics_of_the_file_can_be_restored(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    panel.start_editing()
    assert not panel.editor.restore_button.isVisible()
    panel.editor.cancel_button.click()
    panel.controls.set_lines([LyricLine("mine")])
    panel.start_editing()
    panel.editor.restore_button.click()
    assert panel.list.lines == LINES
    assert window.player.practice.state.lyrics is None


def test_text_that_is_too_long_is_not_cut_but_refused(qtbot: QtBot, with_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    panel.start_editing()
    panel.editor.text_edit.setPlainText("x" * 501)
    panel.editor.done_button.click()
    assert panel.is_editing
    panel.editor.text_edit.setPlainText("x" * 500)
    panel.editor.text_edit.document().setModified(True)
    panel.editor.done_button.click()
    assert panel.list.lines == (LyricLine("x" * 500),)


def test_text_that_is_being_edited_is_kept_when_another_song_is_shown(
    qtbot: QtBot, with_lyrics: Job, without_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    panel.toggle()
    panel.no_lyrics.write_button.click()
    qtbot.keyClicks(panel.editor.text_edit, "written")
    show_song(qtbot, window, with_lyrics)
    qtbot.waitUntil(lambda: panel.list.lines == LINES)
    show_song(qtbot, window, without_lyrics)
    qtbot.waitUntil(lambda: panel.list.lines == (LyricLine("written"),))


def test_lines_are_timed_by_ear_one_after_the_other(qtbot: QtBot, without_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    panel.controls.set_lines([LyricLine("a"), LyricLine("b"), LyricLine("c")])
    for second in (0.25, 0.75):
        window.player.seek_to_seconds(second)
        window.registry.qt_action(ActionId.SET_LYRICS_TIME).trigger()
    assert panel.list.lines == (LyricLine("a", 0.25), LyricLine("b", 0.75), LyricLine("c"))
    assert panel.list.selected_row == 2
    assert panel.list.sung_row == 1
    window.player.undo()
    assert panel.list.lines == (LyricLine("a", 0.25), LyricLine("b"), LyricLine("c"))


def test_lyrics_beside_a_song_that_was_added_earlier_are_found_when_it_is_shown(
    qtbot: QtBot, setting: WindowHarness, tmp_path: Path, window: MainWindow
) -> None:
    (tmp_path / "old.lrc").write_text("[00:00.10]found")
    job = add_separated_song(setting, source=tmp_path / "old.flac")
    with qtbot.waitSignal(window.library.refresher.loaded):
        window.library.refresher.reload()
    panel = open_player(qtbot, window, job)
    qtbot.waitUntil(panel.list.isVisible)
    assert panel.list.lines == (LyricLine("found", 0.1),)
    assert setting.home.job_folder(job.id).lyrics.read_text() == "[00:00.10]found\n"


def test_file_with_lyrics_can_be_opened_and_one_without_is_told(
    qtbot: QtBot, without_lyrics: Job, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    panel.toggle()
    good, bad = tmp_path / "good.lrc", tmp_path / "bad.lrc"
    good.write_text("[00:00.10]opened")
    bad.write_bytes(b"\0\0")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(bad), ""))
    with qtbot.waitSignal(window.player.notice) as notice:
        panel.no_lyrics.open_button.click()
    assert notice.args == ["There are no lyrics in bad.lrc."]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(good), ""))
    panel.no_lyrics.open_button.click()
    qtbot.waitUntil(lambda: panel.list.lines == (LyricLine("opened", 0.1),))
    assert panel.list.isVisible()


def test_lines_are_a_list_with_words_times_and_what_is_sung_now(
    qtbot: QtBot, with_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    window.player.seek_to_seconds(0.6)
    interface = QAccessible.queryAccessibleInterface(panel.list)
    assert interface.role() is QAccessible.Role.List
    assert interface.text(QAccessible.Text.Name) == "Lines of the lyrics"
    items = [interface.child(row) for row in range(interface.childCount())]
    assert [item.role() for item in items] == [QAccessible.Role.ListItem] * 4
    assert [item.text(QAccessible.Text.Name) for item in items] == [
        "First line, 0 seconds",
        "Second line, 0 seconds",
        "(ooh)",
        "Third line, 1 second",
    ]
    assert [item.text(QAccessible.Text.Description) for item in items] == ["", "Sung now", "", ""]
    assert all(button.accessibleName() for button in panel.findChildren(QPushButton))


def test_sung_line_is_spoken_after_a_seek_but_not_while_the_song_plays(
    qtbot: QtBot, with_lyrics: Job, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = open_player(qtbot, window, with_lyrics)
    spoken: list[str] = []
    monkeypatch.setattr(lyrics_list, "announce", lambda _, text: spoken.append(text))
    window.player.seek_to_seconds(0.6)
    assert spoken == ["Second line, 0 seconds"]
    monkeypatch.setattr(type(window.player), "is_playing", property(lambda _: True))
    window.player.seek_to_seconds(1.5)
    assert panel.list.sung_row == 3
    assert len(spoken) == 1


def test_5000_lines_neither_block_the_window_nor_hide_the_sung_one(
    qtbot: QtBot, without_lyrics: Job, window: MainWindow
) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    window.player.seek_to_seconds(1.5)
    panel.controls.set_lines([LyricLine(f"{row} " + "many words " * (row % 9), row / 2500) for row in range(5000)])
    qtbot.waitUntil(lambda: middle_row(panel) == panel.list.sung_row == 3750)


@pytest.mark.parametrize("text", ["שלום world", "1. (مرحبا)!"])
def test_text_runs_as_its_first_letter_does(text: str) -> None:
    assert text_direction(text) is Qt.LayoutDirection.RightToLeft
    assert text_direction(f"a {text}") is Qt.LayoutDirection.LeftToRight
    assert text_direction("123 …") is Qt.LayoutDirection.LeftToRight


def test_long_lines_wrap_inside_the_panel(qtbot: QtBot, without_lyrics: Job, window: MainWindow) -> None:
    panel = open_player(qtbot, window, without_lyrics)
    panel.controls.set_lines([LyricLine("short"), LyricLine("a long line of many words " * 8)])
    short, long = (panel.list.visualRect(panel.list.model().index(row, 0)) for row in (0, 1))
    assert long.height() > 3 * short.height()
    assert long.right() <= panel.list.viewport().width()


def test_scroll_bar_keeps_its_place_and_is_empty_while_all_lines_are_in_view(
    qtbot: QtBot, with_lyrics: Job, window: MainWindow
) -> None:
    lyrics = open_player(qtbot, window, with_lyrics).list
    qtbot.waitUntil(lyrics.isVisible)
    lyrics.show_lines([LyricLine(f"Line {number}") for number in range(100)])
    scroll_bar = lyrics.verticalScrollBar()
    qtbot.waitUntil(lambda: scroll_bar.maximum() > 0)
    assert scroll_bar.isEnabled()
    width = lyrics.viewport().width()
    lyrics.show_lines([LyricLine("One line")])
    qtbot.waitUntil(lambda: not scroll_bar.isEnabled())
    assert lyrics.viewport().width() == width
