"""Fake desktop services on a private D-Bus: a tray, notifications, and the screen saver service.

Run as a program, it offers these services and prints every call; `desktop_bus` runs it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant, QDBusVirtualObject

from tests.helpers.command import ROOT
from tests.helpers.library import wait_until

SERVICE_NAMES = ("org.kde.StatusNotifierWatcher", "org.freedesktop.Notifications", "org.freedesktop.ScreenSaver")
READY_LINE = "ready"


class FakeDesktopServices(QDBusVirtualObject):
    """Prints every call and replies with success, but does nothing else."""

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        if message.member() == "Introspect":
            return False
        print(message.member(), ", ".join(str(argument) for argument in message.arguments()), flush=True)
        if message.member() == "Get":  # is there a tray?
            connection.send(message.createReply(QDBusVariant(True)))
        else:
            connection.send(message.createReply(1))
        return True


@contextmanager
def desktop_bus(log_path: Path) -> Iterator[str]:
    """Run the bus and the services, and yield the bus address. Write every call to `log_path`, one per line."""
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as daemon:  # fmt: skip
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        environment = {"DBUS_SESSION_BUS_ADDRESS": address, "PATH": "/usr/bin:/bin"}
        with (
            log_path.open("w") as out,
            subprocess.Popen(
                [sys.executable, "-m", "tests.helpers.desktop_services"], cwd=ROOT, env=environment, stdout=out
            ) as services,
        ):
            try:
                wait_until(lambda: READY_LINE in log_path.read_text())
                yield address
            finally:
                services.terminate()
                daemon.terminate()


def main() -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.sessionBus()
    services = FakeDesktopServices()
    bus.registerVirtualObject("/", services, QDBusConnection.VirtualObjectRegisterOption.SubPath)
    for name in SERVICE_NAMES:
        assert bus.registerService(name)
    print(READY_LINE, flush=True)
    application.exec()


if __name__ == "__main__":
    main()
