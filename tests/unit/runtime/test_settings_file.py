"""The settings file: parsed only after a change, merged with the changes of others, never lost."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.paths import Home
from desktop.runtime import settings_file as module
from desktop.runtime.settings_file import SettingsFile, load_settings
from desktop.settings import Settings
from tests.helpers.settings import save_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return a list that grows by each text that is parsed."""
    texts, parse = list[bytes](), module._parse

    def record(data: bytes) -> object:
        texts.append(data)
        return parse(data)

    monkeypatch.setattr(module, "_parse", record)
    return texts


def write_old_file(home: Home, text: str) -> None:
    """Write the file as it would be some time after its last change."""
    home.settings.write_text(text)
    os.utime(home.settings, (time.time() - 60,) * 2)


def test_file_that_does_not_change_is_parsed_once(home: Home, parsed: list[bytes]) -> None:
    write_old_file(home, '{"fast": true}')
    settings_file = SettingsFile(home)
    for _ in range(100):
        assert settings_file.refresh() == Settings(fast=True)
    assert len(parsed) == 1


def test_missing_file_is_never_parsed(home: Home, parsed: list[bytes]) -> None:
    settings_file = SettingsFile(home)
    assert settings_file.refresh() == Settings()
    assert not parsed


def test_file_is_read_again_until_its_time_tells_changes_apart(home: Home) -> None:
    home.settings.write_text('{"shifts": 2}')
    status = home.settings.stat()
    settings_file = SettingsFile(home)
    home.settings.write_text('{"shifts": 5}')
    os.utime(home.settings, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert settings_file.refresh() == Settings(shifts=5)


@pytest.mark.parametrize(
    "change",
    [
        lambda home: save_settings(home, Settings(draft=False)),
        lambda home: home.settings.write_text('{"draft": false}'),
        lambda home: SettingsFile(home).change(draft=False),
    ],
    ids=["replaced", "edited in place", "changed by another process"],
)
def test_change_of_the_file_is_found_at_the_next_refresh(home: Home, change: Callable[[Home], object]) -> None:
    write_old_file(home, "{}")
    settings_file = SettingsFile(home)
    assert settings_file.refresh().draft
    change(home)
    assert settings_file.settings.draft, "this value needs no disk"
    assert not settings_file.refresh().draft


def test_two_processes_that_change_different_settings_keep_both(home: Home) -> None:
    one, other = SettingsFile(home), SettingsFile(home)
    one.change(fast=True)
    other.change(shifts=5)
    one.change(model="htdemucs_ft")
    expected = Settings(fast=True, shifts=5, model="htdemucs_ft")
    assert one.settings == other.refresh() == load_settings(home) == expected


def test_only_changed_fields_are_written_and_others_stay_in_the_file(home: Home) -> None:
    home.settings.write_text('{"overlap": 0.33, "of a later version": 7, "awake": false}')
    SettingsFile(home).change(fast=True)
    assert json.loads(home.settings.read_text()) == {
        "overlap": 0.33, "of a later version": 7, "awake": False, "fast": True,
    }  # fmt: skip


def test_threads_that_change_settings_at_once_lose_none(home: Home) -> None:
    settings_file = SettingsFile(home)
    changes = [{"fast": True}, {"draft": False}, {"shifts": 5}, {"overlap": 0.5}, {"folder": "/music"}]
    threads = [threading.Thread(target=settings_file.change, kwargs=change) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_settings(home) == Settings(fast=True, draft=False, shifts=5, overlap=0.5, folder="/music")


def test_change_that_cannot_be_written_applies_here_and_is_written_with_the_next(home: Home) -> None:
    settings_file = SettingsFile(home)
    home.settings.mkdir()
    assert not settings_file.change(fast=True)
    assert settings_file.refresh() == Settings(fast=True)
    assert load_settings(home) == Settings()
    home.settings.rmdir()
    assert settings_file.change(shifts=5)
    assert load_settings(home) == Settings(fast=True, shifts=5)


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000])
def test_damaged_file_leaves_the_settings_as_they_were_known(home: Home, damage: bytes) -> None:
    home.settings.write_bytes(damage)
    assert SettingsFile(home).settings == Settings()
    save_settings(home, Settings(fast=True))
    settings_file = SettingsFile(home)
    home.settings.write_bytes(damage)
    assert settings_file.refresh() == Settings(fast=True)
    settings_file.change(shifts=5)
    assert load_settings(home) == Settings(fast=True, shifts=5)


def test_damaged_file_is_parsed_and_logged_once(
    home: Home, parsed: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    write_old_file(home, "{")
    settings_file = SettingsFile(home)
    for _ in range(3):
        settings_file.refresh()
    assert len(parsed) == len(caplog.records) == 1


def test_file_that_cannot_be_read_is_logged_once(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.settings.mkdir()
    settings_file = SettingsFile(home)
    for _ in range(3):
        settings_file.refresh()
    assert len(caplog.records) == 1


def test_unknown_setting_is_refused_and_changes_nothing(home: Home) -> None:
    settings_file = SettingsFile(home)
    with pytest.raises(TypeError, match="colour"):
        settings_file.change(colour="red")
    assert settings_file.change(fast=True)
    assert json.loads(home.settings.read_text()) == {"fast": True}


def test_listener_hears_own_changes_and_those_of_others_but_no_others(home: Home) -> None:
    settings_file, heard = SettingsFile(home), list[Settings]()
    settings_file.add_listener(heard.append)
    settings_file.change(fast=True)
    settings_file.change(fast=True)
    settings_file.refresh()
    SettingsFile(home).change(shifts=5)
    settings_file.refresh()
    assert heard == [Settings(fast=True), Settings(fast=True, shifts=5)]


_CHANGE_100_TIMES = """
import sys
from pathlib import Path
from desktop.paths import Home
from desktop.runtime.settings_file import SettingsFile, load_settings
home, field = Home(Path(sys.argv[1])), sys.argv[2]
settings_file = SettingsFile(home)
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    assert settings_file.change(**{field: str(number)})
    saved = getattr(load_settings(home), field)
    assert saved == str(number), f"{field} is {saved!r} after change {number}"
"""


def test_two_processes_that_change_different_fields_lose_none(home: Home) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _CHANGE_100_TIMES, str(home.root), field],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for field in ("folder", "window")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    settings = load_settings(home)
    assert (settings.folder, settings.window) == ("99", "99")
