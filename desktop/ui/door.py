"""One window a library: a second start hands its files to the first one's window, which comes to the front."""

import ctypes
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QObject, QThread
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop.lock import FileLock
from desktop.paths import Home

# A window that does not answer in this time hangs, and a new one is better than none (milliseconds).
_PATIENCE = 3000
# Between looks at whether another start, which was quicker, has opened its door (milliseconds).
_GLANCE = 20
_ANYBODY = -1  # winuser.h
_TAKEN = b"taken\n"


class Door(QObject):
    """A local socket that only this user can open."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._name = f"{home.run.name}-window"
        self._first = FileLock(home.window_lock)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        self._visited: Callable[[Sequence[Path]], None] | None = None

    def hand_over(self, files: Sequence[Path]) -> bool:
        """Give the files to the window that is open already, or about to be. False when there is none."""
        socket, end = QLocalSocket(), QDeadlineTimer(_PATIENCE)
        while not self._connected(socket):
            # A file manager starts one process for each file that was selected, all at once.
            if self._first.take() or end.hasExpired():
                return False
            QThread.msleep(_GLANCE)
        _let_others_come_to_the_front()
        names = [os.fsencode(file.absolute()).hex() for file in files]
        socket.write(json.dumps(names).encode() + b"\n")
        return socket.waitForReadyRead(_PATIENCE) and bytes(socket.readAll().data()) == _TAKEN

    def _connected(self, socket: QLocalSocket) -> bool:
        socket.connectToServer(self._name)
        return socket.waitForConnected(_PATIENCE)

    def open(self, visited: Callable[[Sequence[Path]], None]) -> None:
        """Be the first window: `visited` is called with the files of every later start."""
        self._visited = visited
        QLocalServer.removeServer(self._name)  # left by a killed window
        self._server.listen(self._name)

    def _answer(self) -> None:
        visitor = self._server.nextPendingConnection()
        visitor.readyRead.connect(lambda: self._read(visitor))
        visitor.disconnected.connect(visitor.deleteLater)
        if visitor.bytesAvailable():
            self._read(visitor)

    def _read(self, visitor: QLocalSocket) -> None:
        if not visitor.canReadLine() or self._visited is None:
            return
        names = json.loads(bytes(visitor.readLine().data()))
        visitor.write(_TAKEN)
        visitor.flush()  # before the files are looked at, which may take a moment
        self._visited([Path(os.fsdecode(bytes.fromhex(name))) for name in names])


def _let_others_come_to_the_front() -> None:
    """Windows lets only that program raise its window which the user has just used: us, and not the open window."""
    if sys.platform == "win32":
        ctypes.windll.user32.AllowSetForegroundWindow(_ANYBODY)
