"""Where an unfinished job is being listened to, as the window told."""

import redis

from desktop.errors import UnbraidError
from desktop.tasks.names import names
from desktop.tasks.redis_client import redis_client

# Seconds that a worker waits for the answer at most.
_PATIENCE = 0.5


def playhead(job_id: str) -> float | None:
    """Seconds into the song; None when nobody listens, or Redis is away."""
    try:
        with redis_client(_PATIENCE) as client:
            told = client.get(names().playhead(job_id))
    except (redis.RedisError, UnbraidError):
        return None
    return float(told) if isinstance(told, str) else None
