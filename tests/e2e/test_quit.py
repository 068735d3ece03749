"""Quitting the real window while a song is in work."""

import signal
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from desktop.jobs.model import JobState
from desktop.paths import Home
from desktop.settings import Settings, save_settings
from tests.e2e.test_window import jobs_of, window
from tests.helpers.desktop_services import desktop_bus
from tests.helpers.library import assert_all_ended, wait_until, write_song
from tests.helpers.screen import Screen, virtual_screen


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Its songs are separated by Sketch, which is always here."""
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch", draft=False))
    return home.root


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "Long song.wav", 600.0)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_screen() as made:
        yield made


def _until_in_work(library: Path) -> None:
    wait_until(lambda: [job.state for job in jobs_of(library)] == [JobState.PROCESSING])


def test_the_question_is_answered_with_stop_and_the_song_waits_for_the_next_start(
    library: Path, song: Path, screen: Screen
) -> None:
    with window(library, screen, song) as app:
        _until_in_work(library)
        screen.press_keys("ctrl+q")
        screen.activate_window(screen.wait_for_window("Quit Unbraid"))
        assert app.poll() is None
        screen.press_keys("Return")
        assert app.wait(timeout=60) == 0
    assert [job.state for job in jobs_of(library)] == [JobState.PENDING]
    assert_all_ended(library)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order_and_without_a_question(
    library: Path, song: Path, screen: Screen, number: signal.Signals
) -> None:
    with window(library, screen, song) as app:
        _until_in_work(library)
        app.send_signal(number)
        assert app.wait(timeout=60) == 0
    assert [(job.state, job.crashes) for job in jobs_of(library)] == [(JobState.PENDING, 0)]
    assert_all_ended(library)


@pytest.mark.skipif(which("dbus-daemon") is None or which("gdbus") is None, reason="no D-Bus here")
def test_in_the_background_the_song_is_finished_and_told_and_the_app_ends_by_itself(
    library: Path, tmp_path: Path, screen: Screen
) -> None:
    song, heard = write_song(tmp_path / "A song.wav", 90.0), tmp_path / "heard.txt"
    with desktop_bus(heard) as address:
        screen.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        with window(library, screen, song) as app:
            _until_in_work(library)
            screen.press_keys("ctrl+q")
            screen.activate_window(screen.wait_for_window("Quit Unbraid"))
            screen.press_keys("Return")
            assert app.wait(timeout=120) == 0
        said = heard.read_text()
    assert [job.state for job in jobs_of(library)] == [JobState.COMPLETED]
    assert_all_ended(library)
    assert "RegisterStatusNotifierItem" in said
    assert "Inhibit Unbraid, Songs are being separated" in said
    assert said.count("Notify Unbraid") == 1
    assert "“A song” is separated, Its stems are ready." in said
