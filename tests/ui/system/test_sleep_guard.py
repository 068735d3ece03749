"""Sleep prevention: when it is active, and the requests to the system's services."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.playback import player_output
from desktop.ui.app.main_window import MainWindow
from desktop.ui.system import sleep_guard, sleep_inhibitors
from desktop.ui.system.sleep_guard import SleepGuard
from desktop.ui.system.sleep_inhibitors import (
    DBusInhibitor,
    ProcessInhibitor,
    SleepTarget,
    WindowsInhibitor,
    create_inhibitors,
)
from tests.helpers.command import ROOT
from tests.helpers.jobs import make_job
from tests.helpers.library import wait_until
from tests.helpers.manual_device import ManualDevices
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class RecordingInhibitor:
    """An inhibitor that records its calls and leaves the test machine alone."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def acquire(self) -> None:
        self.calls.append("acquire")

    def release(self) -> None:
        self.calls.append("release")


@pytest.fixture
def window(setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(sleep_guard, "_RELEASE_DELAY_MS", 30)
    window = setting.create_window()
    qtbot.addWidget(window)
    return window


def _guard_jobs(
    window: MainWindow, inhibitor: RecordingInhibitor, is_enabled: Callable[[], bool] = lambda: True
) -> SleepGuard:
    activity = window.library.activity
    signals = (activity.membership_changed, activity.progress_changed, window.settings_store.changed)
    return SleepGuard(lambda: activity.is_processing, is_enabled, [inhibitor], signals, window)


def _start_job(setting: WindowHarness, job: Job) -> Job:
    claimed = setting.store.ownership.claim(setting.store.insert(job).id)
    assert claimed is not None
    setting.feed.job_changed.emit(claimed.id)
    return claimed


def _complete_job(setting: WindowHarness, job: Job) -> None:
    assert setting.store.ownership.complete(job, (), ())
    setting.feed.job_changed.emit(job.id)


def test_guard_is_held_from_the_first_song_to_the_last(
    window: MainWindow, setting: WindowHarness, qtbot: QtBot
) -> None:
    inhibitor = RecordingInhibitor()
    guard = _guard_jobs(window, inhibitor)
    assert not guard.is_held
    first = _start_job(setting, make_job("one"))
    qtbot.waitUntil(lambda: guard.is_held)
    second = _start_job(setting, make_job("two"))
    _complete_job(setting, first)
    _complete_job(setting, second)
    qtbot.waitUntil(lambda: not guard.is_held)
    assert inhibitor.calls == ["acquire", "release"]


def test_pending_songs_do_not_hold_the_guard(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    guard = _guard_jobs(window, RecordingInhibitor())
    job = setting.store.insert(make_job("waits"))
    setting.feed.job_changed.emit(job.id)
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 1)
    assert not guard.is_held


def test_guard_follows_the_setting(window: MainWindow, setting: WindowHarness, qtbot: QtBot) -> None:
    guard = _guard_jobs(window, RecordingInhibitor(), lambda: window.settings_store.settings.awake)
    window.settings_store.change(awake=False)
    _start_job(setting, make_job("one"))
    qtbot.waitUntil(lambda: window.library.table_model.rowCount() == 1)
    assert not guard.is_held
    window.settings_store.change(awake=True)
    assert guard.is_held
    window.settings_store.change(awake=False)
    assert not guard.is_held


def test_each_platform_has_its_inhibitors() -> None:
    for target in SleepTarget:
        assert [type(inhibitor) for inhibitor in create_inhibitors(target, "linux")] == [
            DBusInhibitor,
            ProcessInhibitor,
        ]
        assert [type(inhibitor) for inhibitor in create_inhibitors(target, "win32")] == [WindowsInhibitor]
        assert [type(inhibitor) for inhibitor in create_inhibitors(target, "darwin")] == [ProcessInhibitor]


def test_windows_keeps_the_screen_on_until_no_inhibitor_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[int] = []
    monkeypatch.setattr(sleep_inhibitors, "_set_execution_state", states.append)
    computer, screen = WindowsInhibitor(SleepTarget.COMPUTER), WindowsInhibitor(SleepTarget.SCREEN)
    for change in (computer.acquire, screen.acquire, screen.release, computer.release):
        change()
    assert states == [0x80000001, 0x80000003, 0x80000001, 0x80000000]


def test_screen_stays_awake_while_a_song_plays(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sleep_guard, "_RELEASE_DELAY_MS", 30)
    monkeypatch.setattr(player_output, "Device", ManualDevices())
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    inhibitor, player = RecordingInhibitor(), window.player
    guard = SleepGuard(lambda: player.is_playing, lambda: True, [inhibitor], [player.playing_changed], window)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: player.is_ready)
    assert not guard.is_held
    player.toggle_playback()
    assert guard.is_held
    player.toggle_playback()
    qtbot.waitUntil(lambda: not guard.is_held)
    assert inhibitor.calls == ["acquire", "release"]


def test_inhibitor_process_runs_until_release() -> None:
    inhibitor = ProcessInhibitor(["cat"])
    inhibitor.acquire()
    child = inhibitor._process
    assert child is not None
    assert child.poll() is None
    inhibitor.release()
    assert child.returncode is not None


def test_missing_inhibitor_program_is_not_an_error() -> None:
    inhibitor = ProcessInhibitor(["no-such-program-of-any-system"])
    inhibitor.acquire()
    assert inhibitor._process is None
    inhibitor.release()


def test_inhibitor_process_ends_when_the_app_is_killed() -> None:
    code = (
        "import os, signal; from desktop.ui.system.sleep_inhibitors import ProcessInhibitor\n"
        "k = ProcessInhibitor(['cat']); k.acquire(); print(k._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    command_line = Path("/proc") / process.stdout.strip() / "cmdline"
    wait_until(lambda: not command_line.exists() or not command_line.read_bytes())


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
@pytest.mark.parametrize(
    ("target", "service", "call"),
    [
        (SleepTarget.COMPUTER, "org.freedesktop.ScreenSaver", "org.freedesktop.ScreenSaver Inhibit ss"),
        (SleepTarget.COMPUTER, "org.freedesktop.PowerManagement", "org.freedesktop.PowerManagement.Inhibit Inhibit ss"),
        (SleepTarget.SCREEN, "org.freedesktop.ScreenSaver", "org.freedesktop.ScreenSaver Inhibit ss"),
    ],
)
def test_desktop_service_is_asked_to_inhibit_and_then_released(target: SleepTarget, service: str, call: str) -> None:
    assert _run_on_private_bus(service, target) == [f"{call} Unbraid, {target.value}", "gone"]


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
@pytest.mark.parametrize("target", SleepTarget)
def test_missing_desktop_service_is_not_an_error(target: SleepTarget) -> None:
    assert _run_on_private_bus("org.example.Other", target) == ["gone"]


def _run_on_private_bus(service: str, target: SleepTarget) -> list[str]:
    """Acquire and release an inhibitor on a bus that has this service, and return the lines that the helper printed."""
    command = ["dbus-run-session", "--", sys.executable, "-m", "tests.helpers.inhibitor", service, target.name]
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ)
    )
    return process.stdout.splitlines()


def test_missing_session_bus_is_not_an_error() -> None:
    code = "from desktop.ui.system.sleep_inhibitors import DBusInhibitor as D; d = D(); d.acquire(); d.release(); d.acquire()"
    environment = dict(os.environ) | {
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        "QT_QPA_PLATFORM": "offscreen",
    }
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=environment, timeout=60)
