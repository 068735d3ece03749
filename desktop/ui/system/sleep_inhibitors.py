"""The ways to keep a computer from going to sleep by itself. Each lets go when this process ends, however it ends.

The screen may go dark all the same where the system can tell the two apart, and nothing keeps a user from sending the
computer to sleep.
"""

import ctypes
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

INHIBIT_REASON = "Songs are being separated"
_APP_NAME = "Unbraid"
# Seconds that a program may take to end.
_TERMINATE_TIMEOUT_S = 1.0
_log = logging.getLogger(__name__)
# winbase.h
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001
_BUS_CONNECTION_NAME = "unbraid-awake"
_DBUS_TIMEOUT_MS = 2000


class SleepInhibitor(Protocol):
    """Keeps the computer awake from `take` to `give_back`. Neither ever raises or waits for long."""

    def acquire(self) -> None:
        """Keep it awake."""
        ...

    def release(self) -> None:
        """Let it sleep when it likes."""
        ...


class DBusInhibitor:
    """Asks the Linux desktop's own services, whichever is there."""

    _SERVICES = (
        # The first one leaves the screen alone.
        ("org.freedesktop.PowerManagement", "/org/freedesktop/PowerManagement/Inhibit", ".Inhibit"),
        ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", ""),
    )

    def __init__(self) -> None:
        self._is_held = False

    def acquire(self) -> None:
        """Ask the first service that is there."""
        # Imported at first use: the window's first paint needs none of it.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        # On a connection of its own: the services let go when that ends, so no cookie has to be kept.
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, _BUS_CONNECTION_NAME)
        self._is_held = True
        if not bus.isConnected():
            return
        for name, path, suffix in self._SERVICES:
            if bus.interface().isServiceRegistered(name).value():
                message = QDBusMessage.createMethodCall(name, path, name + suffix, "Inhibit")
                message.setArguments([_APP_NAME, INHIBIT_REASON])
                bus.asyncCall(message, _DBUS_TIMEOUT_MS)
                return
        _log.info("No service of this desktop keeps the computer awake")

    def release(self) -> None:
        """End the connection."""
        if self._is_held:
            from PySide6.QtDBus import QDBusConnection

            self._is_held = False
            QDBusConnection.disconnectFromBus(_BUS_CONNECTION_NAME)


class ProcessInhibitor:
    """Runs a program of the system's that keeps it awake for as long as it runs, or its standard input is open."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def acquire(self) -> None:
        """Start it, where it is installed."""
        program = shutil.which(self._command[0])
        if program is None or self._process is not None:
            return
        try:
            self._process = subprocess.Popen(
                [program, *self._command[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            _log.info("%s cannot be started: %s", self._command[0], error)

    def release(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(_TERMINATE_TIMEOUT_S)
            except subprocess.TimeoutExpired:  # the window's thread waits here
                process.kill()


class WindowsInhibitor:
    """Tells Windows that the system is in use."""

    def acquire(self) -> None:
        """Until further notice."""
        _set_execution_state(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED)

    def release(self) -> None:
        """No more."""
        _set_execution_state(_ES_CONTINUOUS)


def _set_execution_state(flags: int) -> None:
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetThreadExecutionState(ctypes.c_uint(flags))


def create_inhibitors(platform: str = sys.platform) -> list[SleepInhibitor]:
    """All that can help on this system."""
    match platform:
        case "win32":
            return [WindowsInhibitor()]
        case "darwin":
            return [ProcessInhibitor(["caffeinate", "-i", "-w", str(os.getpid())])]
        case _:
            # `cat` ends with its standard input, so that nothing is left of a window that was killed.
            command = [
                "systemd-inhibit",
                "--what=idle",
                f"--who={_APP_NAME}",
                f"--why={INHIBIT_REASON}",
                "--mode=block",
                "cat",
            ]
            return [DBusInhibitor(), ProcessInhibitor(command)]
