"""One window a library: a second start hands its files to the first one's window, which comes to the front.

The words that pass through the door are the same in every version: a newer program's files go to the window of an older
one. So none is ever changed.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop.lock import FileLock
from desktop.paths import Home

# A window that does not answer in this time hangs, and a new one is better than none (milliseconds).
_PATIENCE = 3000
# How long another process may take from its start to its window (seconds), and between looks at whether it is there.
_LONGEST_START, _GLANCE = 15.0, 0.05
_TAKEN = b"taken\n"
_ANYBODY = -1  # winuser.h


class Door(QObject):
    """A local socket that only this user can open."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._name = _server_name(home)
        self._lock = FileLock(home.window_lock)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        self._visited: Callable[[Sequence[Path]], None] | None = None

    def hand_over(self, files: Sequence[Path]) -> bool:
        """Give the files to the window that is open already, or is being opened. False when there is none.

        Raises OSError when the library cannot be written.
        """
        end = monotonic() + _LONGEST_START
        while True:
            socket = QLocalSocket()
            socket.connectToServer(self._name)
            if socket.waitForConnected(_PATIENCE):
                return _handed_over(socket, files)
            # Songs that are opened together may start a process each: the first of them is to have the window.
            if self._lock.take() or monotonic() > end:
                return False
            sleep(_GLANCE)

    def open(self, visited: Callable[[Sequence[Path]], None]) -> None:
        """Be the first window: `visited` is called with the files of every later start."""
        self._visited = visited
        QLocalServer.removeServer(self._name)  # left by a killed window
        self._server.listen(self._name)

    def close(self) -> None:
        """The window goes: the next start opens one of its own."""
        self._server.close()
        self._lock.release()

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


def _server_name(home: Home) -> str:
    """Return the name of the socket: the same for every process, whatever its environment."""
    name = f"{home.run.name}-window"
    # Qt would look where TMPDIR says. This is where every version has looked that found no TMPDIR.
    return f"/tmp/{name}" if sys.platform == "linux" else name


def _handed_over(socket: QLocalSocket, files: Sequence[Path]) -> bool:
    if sys.platform == "win32":
        # That program alone may raise its window which the user has just used: us, and not the open window.
        ctypes.windll.user32.AllowSetForegroundWindow(_ANYBODY)
    names = [os.fsencode(file.absolute()).hex() for file in files]
    socket.write(json.dumps(names).encode() + b"\n")
    return socket.waitForReadyRead(_PATIENCE) and bytes(socket.readAll().data()) == _TAKEN
