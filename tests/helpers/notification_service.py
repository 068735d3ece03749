"""A fake notification service on a private D-Bus, and the app's notification that calls it; prints every call.

dbus-run-session -- python -m tests.helpers.notification_service org.freedesktop.Notifications
"""

import sys

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVirtualObject

from desktop.ui.core.background import BackgroundRunner
from desktop.ui.system.notifications import Notification, send_notification


class FakeNotificationService(QDBusVirtualObject):
    """Prints every call."""

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        if message.member() == "Introspect":
            return False
        arguments = ", ".join(str(argument) for argument in message.arguments())
        print(f"{message.interface()} {message.member()} {message.signature()} {arguments}", flush=True)
        connection.send(message.createReply(1))
        return True


def main(service_name: str) -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "service")
    service = FakeNotificationService()
    bus.registerVirtualObject("/", service, QDBusConnection.VirtualObjectRegisterOption.SubPath)
    bus.registerService(service_name)
    background = BackgroundRunner("notify")

    def on_sent(was_shown: bool) -> None:
        print(was_shown, flush=True)
        application.quit()

    notification = Notification("“<b>a\\\" 'b” has been separated", "1 <i> & more")
    QTimer.singleShot(0, lambda: background.run(lambda: send_notification(notification), on_sent))
    application.exec()
    background.close()


if __name__ == "__main__":
    main(sys.argv[1])
