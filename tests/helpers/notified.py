"""A desktop's notification service on a bus of its own, and the app that tells it something: prints what it was told.

dbus-run-session -- python -m tests.helpers.notified org.freedesktop.Notifications
"""

import sys

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVirtualObject

from desktop.ui.background import Background
from desktop.ui.system.news import News
from desktop.ui.system.notifier import send


class Service(QDBusVirtualObject):
    """Prints every call."""

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        if message.member() == "Introspect":
            return False
        words = ", ".join(str(argument) for argument in message.arguments())
        print(f"{message.interface()} {message.member()} {message.signature()} {words}", flush=True)
        connection.send(message.createReply(1))
        return True


def main(name: str) -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "service")
    service = Service()
    bus.registerVirtualObject("/", service, QDBusConnection.VirtualObjectRegisterOption.SubPath)
    bus.registerService(name)
    background = Background("notify")

    def end(shown: bool) -> None:
        print(shown, flush=True)
        application.quit()

    news = News("“<b>a\\\" 'b” is separated", "1 <i> & more")
    QTimer.singleShot(0, lambda: background.run(lambda: send(news), end))
    application.exec()
    background.close()


if __name__ == "__main__":
    main(sys.argv[1])
