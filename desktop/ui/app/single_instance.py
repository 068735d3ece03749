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

from desktop.paths import Home
from desktop.runtime.file_lock import FileLock

# A window that does not answer in this time hangs, and a new one is better than none (milliseconds).
_REPLY_TIMEOUT_MS = 3000
# How long another process may take from its start to its window (seconds), and between looks at whether it is there.
_STARTUP_TIMEOUT_S, _POLL_INTERVAL_S = 15.0, 0.05
_ACKNOWLEDGEMENT = b"taken\n"
_ASFW_ANY = -1  # winuser.h


class SingleInstance(QObject):
    """A local socket that only this user can open."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._name = _server_name(home)
        self._lock = FileLock(home.window_lock)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept_connection)
        self._on_files_received: Callable[[Sequence[Path]], None] | None = None

    def send_files(self, files: Sequence[Path]) -> bool:
        """Give the files to the window that is open already, or is being opened. False when there is none.

        Raises OSError when the library cannot be written.
        """
        deadline = monotonic() + _STARTUP_TIMEOUT_S
        while True:
            socket = QLocalSocket()
            socket.connectToServer(self._name)
            if socket.waitForConnected(_REPLY_TIMEOUT_MS):
                return _send_files(socket, files)
            # Songs that are opened together may start a process each: the first of them is to have the window.
            if self._lock.acquire() or monotonic() > deadline:
                return False
            sleep(_POLL_INTERVAL_S)

    def listen(self, on_files_received: Callable[[Sequence[Path]], None]) -> None:
        """Be the first window: `visited` is called with the files of every later start."""
        self._on_files_received = on_files_received
        QLocalServer.removeServer(self._name)  # left by a killed window
        self._server.listen(self._name)

    def close(self) -> None:
        """The window goes: the next start opens one of its own."""
        self._server.close()
        self._lock.release()

    def _accept_connection(self) -> None:
        client = self._server.nextPendingConnection()
        client.readyRead.connect(lambda: self._read_files(client))
        client.disconnected.connect(client.deleteLater)
        if client.bytesAvailable():
            self._read_files(client)

    def _read_files(self, client: QLocalSocket) -> None:
        if not client.canReadLine() or self._on_files_received is None:
            return
        names = json.loads(bytes(client.readLine().data()))
        client.write(_ACKNOWLEDGEMENT)
        client.flush()  # before the files are looked at, which may take a moment
        self._on_files_received([Path(os.fsdecode(bytes.fromhex(name))) for name in names])


def _server_name(home: Home) -> str:
    """Return the name of the socket: the same for every process, whatever its environment."""
    name = f"{home.runtime_dir.name}-window"
    # Qt would look where TMPDIR says. This is where every version has looked that found no TMPDIR.
    return f"/tmp/{name}" if sys.platform == "linux" else name


def _send_files(socket: QLocalSocket, files: Sequence[Path]) -> bool:
    if sys.platform == "win32":
        # That program alone may raise its window which the user has just used: us, and not the open window.
        ctypes.windll.user32.AllowSetForegroundWindow(_ASFW_ANY)
    names = [os.fsencode(file.absolute()).hex() for file in files]
    socket.write(json.dumps(names).encode() + b"\n")
    return socket.waitForReadyRead(_REPLY_TIMEOUT_MS) and bytes(socket.readAll().data()) == _ACKNOWLEDGEMENT
