"""What queues, keys and channels in Redis are called: after the library, because several may share one Redis.

A message is a hint that a row may be due. So whatever lies under another name, an older version's say, is not missed.
"""

from dataclasses import dataclass

from desktop.disk_trouble import reason_of
from desktop.errors import StorageError
from desktop.library_id import library_id
from desktop.paths import Home, home
from desktop.settings import queue_variable

_NO_IDENTITY = "The library's file {} cannot be used: {}. Make it and its folder readable and writable, then try again."


@dataclass(frozen=True)
class Names:
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
    def unacked(self) -> dict[str, str]:
        """Messages in the hands of workers: transport options of Celery, and the keys that they name."""
        return {f"{key}_key": f"{self.queue}:{key}" for key in ("unacked", "unacked_index", "unacked_mutex")}

    @property
    def events(self) -> str:
        """The channel of the library's own events."""
        return f"{self.queue}:events"

    @property
    def reconciling(self) -> str:
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

    def playhead(self, job_id: str) -> str:
        """The second at which a job is listened to."""
        return f"{self.queue}:playhead:{job_id}"


def names(library: Home | None = None) -> Names:
    """Return the names for a library, the environment's by default.

    Raises StorageError where its folder cannot be used, ConfigurationError if UNBRAID_QUEUE is no name.
    """
    folder = library or home()
    try:
        identity = library_id(folder)
    except OSError as error:
        raise StorageError(_NO_IDENTITY.format(folder.id_file, reason_of(error))) from error
    return Names(identity, queue_variable() or f"unbraid.{identity}")
