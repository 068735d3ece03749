"""Tests are the same on every machine: what holds for all of them, and for what they start."""

import os
import signal
import subprocess
import sys

import pytest


def test_no_test_sees_the_screen_the_session_or_the_language_of_whoever_runs_it() -> None:
    kept = [name for name in os.environ if name.startswith(("XDG_", "PULSE_", "QT_QPA_", "REDIS_", "CELERY_"))]
    assert not kept
    assert not {"DISPLAY", "WAYLAND_DISPLAY", "COLUMNS", "http_proxy"} & os.environ.keys()
    assert os.environ["LC_ALL"] == "C.UTF-8"


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus is the desktop's on Linux")
def test_no_session_bus_is_started_where_dbus_launch_is_installed() -> None:
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == "disabled:"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
def test_a_closed_terminal_is_noticed_by_what_tests_start_also_under_nohup() -> None:
    words = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "True"
