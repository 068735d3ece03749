"""Endpoint of a library's own Redis: its unix socket or, on systems without one, a port and a password.

Port and password change with each start and are saved in a file in `Home.runtime_dir`, which only the user can read.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import redis
from redis.exceptions import OutOfMemoryError

from desktop.paths import Home
from desktop.text.message import Message
from desktop.variables import RedisSettings

LOOPBACK = "127.0.0.1"


def read_endpoint(home: Home) -> RedisSettings | None:
    """Return port and password of the library's Redis; None if it listens on a socket or is not running."""
    try:
        saved = json.loads(home.redis_endpoint_file.read_text(encoding="utf-8"))
        return RedisSettings(LOOPBACK, int(saved["port"]), 0, str(saved["password"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write_endpoint(home: Home, server: RedisSettings) -> None:
    """Save port and password of `server` in a file that only the user can read. Raises OSError."""
    home.redis_endpoint_file.unlink(missing_ok=True)
    descriptor = os.open(home.redis_endpoint_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)


def has_endpoint(home: Home) -> bool:
    """Return True if a socket or an endpoint file exists, even if Redis is no longer running."""
    return home.redis_socket.exists() or read_endpoint(home) is not None


def remove_endpoint(home: Home) -> None:
    """Delete the socket and the endpoint file: Redis has ended, or is about to be restarted."""
    for path in (home.redis_socket, home.redis_endpoint_file):
        with suppress(OSError):  # the folder does not exist; or the file stays, and Redis reports that it cannot start
            path.unlink()


def connection_kwargs(server: RedisSettings | None, home: Home) -> dict[str, Any]:
    """Return the keyword arguments for a `redis.Redis` client of `server`, or of the library's own Redis if None."""
    server = server or read_endpoint(home)
    if server is None:
        return {"unix_socket_path": str(home.redis_socket)}
    return {"host": server.host, "port": server.port, "db": server.db, "password": server.password}


def describe_redis_error(error: Exception, server: RedisSettings | None) -> Message:
    """Return the message for the user for an error of redis-py, or of kombu caused by one.

    `server` is the external Redis; None means the library's own.
    """
    name = (
        Message("The Redis at {host}:{port}", host=server.host, port=server.port)
        if server
        else Message("Unbraid's own Redis")
    )
    cause = error if isinstance(error, redis.RedisError) else error.__cause__ or error
    if isinstance(cause, redis.AuthenticationError):
        return Message("{redis} needs a different password. Set REDIS_PASSWORD.", redis=name)
    if isinstance(cause, (redis.ConnectionError, redis.TimeoutError)):
        return Message("{redis} does not answer. {advice}", redis=name, advice=_start_advice(server))
    if isinstance(cause, redis.ReadOnlyError):
        return Message("{redis} is a read-only copy of another server. Set REDIS_HOST to that server.", redis=name)
    if isinstance(cause, OutOfMemoryError):
        return Message(
            "{redis} has no memory left, so songs wait. Raise its maxmemory, or delete data from it.", redis=name
        )
    return Message("{redis} cannot be used: {cause}.", redis=name, cause=str(cause))


def _start_advice(server: RedisSettings | None) -> Message:
    if server is None:
        return Message("Songs wait until it does. If this lasts, quit Unbraid, then start it again.")
    return Message(
        "Start it, or set REDIS_HOST and REDIS_PORT to another server. Without REDIS_HOST, Unbraid runs its own."
    )
