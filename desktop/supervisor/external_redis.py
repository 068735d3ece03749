"""The Redis that somebody else runs: asked whether it is there before a worker waits for it."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.errors import ServiceUnavailableError
from desktop.settings import RedisSettings

_PATIENCE = 5.0


def check_external(server: RedisSettings) -> None:
    """Raise ServiceUnavailableError unless `server` answers and lets us in."""
    where = f"The Redis at {server.host}:{server.port}"
    with redis.Redis(
        server.host, server.port, server.db, server.password,
        socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0),
    ) as client:  # fmt: skip
        try:
            client.ping()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if isinstance(error, redis.AuthenticationError):
                raise ServiceUnavailableError(f"{where} wants another password. Set REDIS_PASSWORD.") from error
            raise ServiceUnavailableError(
                f"{where} does not answer. Start it, or name another in REDIS_HOST and REDIS_PORT; without REDIS_HOST, "
                "Unbraid runs its own."
            ) from error
        except redis.RedisError as error:
            raise ServiceUnavailableError(f"{where} cannot be used: {error}.") from error
