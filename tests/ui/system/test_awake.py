"""Keeping the computer awake: when it is wanted, and that the system is really asked."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job
from desktop.ui.main_window import MainWindow
from desktop.ui.system import awake as module
from desktop.ui.system.awake import Awake
from desktop.ui.system.keepers import ChildKeeper, DesktopKeeper, WindowsKeeper, keepers
from desktop.ui.system.work import Work
from tests.helpers.command import ROOT
from tests.helpers.library import until
from tests.helpers.window import Stage, a_job

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Noted:
    """A way to keep awake that notes when it is used: the machine of the tests is left alone."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def take(self) -> None:
        self.done.append("take")

    def give_back(self) -> None:
        self.done.append("give back")


@pytest.fixture
def window(setting: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(module, "_REST_MS", 30)
    made = setting.window()
    qtbot.addWidget(made)
    return made


def _begin(setting: Stage, job: Job) -> Job:
    claimed = setting.store.claim(setting.store.insert(job).id)
    assert claimed is not None
    setting.feed.changed.emit(claimed.id)
    return claimed


def _end(setting: Stage, job: Job) -> None:
    assert setting.store.complete(job, (), ())
    setting.feed.changed.emit(job.id)


def test_it_is_kept_awake_from_the_first_song_to_the_last(window: MainWindow, setting: Stage, qtbot: QtBot) -> None:
    noted = Noted()
    awake = Awake(Work(window.library, setting.feed, window), lambda: True, [noted], window)
    assert not awake.held
    first = _begin(setting, a_job("one"))
    qtbot.waitUntil(lambda: awake.held)
    second = _begin(setting, a_job("two"))
    _end(setting, first)
    _end(setting, second)
    qtbot.waitUntil(lambda: not awake.held)
    assert noted.done == ["take", "give back"]


def test_songs_that_only_wait_keep_nothing_awake(window: MainWindow, setting: Stage, qtbot: QtBot) -> None:
    awake = Awake(Work(window.library, setting.feed, window), lambda: True, [Noted()], window)
    job = setting.store.insert(a_job("waits"))
    setting.feed.changed.emit(job.id)
    qtbot.waitUntil(lambda: window.library.jobs.rowCount() == 1)
    assert not awake.held


def test_the_setting_is_followed_at_once(window: MainWindow, setting: Stage, qtbot: QtBot) -> None:
    awake = Awake(Work(window.library, setting.feed, window), lambda: window.memory.settings.awake, [Noted()], window)
    window.memory.change(awake=False)
    _begin(setting, a_job("one"))
    qtbot.waitUntil(lambda: window.library.jobs.rowCount() == 1)
    assert not awake.held
    window.memory.change(awake=True)
    second = _begin(setting, a_job("two"))
    qtbot.waitUntil(lambda: awake.held)
    window.memory.change(awake=False)
    _end(setting, second)
    qtbot.waitUntil(lambda: not awake.held)


def test_every_system_has_its_ways() -> None:
    assert [type(keeper) for keeper in keepers("linux")] == [DesktopKeeper, ChildKeeper]
    assert [type(keeper) for keeper in keepers("win32")] == [WindowsKeeper]
    assert [type(keeper) for keeper in keepers("darwin")] == [ChildKeeper]


def test_a_program_that_keeps_awake_runs_until_it_is_given_back() -> None:
    keeper = ChildKeeper(["cat"])
    keeper.take()
    child = keeper._child
    assert child is not None
    assert child.poll() is None
    keeper.give_back()
    assert child.returncode is not None


def test_a_program_that_is_not_installed_is_done_without() -> None:
    keeper = ChildKeeper(["no-such-program-of-any-system"])
    keeper.take()
    keeper.give_back()


def test_nothing_is_left_of_a_process_that_was_killed() -> None:
    code = (
        "import os, signal; from desktop.ui.system.keepers import ChildKeeper\n"
        "k = ChildKeeper(['cat']); k.take(); print(k._child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    child = Path("/proc") / run.stdout.strip() / "cmdline"
    until(lambda: not child.exists() or not child.read_bytes(), patience=10)


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
    code = "from desktop.ui.system.keepers import DesktopKeeper as D; d = D(); d.take(); d.give_back(); d.take()"
    nowhere = dict(os.environ) | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=nowhere, timeout=60)
