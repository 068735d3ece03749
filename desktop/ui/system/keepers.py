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

WHY = "Songs are being separated"
_WHO = "Unbraid"
# Seconds that a program may take to end.
_PATIENCE = 1.0
_log = logging.getLogger(__name__)
# winbase.h
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001
_BUS = "unbraid-awake"
_PATIENCE_MS = 2000


class Keeper(Protocol):
    """Keeps the computer awake from `take` to `give_back`. Neither ever raises or waits for long."""

    def take(self) -> None:
        """Keep it awake."""
        ...

    def give_back(self) -> None:
        """Let it sleep when it likes."""
        ...


class DesktopKeeper:
    """Asks the Linux desktop's own services, whichever is there."""

    _SERVICES = (
        # The first one leaves the screen alone.
        ("org.freedesktop.PowerManagement", "/org/freedesktop/PowerManagement/Inhibit", ".Inhibit"),
        ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", ""),
    )

    def __init__(self) -> None:
        self._held = False

    def take(self) -> None:
        """Ask the first service that is there."""
        # Imported at first use: the window's first paint needs none of it.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        # On a connection of its own: the services let go when that ends, so no cookie has to be kept.
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, _BUS)
        self._held = True
        if not bus.isConnected():
            return
        for name, path, suffix in self._SERVICES:
            if bus.interface().isServiceRegistered(name).value():
                message = QDBusMessage.createMethodCall(name, path, name + suffix, "Inhibit")
                message.setArguments([_WHO, WHY])
                bus.asyncCall(message, _PATIENCE_MS)
                return
        _log.info("No service of this desktop keeps the computer awake")

    def give_back(self) -> None:
        """End the connection."""
        if self._held:
            from PySide6.QtDBus import QDBusConnection

            self._held = False
            QDBusConnection.disconnectFromBus(_BUS)


class ChildKeeper:
    """Runs a program of the system's that keeps it awake for as long as it runs, or its standard input is open."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._child: subprocess.Popen[bytes] | None = None

    def take(self) -> None:
        """Start it, where it is installed."""
        program = shutil.which(self._words[0])
        if program is None or self._child is not None:
            return
        try:
            self._child = subprocess.Popen(
                [program, *self._words[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            _log.info("%s cannot be started: %s", self._words[0], error)

    def give_back(self) -> None:
        """End it."""
        child, self._child = self._child, None
        if child is not None:
            if child.stdin:
                child.stdin.close()
            child.terminate()
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:  # the window's thread waits here
                child.kill()


class WindowsKeeper:
    """Tells Windows that the system is in use."""

    def take(self) -> None:
        """Until further notice."""
        _set_execution_state(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED)

    def give_back(self) -> None:
        """No more."""
        _set_execution_state(_ES_CONTINUOUS)


def _set_execution_state(flags: int) -> None:
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetThreadExecutionState(ctypes.c_uint(flags))


def keepers(platform: str = sys.platform) -> list[Keeper]:
    """All that can help on this system."""
    match platform:
        case "win32":
            return [WindowsKeeper()]
        case "darwin":
            return [ChildKeeper(["caffeinate", "-i", "-w", str(os.getpid())])]
        case _:
            # `cat` ends with its standard input, so that nothing is left of a window that was killed.
            words = ["systemd-inhibit", "--what=idle", f"--who={_WHO}", f"--why={WHY}", "--mode=block", "cat"]
            return [DesktopKeeper(), ChildKeeper(words)]
