"""Opening the library, also when its database is damaged: that is set aside, and the songs are found again."""

import logging
from pathlib import Path

from desktop.errors import DamagedLibraryError
from desktop.jobs.records import recorded_jobs
from desktop.jobs.store import JobStore
from desktop.lock import FileLock
from desktop.paths import Home

_log = logging.getLogger(__name__)


def open_store(home: Home) -> tuple[JobStore, str | None]:
    """The library's jobs, and a sentence for the user when they had to be put together anew. Raises StorageError."""
    try:
        return _checked(home), None
    except DamagedLibraryError as error:
        _log.warning("%s", error)
    lock = FileLock(home.root / "recovery.lock")
    if not lock.take():  # another process is at it
        return JobStore(home), None
    try:
        return _recovered(home)
    finally:
        lock.release()


def _checked(home: Home) -> JobStore:
    store = JobStore(home)
    store.check()
    return store


def _recovered(home: Home) -> tuple[JobStore, str | None]:
    try:
        return _checked(home), None  # another process was quicker
    except DamagedLibraryError:
        aside = _set_aside(home)
    store = JobStore(home)
    jobs = recorded_jobs(home)
    for job in jobs:
        store.insert(job)
    found = sum(job.removed is None for job in jobs)
    count = f"{found} song{'' if found == 1 else 's'}"
    return store, f"The library's database was damaged. It was set aside as {aside.name}, and {count} found again."


def _set_aside(home: Home) -> Path:
    number, aside = 1, home.root / "library.damaged.db"
    while aside.exists():
        number += 1
        aside = home.root / f"library.damaged-{number}.db"
    home.database.rename(aside)
    for suffix in ("-wal", "-shm"):
        home.database.with_name(home.database.name + suffix).unlink(missing_ok=True)
    return aside
