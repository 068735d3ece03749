"""One window a library: a second start hands its files to the first one's window, which comes to the front."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop.paths import Home

# A window that does not answer in this time hangs, and a new one is better than none (milliseconds).
_PATIENCE = 3000
_TAKEN = b"taken\n"


class Door(QObject):
    """A local socket that only this user can open."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._name = f"{home.run.name}-window"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        self._visited: Callable[[Sequence[Path]], None] | None = None

    def hand_over(self, files: Sequence[Path]) -> bool:
        """Give the files to the window that is open already. False when there is none."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_PATIENCE):
            return False
        names = [os.fsencode(file.absolute()).hex() for file in files]
        socket.write(json.dumps(names).encode() + b"\n")
        return socket.waitForReadyRead(_PATIENCE) and bytes(socket.readAll().data()) == _TAKEN

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
        self._visited([Path(os.fsdecode(bytes.fromhex(name))) for name in names])
