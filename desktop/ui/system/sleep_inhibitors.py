"""Sleep inhibitors for Linux, macOS and Windows, which keep the computer, or its screen too, on when idle.

Each inhibitor ends with this process, even if the process is killed. The user can still send the computer to sleep.
"""

import ctypes
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from enum import Enum
from typing import ClassVar, Protocol

from desktop.text.message import Message

_APP_NAME = "Unbraid"
# Seconds that an inhibiting program may take to end.
_TERMINATE_TIMEOUT_S = 1.0
# winbase.h
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED, _ES_DISPLAY_REQUIRED = 0x80000000, 0x00000001, 0x00000002
_DBUS_TIMEOUT_MS = 2000
_log = logging.getLogger(__name__)


class SleepTarget(Enum):
    """What stays awake; the value is the reason that the system may show."""

    COMPUTER = Message("Songs are being separated")
    """The screen may still turn off where the system treats it separately."""
    SCREEN = Message("A song is playing")
    """The screen, and with it the computer."""


class SleepInhibitor(Protocol):
    """Prevents sleep from `acquire` to `release`; neither method raises or blocks for long."""

    def acquire(self) -> None:
        """Prevent sleep until `release`."""
        ...

    def release(self) -> None:
        """Allow sleep again."""
        ...


class DBusInhibitor:
    """Inhibitor that uses the first available D-Bus service of the Linux desktop."""

    _SCREEN_SERVICE = ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "")
    _SERVICES: ClassVar = {
        SleepTarget.COMPUTER: (
            # The first one does not affect the screen.
            ("org.freedesktop.PowerManagement", "/org/freedesktop/PowerManagement/Inhibit", ".Inhibit"),
            _SCREEN_SERVICE,
        ),
        SleepTarget.SCREEN: (_SCREEN_SERVICE,),
    }

    def __init__(self, target: SleepTarget = SleepTarget.COMPUTER) -> None:
        self._target = target
        self._connection_name = f"unbraid-awake-{target.name.lower()}"
        self._is_held = False

    def acquire(self) -> None:
        """Send an inhibit request to the first available service."""
        # Imported on first use: the window's first paint does not need it.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        # A separate connection: the services end the inhibition when it closes, so no cookie has to be kept.
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, self._connection_name)
        self._is_held = True
        if not bus.isConnected():
            return
        for name, path, suffix in self._SERVICES[self._target]:
            if bus.interface().isServiceRegistered(name).value():
                message = QDBusMessage.createMethodCall(name, path, name + suffix, "Inhibit")
                message.setArguments([_APP_NAME, str(self._target.value)])
                bus.asyncCall(message, _DBUS_TIMEOUT_MS)
                return
        _log.info("No D-Bus service for sleep inhibition found")

    def release(self) -> None:
        """Close the connection, which ends the inhibition."""
        if self._is_held:
            from PySide6.QtDBus import QDBusConnection

            self._is_held = False
            QDBusConnection.disconnectFromBus(self._connection_name)


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
    """Inhibitor that sets the execution state of the thread, of which there is one for all inhibitors."""

    _held: ClassVar[list[int]] = []

    def __init__(self, target: SleepTarget = SleepTarget.COMPUTER) -> None:
        self._flags = _ES_SYSTEM_REQUIRED | (_ES_DISPLAY_REQUIRED if target is SleepTarget.SCREEN else 0)

    def acquire(self) -> None:
        """Declare the system, or the display too, to be in use until `release`."""
        self._held.append(self._flags)
        self._update()

    def release(self) -> None:
        """End the declaration; those of other inhibitors stay."""
        if self._flags in self._held:
            self._held.remove(self._flags)
        self._update()

    def _update(self) -> None:
        flags = _ES_CONTINUOUS
        for held in self._held:
            flags |= held
        _set_execution_state(flags)


def create_inhibitors(target: SleepTarget = SleepTarget.COMPUTER, platform: str = sys.platform) -> list[SleepInhibitor]:
    """Return the inhibitors for `platform`, a value of `sys.platform`."""
    match platform:
        case "win32":
            return [WindowsInhibitor(target)]
        case "darwin":
            # caffeinate(8): -i keeps the system from idle sleep, -d the display.
            options = "-di" if target is SleepTarget.SCREEN else "-i"
            return [ProcessInhibitor(["caffeinate", options, "-w", str(os.getpid())])]
        case _:
            # `cat` ends when its standard input closes, so the inhibition ends even if the app is killed.
            command = [
                "systemd-inhibit",
                "--what=idle",
                f"--who={_APP_NAME}",
                f"--why={target.value}",
                "--mode=block",
                "cat",
            ]
            return [DBusInhibitor(target), ProcessInhibitor(command)]


def _set_execution_state(flags: int) -> None:
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetThreadExecutionState(ctypes.c_uint(flags))
