"""One window per library: a second process sends its files to the window of the first, which comes to the front.

The protocol must never change: a newer version may send files to the window of an older one.
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

# Milliseconds after which an open window counts as hung, so that a new one is opened. On a busy machine, a window that
# works may take seconds to reply, and a second one would add the files a second time.
_REPLY_TIMEOUT_MS = 15_000
# Seconds that another process may take from its start to its window, and seconds between two attempts to connect.
_STARTUP_TIMEOUT_S, _POLL_INTERVAL_S = 15.0, 0.05
_ACKNOWLEDGEMENT = b"taken\n"
_ASFW_ANY = -1  # winuser.h


class SingleInstance(QObject):
    """Local socket, accessible to this user only, that receives files from later processes."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._name = _server_name(home)
        self._lock = FileLock(home.window_lock)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept_connection)
        self._on_files_received: Callable[[Sequence[Path]], None] | None = None

    def send_files(self, files: Sequence[Path]) -> bool:
        """Send `files` to the window that is open or about to open; return False if there is none.

        Waits up to 15 s for a window that is about to open. Raises OSError if the lock file cannot be created in the
        library.
        """
        deadline = monotonic() + _STARTUP_TIMEOUT_S
        while True:
            socket = QLocalSocket()
            socket.connectToServer(self._name)
            if socket.waitForConnected(_REPLY_TIMEOUT_MS):
                return _send_files(socket, files)
            # Opening several files at once may start one process for each; the one that gets the lock opens the window.
            if self._lock.acquire() or monotonic() > deadline:
                return False
            sleep(_POLL_INTERVAL_S)

    def listen(self, on_files_received: Callable[[Sequence[Path]], None]) -> None:
        """Start listening; `on_files_received` is called with the files of each later process."""
        self._on_files_received = on_files_received
        QLocalServer.removeServer(self._name)  # left by a killed window
        self._server.listen(self._name)

    def close(self) -> None:
        """Stop listening and release the lock, so that the next process opens its own window."""
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
        client.flush()  # before the files are examined, which may take a moment
        self._on_files_received([Path(os.fsdecode(bytes.fromhex(name))) for name in names])


def _server_name(home: Home) -> str:
    """Return the name of the socket, which does not depend on the environment of the process."""
    name = f"{home.runtime_dir.name}-window"
    # Qt would use TMPDIR. All versions without TMPDIR in their environment have used this path.
    return f"/tmp/{name}" if sys.platform == "linux" else name


def _send_files(socket: QLocalSocket, files: Sequence[Path]) -> bool:
    if sys.platform == "win32":
        # Windows lets only the program that the user has just used raise a window: this process, not the open window.
        ctypes.windll.user32.AllowSetForegroundWindow(_ASFW_ANY)
    names = [os.fsencode(file.absolute()).hex() for file in files]
    socket.write(json.dumps(names).encode() + b"\n")
    return socket.waitForReadyRead(_REPLY_TIMEOUT_MS) and bytes(socket.readAll().data()) == _ACKNOWLEDGEMENT
