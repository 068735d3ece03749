"""Tests are the same on every machine: the environment of the tests, and of the processes that they start."""

import os
import signal
import subprocess
import sys

import pytest


def test_tests_do_not_inherit_display_session_or_language() -> None:
    inherited = [name for name in os.environ if name.startswith(("XDG_", "PULSE_", "QT_QPA_", "REDIS_", "CELERY_"))]
    assert not inherited
    assert not {"DISPLAY", "WAYLAND_DISPLAY", "COLUMNS", "http_proxy"} & os.environ.keys()
    assert os.environ["LC_ALL"] == "C.UTF-8"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux desktops use D-Bus")
def test_session_bus_is_disabled_even_if_dbus_launch_is_installed() -> None:
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == "disabled:"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_child_process_does_not_ignore_sighup_even_under_nohup() -> None:
    command = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "True"
