"""Where a library's own Redis is reached: on its unix socket; where none can be had, on a port, with a password.

The port and the password of this start of it lie in a file beside where the socket would be, in a folder that is the
user's alone.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from desktop.paths import Home
from desktop.settings import RedisSettings

LOOPBACK = "127.0.0.1"


def own_port(home: Home) -> RedisSettings | None:
    """Where it listens on a port; None when it does not, or does not run."""
    try:
        said = json.loads(home.port.read_text(encoding="utf-8"))
        return RedisSettings(LOOPBACK, int(said["port"]), 0, str(said["password"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def tell_port(home: Home, server: RedisSettings) -> None:
    """Write down where it listens, for this user alone. Raises OSError."""
    home.port.unlink(missing_ok=True)
    descriptor = os.open(home.port, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)


def is_told(home: Home) -> bool:
    """True while there is a way to it; whether it still runs is another matter."""
    return home.socket.exists() or own_port(home) is not None


def forget(home: Home) -> None:
    """No more: it has ended, or is about to be started anew."""
    for place in (home.socket, home.port):
        with suppress(OSError):  # there was no folder for it; or it stays, and Redis says that it cannot start
            place.unlink()


def connection(server: RedisSettings | None, home: Home) -> dict[str, Any]:
    """What a client of `server`, or of the library's own, is made with."""
    server = server or own_port(home)
    if server is None:
        return {"unix_socket_path": str(home.socket)}
    return {"host": server.host, "port": server.port, "db": server.db, "password": server.password}
