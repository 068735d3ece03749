"""What an error of Redis means to the user, in a sentence that says what to do."""

import redis
from redis.exceptions import OutOfMemoryError

from desktop.settings import RedisSettings


def redis_trouble(error: Exception, server: RedisSettings | None) -> str:
    """Return the sentence for an error that redis-py raised, or kombu because of one.

    `server` is the one that REDIS_HOST names; None is the library's own.
    """
    where = f"The Redis at {server.host}:{server.port}" if server else "Unbraid's own Redis"
    cause = error if isinstance(error, redis.RedisError) else error.__cause__ or error
    if isinstance(cause, redis.AuthenticationError):
        return f"{where} wants another password. Set REDIS_PASSWORD."
    if isinstance(cause, (redis.ConnectionError, redis.TimeoutError)):
        return f"{where} does not answer. {_start(server)}"
    if isinstance(cause, redis.ReadOnlyError):
        return f"{where} is a read-only copy of another server. Name that server in REDIS_HOST."
    if isinstance(cause, OutOfMemoryError):
        return f"{where} has no memory left, so songs wait. Raise its maxmemory, or delete what fills it."
    return f"{where} cannot be used: {cause}."


def _start(server: RedisSettings | None) -> str:
    if server is None:
        return "Songs wait until it does. If it stays so, quit Unbraid and start it again."
    return "Start it, or name another in REDIS_HOST and REDIS_PORT; without REDIS_HOST, Unbraid runs its own."
