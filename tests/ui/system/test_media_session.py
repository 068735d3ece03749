"""Media keys and the desktop's controls: MPRIS on a private bus, with other programs on its other side."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from desktop.playback import player_output
from desktop.playback.practice import Loop
from desktop.ui.app.desktop_integration import DesktopIntegration
from desktop.ui.app.main_window import MainWindow
from desktop.ui.system.mpris import BUS_NAME, MediaState, player_properties
from tests.helpers.manual_device import ManualDevices
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged"),
    pytest.mark.skipif(which("dbus-daemon") is None or which("gdbus") is None, reason="no D-Bus here"),
]
PATH, PLAYER, ROOT = "/org/mpris/MediaPlayer2", "org.mpris.MediaPlayer2.Player", "org.mpris.MediaPlayer2"


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a private bus, which is the session bus of this process, and yield its address."""
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        daemon.terminate()


@dataclass
class Desktop:
    """A desktop that controls the app over D-Bus, by gdbus."""

    qtbot: QtBot
    name: str = BUS_NAME

    def call(self, member: str, *arguments: str, interface: str = PLAYER) -> str:
        """Call a method and return its result in GVariant's text format."""
        target = ["call", "--session", f"--dest={self.name}", f"--object-path={PATH}", "--timeout=10"]
        process = subprocess.run(
            ["gdbus", *target, f"--method={interface}.{member}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        return process.stdout.strip() or process.stderr.strip()

    def get(self, name: str, interface: str = PLAYER) -> str:
        """Return a property, in GVariant's text format."""
        found = re.fullmatch(
            r"\(<(.*)>,\)", self.call("Get", interface, name, interface="org.freedesktop.DBus.Properties")
        )
        return found[1] if found else ""

    def set(self, name: str, value: str) -> str:
        """Set a property of the player."""
        return self.call("Set", PLAYER, name, f"<{value}>", interface="org.freedesktop.DBus.Properties")

    def wait_for(self, name: str, value: str) -> None:
        """Wait until a property has a value."""
        self.qtbot.waitUntil(lambda: self.get(name) == value)

    @property
    def is_there(self) -> bool:
        """Whether the player is on the bus."""
        return self.get("Identity", ROOT) == "'Unbraid'"


@dataclass
class App:
    """The app's window with two songs, the first of them loaded."""

    window: MainWindow
    integration: DesktopIntegration
    job_ids: list[str]


@pytest.fixture
def desktop(bus: str, qtbot: QtBot) -> Desktop:
    return Desktop(qtbot)


@pytest.fixture
def app(bus: str, setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setattr(player_output, "Device", ManualDevices())
    tags: list[dict[str, Any]] = [{"title": "Night Drive", "artist": "Anna", "album": "Roads"}, {"title": "Other"}]
    jobs = [add_separated_song(setting, **tag) for tag in tags]
    cover = QImage(300, 200, QImage.Format.Format_RGB32)
    cover.fill(0xFF8800)
    assert cover.save(str(setting.home.job_folder(jobs[0].id).cover), "PNG")
    window = open_window(setting, qtbot)
    integration = DesktopIntegration(window)
    window.job_view.sortByColumn(0, window.job_view.horizontalHeader().sortIndicatorOrder())
    window.job_view.select_job(jobs[0].id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    yield App(window, integration, [job.id for job in jobs])
    # A bus that ends while it welcomes a connection makes an error in a thread of jeepney.
    service = integration.media_session._service
    if service is not None:
        qtbot.waitUntil(lambda: service._connection is not None or not service._thread.is_alive())
    integration.close()


def test_desktop_sees_the_song(app: App, desktop: Desktop) -> None:
    desktop.wait_for("PlaybackStatus", "'Paused'")
    qtbot = desktop.qtbot
    qtbot.waitUntil(lambda: "artUrl" in desktop.get("Metadata"))
    metadata = desktop.get("Metadata")
    for entry in (
        "'xesam:title': <'Night Drive'>",
        "'xesam:artist': <['Anna']>",
        "'xesam:album': <'Roads'>",
        f"'mpris:length': <int64 {round(app.window.player.duration * 1e6)}>",
        f"'mpris:trackid': <objectpath '/org/unbraid/track/{app.job_ids[0].replace('-', '')}'>",
    ):
        assert entry in metadata
    url = re.search("'mpris:artUrl': <'(.*?)'>", metadata)
    assert url is not None
    image = QImage(QUrl(url[1]).toLocalFile())
    assert (image.width(), image.height()) == (256, 256)
    assert desktop.get("DesktopEntry", ROOT) == "'unbraid'"


def test_desktop_plays_pauses_and_stops(app: App, desktop: Desktop) -> None:
    player = app.window.player
    desktop.wait_for("PlaybackStatus", "'Paused'")
    for member, is_playing in (("PlayPause", True), ("Play", True), ("Pause", False), ("Pause", False), ("Play", True)):
        assert desktop.call(member) == "()"
        desktop.qtbot.waitUntil(lambda wanted=is_playing: player.is_playing == wanted)
        desktop.wait_for("PlaybackStatus", "'Playing'" if is_playing else "'Paused'")
    desktop.call("Stop")
    desktop.qtbot.waitUntil(lambda: not player.is_playing and player.position == 0)


def test_desktop_seeks(app: App, desktop: Desktop) -> None:
    player = app.window.player
    desktop.wait_for("Position", "int64 0")
    desktop.call("Seek", "1000000")
    desktop.qtbot.waitUntil(lambda: player.position_seconds == pytest.approx(1.0, abs=1e-3))
    track = player_properties(MediaState(app.job_ids[0]))["Metadata"][1]["mpris:trackid"][1]
    desktop.call("SetPosition", track, "500000")
    desktop.qtbot.waitUntil(lambda: player.position_seconds == pytest.approx(0.5, abs=1e-3))
    desktop.wait_for("Position", "int64 500000")
    desktop.call("SetPosition", "/org/unbraid/track/another", "900000")
    desktop.call("SetPosition", track, "-1")
    desktop.call("Seek", "100000")
    desktop.qtbot.waitUntil(lambda: player.position_seconds == pytest.approx(0.6, abs=1e-3))


def test_desktop_changes_volume_rate_and_loop(app: App, desktop: Desktop) -> None:
    player = app.window.player
    desktop.wait_for("Volume", "1.0")
    assert desktop.set("Volume", "0.5") == "()"
    desktop.qtbot.waitUntil(lambda: player.mix.master.gain_db == pytest.approx(-6.02, abs=0.01))
    desktop.set("Volume", "0.0")
    desktop.qtbot.waitUntil(lambda: player.mix.master.gain_db == -60)
    desktop.set("Rate", "0.75")
    desktop.qtbot.waitUntil(lambda: player.practice.state.speed_percent == 75)
    desktop.wait_for("Rate", "0.75")
    player.practice.set_passage(0.5, 1.0)
    desktop.wait_for("LoopStatus", "'Track'")
    desktop.set("LoopStatus", "'None'")
    desktop.qtbot.waitUntil(lambda: not player.practice.state.is_looping)
    desktop.set("LoopStatus", "'Track'")
    desktop.qtbot.waitUntil(lambda: player.practice.state.repeated_loop == Loop(0.5, 1.0))


def test_desktop_goes_to_the_next_and_the_previous_song(app: App, desktop: Desktop) -> None:
    window, (first, second) = app.window, app.job_ids
    steps = {"Next": second, "Previous": first}
    if window.library.proxy.index_of(first).row() > window.library.proxy.index_of(second).row():
        steps = {"Previous": second, "Next": first}
    window.player.toggle_playback()
    for member, job_id in steps.items():
        desktop.call(member)
        desktop.qtbot.waitUntil(lambda wanted=job_id: window.player_panel.job.id == wanted)
        desktop.qtbot.waitUntil(lambda: window.player.is_playing)
    window.player.toggle_playback()


def test_desktop_is_told_of_changes_and_of_seeks(app: App, desktop: Desktop, bus: str, tmp_path: Path) -> None:
    log = tmp_path / "signals"
    desktop.wait_for("PlaybackStatus", "'Paused'")
    with (
        log.open("w") as out,
        subprocess.Popen(["gdbus", "monitor", "--session", f"--dest={BUS_NAME}"], stdout=out) as monitor,
    ):
        desktop.qtbot.waitUntil(lambda: "is owned by" in log.read_text())
        app.window.player.seek_to_seconds(1.5)
        desktop.qtbot.waitUntil(lambda: "Seeked (int64 1500000,)" in log.read_text())
        app.window.player.toggle_playback()
        changed = r"PropertiesChanged \('org.mpris.MediaPlayer2.Player', \{'PlaybackStatus': <'Playing'>\}, @as \[\]\)"
        desktop.qtbot.waitUntil(lambda: re.search(changed, log.read_text()) is not None)
        app.window.player.toggle_playback()
        monitor.terminate()


def test_desktop_raises_and_quits_the_window(app: App, desktop: Desktop) -> None:
    desktop.wait_for("PlaybackStatus", "'Paused'")
    app.integration.quit_policy.go_to_background()
    assert not app.window.isVisible()
    desktop.call("Raise", interface=ROOT)
    desktop.qtbot.waitUntil(app.window.isVisible)
    desktop.call("Quit", interface=ROOT)
    desktop.qtbot.waitUntil(lambda: not app.window.isVisible())


def test_unknown_calls_and_values_of_the_wrong_type_are_refused(app: App, desktop: Desktop) -> None:
    desktop.wait_for("PlaybackStatus", "'Paused'")
    for answer in (
        desktop.call("Rewind"),
        desktop.set("Volume", "'loud'"),
        desktop.set("PlaybackStatus", "'Playing'"),
        desktop.call("Get", PLAYER, "Shuffle", interface="org.freedesktop.DBus.Properties"),
    ):
        assert "UnknownMethod" in answer or "Error" in answer, answer
    assert "interface org.mpris.MediaPlayer2.Player" in subprocess.run(
        ["gdbus", "introspect", "--session", f"--dest={BUS_NAME}", f"--object-path={PATH}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_setting_takes_the_player_off_the_desktop(app: App, desktop: Desktop) -> None:
    desktop.wait_for("PlaybackStatus", "'Paused'")
    app.window.settings_store.change(media_keys=False)
    assert not desktop.is_there
    app.window.settings_store.change(media_keys=True)
    desktop.qtbot.waitUntil(lambda: desktop.is_there)


def test_second_app_has_a_name_of_its_own(app: App, desktop: Desktop, qtbot: QtBot) -> None:
    desktop.wait_for("PlaybackStatus", "'Paused'")
    other = Desktop(qtbot, f"{BUS_NAME}.instance{os.getpid()}")
    second = DesktopIntegration(app.window)
    second.media_session.refresh()
    qtbot.waitUntil(lambda: other.is_there)
    second.close()
    assert desktop.is_there
    assert not other.is_there


def test_missing_bus_is_not_an_error(setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    job = add_separated_song(setting)
    window = open_window(setting, qtbot)
    window.job_view.select_job(job.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    for number, address in enumerate(("", "disabled:", "unix:path=/nonexistent", "tcp:host=x", "nonsense", None)):
        if address is None:
            monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
        else:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        integration = DesktopIntegration(window)
        integration.media_session.refresh()
        service = integration.media_session._service
        assert service is not None
        qtbot.waitUntil(lambda service=service: not service._thread.is_alive())
        window.player.seek_to_seconds(1.0 + number / 10)
        integration.close()
