"""A fake desktop service for sleep inhibition, and the app's inhibitor that calls it; prints every call.

dbus-run-session -- python -m tests.helpers.inhibitor org.freedesktop.ScreenSaver COMPUTER
"""

import sys

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusServiceWatcher,
    QDBusVirtualObject,
)

from desktop.ui.system.sleep_inhibitors import DBusInhibitor, SleepTarget


class FakeInhibitorService(QDBusVirtualObject):
    """Answers every call with a cookie, and reports when the caller leaves the bus."""

    def __init__(self, bus: QDBusConnection) -> None:
        super().__init__()
        self.bus = bus
        self.watcher = QDBusServiceWatcher()
        self.watcher.setConnection(bus)
        self.watcher.setWatchMode(QDBusServiceWatcher.WatchModeFlag.WatchForUnregistration)

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        arguments = ", ".join(str(argument) for argument in message.arguments())
        print(f"{message.interface()} {message.member()} {message.signature()} {arguments}", flush=True)
        self.watcher.addWatchedService(message.service())
        connection.send(message.createReply(7))
        return True


def main(service_name: str, target: str) -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "service")
    service = FakeInhibitorService(bus)
    bus.registerVirtualObject("/", service, QDBusConnection.VirtualObjectRegisterOption.SubPath)
    bus.registerService(service_name)
    inhibitor = DBusInhibitor(SleepTarget[target])

    def on_caller_gone() -> None:
        print("gone", flush=True)
        application.quit()

    service.watcher.serviceUnregistered.connect(on_caller_gone)
    QTimer.singleShot(0, inhibitor.acquire)
    QTimer.singleShot(500, inhibitor.release)
    if "freedesktop" not in service_name:  # the inhibitor does not call this service
        QTimer.singleShot(1000, on_caller_gone)
    QTimer.singleShot(10_000, application.quit)
    application.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
