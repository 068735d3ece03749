"""Where a library's own Redis is reached: on its unix socket; where none can be had, on a port, with a password.

The port and the password of this start of it lie in a file beside where the socket would be, in a folder that is the
user's alone.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import redis
from redis.exceptions import OutOfMemoryError

from desktop.paths import Home
from desktop.settings import RedisSettings

LOOPBACK = "127.0.0.1"


def read_endpoint(home: Home) -> RedisSettings | None:
    """Where it listens on a port; None when it does not, or does not run."""
    try:
        saved = json.loads(home.redis_endpoint_file.read_text(encoding="utf-8"))
        return RedisSettings(LOOPBACK, int(saved["port"]), 0, str(saved["password"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write_endpoint(home: Home, server: RedisSettings) -> None:
    """Write down where it listens, for this user alone. Raises OSError."""
    home.redis_endpoint_file.unlink(missing_ok=True)
    descriptor = os.open(home.redis_endpoint_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)


def has_endpoint(home: Home) -> bool:
    """True while there is a way to it; whether it still runs is another matter."""
    return home.redis_socket.exists() or read_endpoint(home) is not None


def remove_endpoint(home: Home) -> None:
    """No more: it has ended, or is about to be started anew."""
    for path in (home.redis_socket, home.redis_endpoint_file):
        with suppress(OSError):  # there was no folder for it; or it stays, and Redis says that it cannot start
            path.unlink()


def connection_kwargs(server: RedisSettings | None, home: Home) -> dict[str, Any]:
    """What a client of `server`, or of the library's own, is made with."""
    server = server or read_endpoint(home)
    if server is None:
        return {"unix_socket_path": str(home.redis_socket)}
    return {"host": server.host, "port": server.port, "db": server.db, "password": server.password}


def describe_redis_error(error: Exception, server: RedisSettings | None) -> str:
    """Return the sentence for an error that redis-py raised, or kombu because of one.

    `server` is the one that REDIS_HOST names; None is the library's own.
    """
    where = f"The Redis at {server.host}:{server.port}" if server else "Unbraid's own Redis"
    cause = error if isinstance(error, redis.RedisError) else error.__cause__ or error
    if isinstance(cause, redis.AuthenticationError):
        return f"{where} wants another password. Set REDIS_PASSWORD."
    if isinstance(cause, (redis.ConnectionError, redis.TimeoutError)):
        return f"{where} does not answer. {_start_advice(server)}"
    if isinstance(cause, redis.ReadOnlyError):
        return f"{where} is a read-only copy of another server. Name that server in REDIS_HOST."
    if isinstance(cause, OutOfMemoryError):
        return f"{where} has no memory left, so songs wait. Raise its maxmemory, or delete what fills it."
    return f"{where} cannot be used: {cause}."


def _start_advice(server: RedisSettings | None) -> str:
    if server is None:
        return "Songs wait until it does. If it stays so, quit Unbraid and start it again."
    return "Start it, or name another in REDIS_HOST and REDIS_PORT; without REDIS_HOST, Unbraid runs its own."
