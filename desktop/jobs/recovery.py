"""Recovery of the library: jobs are rebuilt from their folders if the database is damaged or missing."""

import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from desktop.atomic_file import write_atomically
from desktop.audio.names import storable_file_name
from desktop.errors import DamagedLibraryError
from desktop.job_folders import JobFolder, complete_id, id_in_folder_name
from desktop.jobs.folders import name_job_folders
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.rows import has_all_stem_files, job_from_record, row_from_job
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.text.message import Message, count_message

_log = logging.getLogger(__name__)


def open_store(home: Home) -> tuple[JobStore, Message | None]:
    """Open the library's jobs, rebuild them if the database is damaged or missing, and name their folders.

    Return the store, and a message for the user if the jobs were rebuilt, else None. Raises StorageError.
    """
    store, notice = _open_or_recover(home)
    name_job_folders(home, store)
    return store, notice


def _open_or_recover(home: Home) -> tuple[JobStore, Message | None]:
    if not _is_lost(home):
        try:
            return _open_checked(home), None
        except DamagedLibraryError as error:
            _log.warning("%s", error)
    lock = FileLock(home.root / "recovery.lock")
    if not lock.acquire():  # another process is rebuilding the library
        return JobStore(home), None
    try:
        return _recover(home)
    finally:
        lock.release()


def _is_lost(home: Home) -> bool:
    """Return whether there are jobs without a database, or with one that was not completely rebuilt.

    An empty one in its place would have all their folders deleted as orphans.
    """
    if _rebuilding_marker(home).exists():
        return True
    return not home.database.exists() and any(id_in_folder_name(folder.name) for folder in home.jobs.iterdir())


def _rebuilding_marker(home: Home) -> Path:
    """Return the file that exists from the start of a rebuilding until all jobs are in the database."""
    return home.root / "rebuilding"


def _open_checked(home: Home) -> JobStore:
    store = JobStore(home)
    store.check_integrity()
    return store


def _recover(home: Home) -> tuple[JobStore, Message | None]:
    if not _is_lost(home):
        with suppress(DamagedLibraryError):
            return _open_checked(home), None  # another process has rebuilt it meanwhile
    damaged_copy = _move_damaged_database(home) if home.database.exists() else None
    _rebuilding_marker(home).touch()
    store = JobStore(home)
    jobs = rebuild_jobs(home)
    for job in jobs:
        store.insert(job)
    _rebuilding_marker(home).unlink()
    return store, _describe_recovery(sum(job.removed is None for job in jobs), damaged_copy)


def _describe_recovery(visible_count: int, damaged_copy: Path | None) -> Message:
    if damaged_copy is None:
        return count_message(
            "The library's database was missing, and {count} song was recovered.",
            "The library's database was missing, and {count} songs were recovered.",
            visible_count,
        )
    return count_message(
        "The library's database was damaged. It was set aside as {file}, and {count} song was recovered.",
        "The library's database was damaged. It was set aside as {file}, and {count} songs were recovered.",
        visible_count,
        file=damaged_copy.name,
    )


def _move_damaged_database(home: Home) -> Path:
    number, target = 1, home.root / "library.damaged.db"
    while target.exists():
        number += 1
        target = home.root / f"library.damaged-{number}.db"
    home.database.rename(target)
    for suffix in ("-wal", "-shm"):
        home.database.with_name(home.database.name + suffix).unlink(missing_ok=True)
    return target


def write_backup_record(home: Home, job: Job) -> None:
    """Write the backup record of a job, from which its row is rebuilt if the database is damaged.

    A record that cannot be written is logged.
    """
    try:
        record = json.dumps(row_from_job(home, job))
        write_atomically(home.job_folder(job.id).backup_record, record, durable=False)
    except OSError as error:
        _log.warning("Backup record of job %s could not be written: %s", job.id, error)


def rebuild_jobs(home: Home) -> list[Job]:
    """Return a job for each job folder, oldest first.

    A job whose stems are complete stays completed; any other job is pending.
    """
    jobs = [job for folder in home.jobs.iterdir() if (job := _rebuild_job(home, folder)) is not None]
    return sorted(jobs, key=lambda job: job.added)


def _rebuild_job(home: Home, folder: Path) -> Job | None:
    folder_id = id_in_folder_name(folder.name)
    if folder_id is None:
        return None
    job = _job_from_backup(home, JobFolder(folder))
    if job is None or not job.id.startswith(folder_id):
        job = _job_from_track(JobFolder(folder), complete_id(folder_id))
    # A copy of a folder, which the user may have made, is no second job.
    return job if job is not None and home.job_folder(job.id).root == folder else None


def _job_from_backup(home: Home, folder: JobFolder) -> Job | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        job = job_from_record(home, json.loads(folder.backup_record.read_text(encoding="utf-8")))
        if job.result is not None and has_all_stem_files(job):
            return job.result
        return replace(job, state=JobState.PENDING, stems=(), earlier=None, last_attempt=None, token=0)
    return None


def _job_from_track(folder: JobFolder, job_id: str) -> Job | None:
    """Return a new job for the track in `folder`; None without a track."""
    with suppress(OSError):
        for track in folder.source.iterdir():
            return Job(
                id=job_id,
                state=JobState.PENDING,
                title=storable_file_name(track.stem or track.name),
                artist="",
                album="",
                source=track,
                options=JobOptions(),
                position=0,
                added=datetime.fromtimestamp(folder.root.stat().st_mtime, UTC),
            )
    return None
