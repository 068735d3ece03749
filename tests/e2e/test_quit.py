"""Quit the real window while a job is being processed."""

import signal
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from desktop.jobs.model import JobState
from desktop.paths import Home
from desktop.settings import Settings
from tests.e2e.test_window import list_jobs, window
from tests.helpers.desktop_services import desktop_bus
from tests.helpers.library import assert_all_ended, wait_until, write_song
from tests.helpers.release import release_except
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.settings import save_settings


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Create a library that separates with Sketch, which is always installed."""
    home = Home(tmp_path / "library").create_folders()
    save_settings(home, Settings(model="sketch", draft=False))
    return home.root


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "Long song.wav", 600.0)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_screen() as virtual:
        yield virtual


def _wait_until_processing(library: Path) -> None:
    wait_until(lambda: [job.state for job in list_jobs(library)] == [JobState.PROCESSING])


def test_quit_confirmed_with_stop_returns_the_running_job_to_the_queue(
    library: Path, song: Path, screen: Screen
) -> None:
    with window(library, screen, song) as app:
        _wait_until_processing(library)
        screen.press_keys("ctrl+q")
        screen.activate_window(screen.wait_for_window("Quit Unbraid"))
        assert app.poll() is None
        screen.press_keys("Return")
        assert app.wait(timeout=60) == 0
    assert [job.state for job in list_jobs(library)] == [JobState.PENDING]
    assert_all_ended(library)


@pytest.mark.parametrize(
    "signal_number", release_except((signal.SIGTERM,), (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
)
def test_signal_quits_without_a_dialog_and_returns_the_running_job_to_the_queue(
    library: Path, song: Path, screen: Screen, signal_number: signal.Signals
) -> None:
    with window(library, screen, song) as app:
        _wait_until_processing(library)
        app.send_signal(signal_number)
        assert app.wait(timeout=60) == 0
    assert [(job.state, job.crashes) for job in list_jobs(library)] == [(JobState.PENDING, 0)]
    assert_all_ended(library)


@pytest.mark.skipif(which("dbus-daemon") is None or which("gdbus") is None, reason="needs dbus-daemon and gdbus")
def test_app_in_the_background_finishes_its_job_notifies_once_and_exits(
    library: Path, tmp_path: Path, screen: Screen
) -> None:
    song, log_path = write_song(tmp_path / "A song.wav", 90.0), tmp_path / "calls.txt"
    with desktop_bus(log_path) as address:
        screen.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        with window(library, screen, song) as app:
            _wait_until_processing(library)
            screen.press_keys("ctrl+q")
            screen.activate_window(screen.wait_for_window("Quit Unbraid"))
            screen.press_keys("Return")
            assert app.wait(timeout=120) == 0
        log = log_path.read_text()
    assert [job.state for job in list_jobs(library)] == [JobState.COMPLETED]
    assert_all_ended(library)
    assert "RegisterStatusNotifierItem" in log
    assert "Inhibit Unbraid, Songs are being separated" in log
    assert log.count("Notify Unbraid") == 1
    assert "“A song” has been separated, Its stems are ready." in log
