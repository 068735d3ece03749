"""A client of the Redis that Celery uses."""

import redis

from desktop.paths import home
from desktop.settings import external_redis, redis_from_environment


def redis_client(timeout: float | None = 5.0) -> "redis.Redis":
    """A client that answers in strings. `timeout` (seconds) bounds connecting and every answer; None waits."""
    server = external_redis()
    socket = home().socket
    if server is None and socket.exists():
        return redis.Redis(unix_socket_path=str(socket), socket_timeout=timeout, decode_responses=True)
    server = server or redis_from_environment()
    return redis.Redis(
        server.host,
        server.port,
        server.db,
        server.password,
        socket_timeout=timeout,
        socket_connect_timeout=5.0,
        decode_responses=True,
    )
