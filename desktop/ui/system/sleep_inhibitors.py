"""Sleep inhibitors for Linux, macOS and Windows, which keep the computer from going to sleep when idle.

Each inhibitor ends with this process, even if the process is killed. The screen may still turn off where the system
treats it separately, and the user can still send the computer to sleep.
"""

import ctypes
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

from desktop.text.message import Message

INHIBIT_REASON = Message("Songs are being separated")
_APP_NAME = "Unbraid"
# Seconds that an inhibiting program may take to end.
_TERMINATE_TIMEOUT_S = 1.0
# winbase.h
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001
_BUS_CONNECTION_NAME = "unbraid-awake"
_DBUS_TIMEOUT_MS = 2000
_log = logging.getLogger(__name__)


class SleepInhibitor(Protocol):
    """Keeps the computer awake from `acquire` to `release`; neither method raises or blocks for long."""

    def acquire(self) -> None:
        """Keep the computer awake until `release`."""
        ...

    def release(self) -> None:
        """Allow the computer to sleep again."""
        ...


class DBusInhibitor:
    """Inhibitor that uses the first available D-Bus service of the Linux desktop."""

    _SERVICES = (
        # The first one does not affect the screen.
        ("org.freedesktop.PowerManagement", "/org/freedesktop/PowerManagement/Inhibit", ".Inhibit"),
        ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", ""),
    )

    def __init__(self) -> None:
        self._is_held = False

    def acquire(self) -> None:
        """Send an inhibit request to the first available service."""
        # Imported on first use: the window's first paint does not need it.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        # A separate connection: the services end the inhibition when it closes, so no cookie has to be kept.
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, _BUS_CONNECTION_NAME)
        self._is_held = True
        if not bus.isConnected():
            return
        for name, path, suffix in self._SERVICES:
            if bus.interface().isServiceRegistered(name).value():
                message = QDBusMessage.createMethodCall(name, path, name + suffix, "Inhibit")
                message.setArguments([_APP_NAME, str(INHIBIT_REASON)])
                bus.asyncCall(message, _DBUS_TIMEOUT_MS)
                return
        _log.info("No D-Bus service for sleep inhibition found")

    def release(self) -> None:
        """Close the connection, which ends the inhibition."""
        if self._is_held:
            from PySide6.QtDBus import QDBusConnection

            self._is_held = False
            QDBusConnection.disconnectFromBus(_BUS_CONNECTION_NAME)


class ProcessInhibitor:
    """Inhibitor that runs a system program which keeps the computer awake until the program ends."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def acquire(self) -> None:
        """Start the program, if it is installed."""
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
            _log.info("Sleep inhibitor %s did not start: %s", self._command[0], error)

    def release(self) -> None:
        """Terminate the program, and kill it if it does not end within 1 s."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(_TERMINATE_TIMEOUT_S)
            except subprocess.TimeoutExpired:  # this blocks the GUI thread, so do not wait longer
                process.kill()


class WindowsInhibitor:
    """Inhibitor that sets the thread execution state of Windows."""

    def acquire(self) -> None:
        """Declare the system to be in use until `release`."""
        _set_execution_state(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED)

    def release(self) -> None:
        """Reset the execution state."""
        _set_execution_state(_ES_CONTINUOUS)


def create_inhibitors(platform: str = sys.platform) -> list[SleepInhibitor]:
    """Return the inhibitors for `platform`, a value of `sys.platform`."""
    match platform:
        case "win32":
            return [WindowsInhibitor()]
        case "darwin":
            return [ProcessInhibitor(["caffeinate", "-i", "-w", str(os.getpid())])]
        case _:
            # `cat` ends when its standard input closes, so the inhibition ends even if the app is killed.
            command = [
                "systemd-inhibit",
                "--what=idle",
                f"--who={_APP_NAME}",
                f"--why={INHIBIT_REASON}",
                "--mode=block",
                "cat",
            ]
            return [DBusInhibitor(), ProcessInhibitor(command)]


def _set_execution_state(flags: int) -> None:
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetThreadExecutionState(ctypes.c_uint(flags))
