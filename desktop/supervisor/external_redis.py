"""The Redis that somebody else runs: tried before a worker waits for it."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.errors import ServiceUnavailableError
from desktop.redis_trouble import redis_trouble
from desktop.settings import RedisSettings

_PATIENCE = 5.0
# Written, not only asked for: a full server and a read-only one answer every ping. It is gone after a second.
_KEY = "unbraid:check"


def check_external(server: RedisSettings) -> None:
    """Raise ServiceUnavailableError unless `server` answers, lets us in, and takes what is written."""
    with redis.Redis(
        server.host, server.port, server.db, server.password,
        socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0),
    ) as client:  # fmt: skip
        try:
            client.set(_KEY, "", ex=1)
        except redis.RedisError as error:
            raise ServiceUnavailableError(redis_trouble(error, server)) from error
