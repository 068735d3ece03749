"""A client of the library's Redis: the one named by `REDIS_HOST`, else its own."""

from dataclasses import dataclass
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.errors import StorageError
from desktop.paths import Home, find_home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.library import library_id
from desktop.runtime.redis_endpoint import connection_kwargs
from desktop.settings import external_redis, queue_from_environment

# redis-py would try for seconds before it says that the server is away; callers know better when to try again.
_NO_RETRY = Retry(NoBackoff(), 0)


def redis_client(timeout: float | None = 5.0) -> "redis.Redis":
    """A client that answers in strings. `timeout` (seconds) bounds connecting and every answer; None waits."""
    return redis.Redis(
        **connection_kwargs(external_redis(), find_home()),
        socket_timeout=timeout, socket_connect_timeout=5.0, decode_responses=True, encoding_errors="replace",
        retry=_NO_RETRY,
    )  # fmt: skip


_UNUSABLE_ID_FILE = (
    "The library's file {} cannot be used: {}. Make it and its folder readable and writable, then try again."
)


@dataclass(frozen=True)
class RedisNames:
    """The names for one library."""

    library: str
    """The library's id. Each message carries it, so that nobody deletes another library's."""
    queue: str
    """Songs to separate: a list of that name."""

    @property
    def draft_queue(self) -> str:
        """Songs to draft."""
        return f"{self.queue}.draft"

    @property
    def unacked_options(self) -> dict[str, str]:
        """Messages in the hands of workers: transport options of Celery, and the keys that they name."""
        return {f"{key}_key": f"{self.queue}:{key}" for key in ("unacked", "unacked_index", "unacked_mutex")}

    @property
    def events_channel(self) -> str:
        """The channel of the library's own events."""
        return f"{self.queue}:events"

    @property
    def reconcile_lock_key(self) -> str:
        """A lock, held while messages are compared with rows."""
        return f"{self.queue}:reconciling"

    @property
    def control_exchange(self) -> str:
        """Where Celery's remote control reaches this library's workers, and no others."""
        return f"{self.queue}.control"

    @property
    def event_exchange(self) -> str:
        """Where Celery's monitors, Flower say, hear of this library's workers, and of no others."""
        return f"{self.queue}.celeryev"

    def playhead_key(self, job_id: str) -> str:
        """The second at which a job is listened to."""
        return f"{self.queue}:playhead:{job_id}"


def redis_names(library: Home | None = None) -> RedisNames:
    """Return the names for a library, the environment's by default.

    Raises StorageError where its folder cannot be used, ConfigurationError if UNBRAID_QUEUE is no name.
    """
    folder = library or find_home()
    try:
        identifier = library_id(folder)
    except OSError as error:
        raise StorageError(_UNUSABLE_ID_FILE.format(folder.id_file, disk_error_reason(error))) from error
    return RedisNames(identifier, queue_from_environment() or f"unbraid.{identifier}")


def parse_job_id(value: object) -> str | None:
    """Return the canonical form of a UUID, however it is written; None for anything else: that never meets a path."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
