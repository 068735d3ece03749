"""The window's settings: in memory, and up to date with a file that others change."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.runtime.settings_file import SettingsFile
from desktop.settings import Settings
from desktop.ui.core.settings_store import SettingsStore
from tests.helpers.settings import save_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def test_own_change_is_announced_once(home: Home, qtbot: QtBot) -> None:
    store, announced = SettingsStore(home), list[Settings]()
    store.changed.connect(announced.append)
    assert store.change(fast=True)
    assert announced == [Settings(fast=True)]


def test_first_file_and_each_file_that_replaces_it_are_noticed(home: Home, qtbot: QtBot) -> None:
    store = SettingsStore(home)
    for shifts in (2, 5, 10):
        with qtbot.waitSignal(store.changed):
            save_settings(home, Settings(shifts=shifts))
        assert store.settings == Settings(shifts=shifts)


def test_file_edited_in_place_is_noticed_also_after_it_was_replaced(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings())
    store = SettingsStore(home)
    home.settings.write_text('{"shifts": 2}')
    qtbot.waitUntil(lambda: store.settings == Settings(shifts=2))
    save_settings(home, Settings(shifts=5))
    qtbot.waitUntil(lambda: store.settings == Settings(shifts=5))
    home.settings.write_text('{"shifts": 10}')
    qtbot.waitUntil(lambda: store.settings == Settings(shifts=10))


def test_removed_file_is_noticed(home: Home, qtbot: QtBot) -> None:
    save_settings(home, Settings(fast=True))
    store = SettingsStore(home)
    with qtbot.waitSignal(store.changed):
        home.settings.unlink()
    assert store.settings == Settings()


def test_reading_the_settings_needs_no_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(home, Settings(fast=True))
    store = SettingsStore(home)
    for name in ("stat", "open", "read_text", "read_bytes"):
        monkeypatch.delattr(Path, name)
    assert store.settings == Settings(fast=True)


def test_saving_the_window_keeps_what_another_process_has_just_changed(home: Home, qtbot: QtBot) -> None:
    store = SettingsStore(home)
    SettingsFile(home).change(model="htdemucs_ft")
    store.change(window="AAAA")
    assert store.settings == SettingsFile(home).settings == Settings(model="htdemucs_ft", window="AAAA")
