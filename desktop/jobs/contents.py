"""What is known of a track's content: a job may be of the same one as a track that is to be added."""

import hashlib
from contextlib import suppress
from functools import cached_property

from desktop.errors import UnknownJobError
from desktop.jobs.copy import stored_track
from desktop.jobs.store import JobStore
from desktop.paths import Home


class EarlierContents:
    """Digests of jobs that earlier versions added without one: counted when a new track has the same size."""

    def __init__(self, home: Home, store: JobStore) -> None:
        self._home = home
        self._store = store

    def count(self, size: int) -> None:
        """Write the digests of all such jobs whose track has `size` bytes. Raises StorageError."""
        for job_id in self._by_size.pop(size, []):
            with suppress(OSError, UnknownJobError):  # what is gone is like no other track
                track = stored_track(self._home.job(job_id), self._store.job(job_id, in_bin=True))
                with track.open("rb") as file:
                    self._store.set_digest(job_id, hashlib.file_digest(file, "sha256").hexdigest())

    @cached_property
    def _by_size(self) -> dict[int, list[str]]:
        sizes: dict[int, list[str]] = {}
        for job in self._store.without_digest():
            with suppress(OSError):
                size = stored_track(self._home.job(job.id), job).stat().st_size
                sizes.setdefault(size, []).append(job.id)
        return sizes
