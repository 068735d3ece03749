"""The dialog of removed songs."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.bin import BinDialog
from tests.helpers.jobs import make_job
from tests.helpers.window import WindowHarness, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise)")


@pytest.fixture
def removed(setting: WindowHarness) -> list[Job]:
    """Move three songs of 1, 2 and 3 MB to the bin and return them."""
    jobs = [setting.store.insert(make_job(f"Song {n}", JobState.FAILED)) for n in (1, 2, 3)]
    for n, job in enumerate(jobs, start=1):
        folder = setting.home.job_folder(job.id).source
        folder.mkdir(parents=True)
        (folder / "song.wav").write_bytes(bytes(n * 10**6))
    setting.service.remove_jobs([job.id for job in jobs])
    return jobs


@pytest.fixture
def window(setting: WindowHarness, removed: list[Job], qtbot: QtBot) -> MainWindow:
    return open_window(setting, qtbot)


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> BinDialog:
    window.dialogs.open_bin()
    dialog = window.findChild(BinDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 3)
    return dialog


def column_texts(dialog: BinDialog, column: int) -> list[str]:
    items = [dialog.table.item(row, column) for row in range(dialog.table.rowCount())]
    return [item.text() for item in items if item]


def test_bin_lists_title_removal_time_expiry_date_and_size(
    dialog: BinDialog, setting: WindowHarness, removed: list[Job]
) -> None:
    (entry, *_) = setting.service.bin.jobs()
    expiry = (entry.removed + timedelta(days=30)).astimezone()
    assert column_texts(dialog, 0) == ["Song 1 · Mara Lind", "Song 2 · Mara Lind", "Song 3 · Mara Lind"]
    assert column_texts(dialog, 1) == ["just now"] * 3
    assert column_texts(dialog, 2) == [f"{expiry:%Y-%m-%d}"] * 3
    assert column_texts(dialog, 3) == ["1 MB", "2 MB", "3 MB"]
    assert dialog.total_label.text() == "3 songs · 6 MB"


def test_selected_songs_are_restored(
    dialog: BinDialog, window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    dialog.table.selectRow(1)
    qtbot.mouseClick(dialog.restore_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: column_texts(dialog, 3) == ["1 MB", "3 MB"])
    qtbot.waitUntil(lambda: [job.title for job in setting.store.jobs()] == ["Song 2"])
    assert window.library.table_model.rowCount() == 1


@pytest.mark.parametrize("by_key", [False, True])
def test_delete_asks_for_confirmation_and_focuses_keep(
    dialog: BinDialog, setting: WindowHarness, removed: list[Job], qtbot: QtBot, by_key: bool
) -> None:
    for confirms in (False, True):
        dialog.table.selectRow(2)
        if by_key:
            qtbot.keyClick(dialog, Qt.Key.Key_Delete)
        else:
            qtbot.mouseClick(dialog.delete_button, Qt.MouseButton.LeftButton)
        confirmation = dialog.delete_dialog
        assert confirmation is not None
        assert confirmation.focusWidget() is confirmation.keep_button
        (confirmation.delete_button if confirms else confirmation.keep_button).click()
        qtbot.waitUntil(lambda: dialog.delete_dialog is None)
        qtbot.waitUntil(lambda confirms=confirms: len(column_texts(dialog, 0)) == (2 if confirms else 3))
        assert setting.home.job_folder(removed[2].id).root.exists() is not confirms


def test_bin_is_emptied_after_confirmation(dialog: BinDialog, setting: WindowHarness, qtbot: QtBot) -> None:
    qtbot.mouseClick(dialog.empty_button, Qt.MouseButton.LeftButton)
    assert dialog.delete_dialog is not None
    dialog.delete_dialog.delete_button.click()
    qtbot.waitUntil(lambda: dialog.total_label.text() == "There are no removed songs.")
    assert list(setting.home.jobs.iterdir()) == []
    assert [dialog.restore_button.isEnabled(), dialog.delete_button.isEnabled(), dialog.empty_button.isEnabled()] == [
        False
    ] * 3


def test_open_dialog_follows_songs_removed_and_restored_elsewhere(
    dialog: BinDialog, setting: WindowHarness, removed: list[Job], qtbot: QtBot
) -> None:
    dialog.table.selectRow(2)
    setting.service.bin.restore([removed[0].id])
    qtbot.waitUntil(lambda: column_texts(dialog, 3) == ["2 MB", "3 MB"])
    assert [entry.job.title for entry in dialog.selected_entries()] == ["Song 3"]
    setting.service.remove_jobs([removed[0].id])
    qtbot.waitUntil(lambda: len(column_texts(dialog, 3)) == 3)
