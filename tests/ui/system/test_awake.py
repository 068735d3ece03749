"""Keeping the computer awake: when it is wanted, and that the system is really asked."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.app.main_window import MainWindow
from desktop.ui.system import sleep_guard as module
from desktop.ui.system.activity import ActivityTracker
from desktop.ui.system.sleep_guard import SleepGuard
from desktop.ui.system.sleep_inhibitors import DBusInhibitor, ProcessInhibitor, WindowsInhibitor, create_inhibitors
from tests.helpers.command import ROOT
from tests.helpers.library import wait_until
from tests.helpers.window import WindowHarness, make_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Noted:
    """A way to keep awake that notes when it is used: the machine of the tests is left alone."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def acquire(self) -> None:
        self.done.append("take")

    def release(self) -> None:
        self.done.append("give back")


@pytest.fixture
def window(setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(module, "_RELEASE_DELAY_MS", 30)
    made = setting.create_window()
    qtbot.addWidget(made)
    return made


def _begin(setting: WindowHarness, job: Job) -> Job:
    claimed = setting.store.claim(setting.store.insert(job).id)
    assert claimed is not None
    setting.feed.job_changed.emit(claimed.id)
    return claimed


def _end(setting: WindowHarness, job: Job) -> None:
    assert setting.store.complete(job, (), ())
    setting.feed.job_changed.emit(job.id)


def test_it_is_kept_awake_from_the_first_song_to_the_last(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    noted = Noted()
    awake = SleepGuard(ActivityTracker(window.library, setting.feed, window), lambda: True, [noted], window)
    assert not awake.is_held
    first = _begin(setting, make_job("one"))
    qtbot.waitUntil(lambda: awake.is_held)
    second = _begin(setting, make_job("two"))
    _end(setting, first)
    _end(setting, second)
    qtbot.waitUntil(lambda: not awake.is_held)
    assert noted.done == ["take", "give back"]


def test_songs_that_only_wait_keep_nothing_awake(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    awake = SleepGuard(ActivityTracker(window.library, setting.feed, window), lambda: True, [Noted()], window)
    job = setting.store.insert(make_job("waits"))
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 1)
    assert not awake.is_held


def test_the_setting_is_followed_at_once(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    awake = SleepGuard(
        ActivityTracker(window.library, setting.feed, window),
        lambda: window.settings_store.settings.awake,
        [Noted()],
        window,
    )
    window.settings_store.change(awake=False)
    _begin(setting, make_job("one"))
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 1)
    assert not awake.is_held
    window.settings_store.change(awake=True)
    second = _begin(setting, make_job("two"))
    qtbot.waitUntil(lambda: awake.is_held)
    window.settings_store.change(awake=False)
    _end(setting, second)
    qtbot.waitUntil(lambda: not awake.is_held)


def test_every_system_has_its_ways() -> None:
    assert [type(keeper) for keeper in create_inhibitors("linux")] == [DBusInhibitor, ProcessInhibitor]
    assert [type(keeper) for keeper in create_inhibitors("win32")] == [WindowsInhibitor]
    assert [type(keeper) for keeper in create_inhibitors("darwin")] == [ProcessInhibitor]


def test_a_program_that_keeps_awake_runs_until_it_is_given_back() -> None:
    keeper = ProcessInhibitor(["cat"])
    keeper.acquire()
    child = keeper._process
    assert child is not None
    assert child.poll() is None
    keeper.release()
    assert child.returncode is not None


def test_a_program_that_is_not_installed_is_done_without() -> None:
    keeper = ProcessInhibitor(["no-such-program-of-any-system"])
    keeper.acquire()
    keeper.release()


def test_nothing_is_left_of_a_process_that_was_killed() -> None:
    code = (
        "import os, signal; from desktop.ui.system.sleep_inhibitors import ProcessInhibitor\n"
        "k = ProcessInhibitor(['cat']); k.acquire(); print(k._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    child = Path("/proc") / run.stdout.strip() / "cmdline"
    wait_until(lambda: not child.exists() or not child.read_bytes(), timeout_s=10)


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
@pytest.mark.parametrize(
    ("service", "asked"),
    [
        ("org.freedesktop.ScreenSaver", "org.freedesktop.ScreenSaver"),
        ("org.freedesktop.PowerManagement", "org.freedesktop.PowerManagement.Inhibit"),
    ],
)
def test_the_desktop_s_service_is_asked_and_let_go(service: str, asked: str) -> None:
    said = _on_a_bus_of_its_own(service)
    assert said == [f"{asked} Inhibit ss Unbraid, Songs are being separated", "gone"]


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
def test_a_desktop_without_such_a_service_is_done_without() -> None:
    assert _on_a_bus_of_its_own("org.example.Other") == ["gone"]


def _on_a_bus_of_its_own(service: str) -> list[str]:
    words = ["dbus-run-session", "--", sys.executable, "-m", "tests.helpers.inhibitor", service]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ))
    return run.stdout.splitlines()


def test_without_any_bus_nothing_happens() -> None:
    code = "from desktop.ui.system.sleep_inhibitors import DBusInhibitor as D; d = D(); d.acquire(); d.release(); d.acquire()"
    nowhere = dict(os.environ) | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=nowhere, timeout=60)
