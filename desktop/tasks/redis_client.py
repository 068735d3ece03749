"""Client and names for the library's Redis: the server at `REDIS_HOST`, else the library's own."""

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
from desktop.text.message import Message
from desktop.variables import external_redis, queue_from_environment

# redis-py would retry for seconds before it reports that the server does not answer; callers decide when to retry.
_NO_RETRY = Retry(NoBackoff(), 0)
_UNUSABLE_ID_FILE = Message(
    "The library's file {file} cannot be used: {reason}. Make it and its folder readable and writable, then try again."
)


@dataclass(frozen=True)
class RedisNames:
    """Names of the queues, keys, channels and exchanges of one library."""

    library: str
    """Id of the library, in each message, so that no library deletes the messages of another one."""
    queue: str
    """Name of the queue, a Redis list of messages for jobs to separate."""

    @property
    def draft_queue(self) -> str:
        """Name of the queue of messages for drafts."""
        return f"{self.queue}.draft"

    @property
    def analysis_queue(self) -> str:
        """Name of the queue of messages for analyses."""
        return f"{self.queue}.analysis"

    @property
    def export_queue(self) -> str:
        """Name of the queue of messages for exports."""
        return f"{self.queue}.export"

    @property
    def unacked_options(self) -> dict[str, str]:
        """Celery transport options with the Redis keys of unacknowledged messages."""
        return {f"{key}_key": f"{self.queue}:{key}" for key in ("unacked", "unacked_index", "unacked_mutex")}

    @property
    def events_channel(self) -> str:
        """Channel of the library's job events."""
        return f"{self.queue}:events"

    @property
    def reconcile_lock_key(self) -> str:
        """Key of the lock for reconciliation."""
        return f"{self.queue}:reconciling"

    @property
    def control_exchange(self) -> str:
        """Exchange of Celery's remote control for this library's workers only."""
        return f"{self.queue}.control"

    @property
    def event_exchange(self) -> str:
        """Exchange of Celery's monitoring events, as Flower reads them, for this library's workers only."""
        return f"{self.queue}.celeryev"

    def playhead_key(self, job_id: str) -> str:
        """Return the key of a job's playhead in seconds."""
        return f"{self.queue}:playhead:{job_id}"


def redis_client(timeout: float | None = 5.0) -> "redis.Redis":
    """Create a client that returns strings.

    `timeout` (seconds) limits the wait for each reply, None waits without limit; connecting takes at most 5 seconds.
    """
    return redis.Redis(
        **connection_kwargs(external_redis(), find_home()),
        socket_timeout=timeout, socket_connect_timeout=5.0, decode_responses=True, encoding_errors="replace",
        retry=_NO_RETRY,
    )  # fmt: skip


def redis_names(library: Home | None = None) -> RedisNames:
    """Return the names of a library, by default the library of the environment.

    Raises StorageError if its folder cannot be used, and ConfigurationError if UNBRAID_QUEUE is invalid.
    """
    folder = library or find_home()
    try:
        identifier = library_id(folder)
    except OSError as error:
        raise StorageError(
            _UNUSABLE_ID_FILE.with_arguments(file=str(folder.id_file), reason=disk_error_reason(error))
        ) from error
    return RedisNames(identifier, queue_from_environment() or f"unbraid.{identifier}")


def parse_job_id(value: object) -> str | None:
    """Return the canonical form of a UUID string; None for any other value, so that no path is made of it."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
