"""A desktop's service on a bus of its own, and the app's keeper that asks it: prints what the service was told.

dbus-run-session -- python -m tests.helpers.inhibitor org.freedesktop.ScreenSaver
"""

import sys

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusServiceWatcher,
    QDBusVirtualObject,
)

from desktop.ui.system.keepers import DesktopKeeper


class Service(QDBusVirtualObject):
    """Answers every call with a cookie, and watches whether the caller is still there."""

    def __init__(self, bus: QDBusConnection) -> None:
        super().__init__()
        self.bus = bus
        self.watcher = QDBusServiceWatcher()
        self.watcher.setConnection(bus)
        self.watcher.setWatchMode(QDBusServiceWatcher.WatchModeFlag.WatchForUnregistration)

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        words = ", ".join(str(argument) for argument in message.arguments())
        print(f"{message.interface()} {message.member()} {message.signature()} {words}", flush=True)
        self.watcher.addWatchedService(message.service())
        connection.send(message.createReply(7))
        return True


def main(name: str) -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "service")
    service = Service(bus)
    bus.registerVirtualObject("/", service, QDBusConnection.VirtualObjectRegisterOption.SubPath)
    bus.registerService(name)
    keeper = DesktopKeeper()

    def gone() -> None:
        print("gone", flush=True)
        application.quit()

    service.watcher.serviceUnregistered.connect(gone)
    QTimer.singleShot(0, keeper.take)
    QTimer.singleShot(500, keeper.give_back)
    if "freedesktop" not in name:  # nobody will have called
        QTimer.singleShot(1000, gone)
    QTimer.singleShot(10_000, application.quit)
    application.exec()


if __name__ == "__main__":
    main(sys.argv[1])
