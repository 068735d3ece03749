"""A client of the library's Redis: the one named by `REDIS_HOST`, else its own."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.address import connection
from desktop.paths import home
from desktop.settings import external_redis

# redis-py would try for seconds before it says that the server is away; callers know better when to try again.
_AT_ONCE = Retry(NoBackoff(), 0)


def redis_client(timeout: float | None = 5.0) -> "redis.Redis":
    """A client that answers in strings. `timeout` (seconds) bounds connecting and every answer; None waits."""
    return redis.Redis(
        **connection(external_redis(), home()),
        socket_timeout=timeout, socket_connect_timeout=5.0, decode_responses=True, encoding_errors="replace",
        retry=_AT_ONCE,
    )  # fmt: skip
