"""Files of a job in the library: the copied track, its digest, orphaned folders and leftovers."""

import errno
import hashlib
import shutil
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from time import time
from typing import BinaryIO

from desktop.atomic_file import PARTIAL_SUFFIX, atomic_file
from desktop.audio.names import printable, safe_file_name
from desktop.errors import StorageError, UnknownJobError, UnusableTrackError
from desktop.job_folders import JobFolder, id_in_folder_name, short_id
from desktop.jobs.model import Job
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.rows import superseded_run_folders
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.disk_errors import describe_disk_error, disk_error_reason
from desktop.text.message import Message

# Left free for the database, the logs and other programs.
_RESERVED_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 20
# Seconds. The folder of a job is created before its row: a young folder may belong to a track that is being added.
_ORPHAN_MIN_AGE_S = 3600.0


def find_stored_track(folder: JobFolder, job: Job) -> Path:
    """Return the path of the library's copy of the job's track, which may be missing.

    The copy keeps the original file name, so that messages can name it.
    """
    track = folder.source / safe_file_name(job.source.name)
    if track.exists() or not folder.source.is_dir():
        return track
    # A library moved to another system: there `source.name` may be another part of the path.
    return next((other for other in folder.source.iterdir() if other.suffix != PARTIAL_SUFFIX), track)


def copy_track(track: Path, folder: JobFolder) -> str:
    """Copy `track` byte for byte into `folder.source`, flush it to disk, and return its SHA-256 in hexadecimal digits.

    Reads the track once. Deletes `folder` on failure. Raises UnusableTrackError if the track cannot be read, and
    StorageError if the copy cannot be written.
    """
    try:
        _check_free_space(track, folder)
        folder.source.mkdir(parents=True)
        with atomic_file(folder.source / safe_file_name(track.name)) as part:
            return _copy_with_digest(track, part)
    except OSError as error:
        shutil.rmtree(folder.root, ignore_errors=True)
        raise _to_user_error(track, folder.root.parent, error) from error


def _check_free_space(track: Path, folder: JobFolder) -> None:
    size, free = track.stat().st_size, shutil.disk_usage(folder.root.parent).free
    if size + _RESERVED_BYTES > free:
        raise OSError(errno.ENOSPC, "no room for the copy")


def _copy_with_digest(track: Path, part: Path) -> str:
    digest = hashlib.sha256()
    with track.open("rb") as source, part.open("xb") as target:
        while block := _read_block(source, track):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _read_block(source: BinaryIO, track: Path) -> bytes:
    try:
        return source.read(_BLOCK_BYTES)
    except OSError as error:
        error.filename = str(track)  # lets `_to_user_error` tell a failed read from a failed write
        raise


def _to_user_error(track: Path, library: Path, error: OSError) -> StorageError | UnusableTrackError:
    name = printable(track.name)
    if error.filename == str(track):
        return UnusableTrackError(
            Message(
                "{name} could not be read: {reason}. Add it again once it can be read.",
                name=name,
                reason=disk_error_reason(error),
            )
        )
    reason, advice = describe_disk_error(error, library)
    full = error.errno == errno.ENOSPC
    problem = (
        Message("There is no room for {name} in the library: {reason}.", name=name, reason=reason)
        if full
        else Message("{name} could not be copied into the library: {reason}.", name=name, reason=reason)
    )
    return StorageError(problem, Message("{advice}, then add it again.", advice=advice))


class DigestBackfill:
    """Computes the digests missing from jobs of earlier versions, once a new track has the same size."""

    def __init__(self, home: Home, store: JobStore) -> None:
        self._home = home
        self._store = store

    def compute_missing(self, size_bytes: int) -> None:
        """Compute and store the missing digests of jobs whose track has `size_bytes` bytes. Raises StorageError."""
        for job_id in self._job_ids_by_size.pop(size_bytes, []):
            with suppress(OSError, UnknownJobError):  # a track without a file cannot be a duplicate
                track = find_stored_track(self._home.job_folder(job_id), self._store.job(job_id, include_bin=True))
                with track.open("rb") as file:
                    self._store.set_digest(job_id, hashlib.file_digest(file, "sha256").hexdigest())

    @cached_property
    def _job_ids_by_size(self) -> dict[int, list[str]]:
        sizes: dict[int, list[str]] = {}
        for job in self._store.jobs_without_digest():
            with suppress(OSError):
                size = find_stored_track(self._home.job_folder(job.id), job).stat().st_size
                sizes.setdefault(size, []).append(job.id)
        return sizes


def remove_orphaned_files(home: Home, store: JobStore) -> None:
    """Delete job folders without a row, and the leftovers of ended jobs; keep folders of the user. Raises StorageError."""
    jobs = [*store.jobs(), *store.jobs_in_bin()]
    for job in jobs:
        remove_leftovers(home, job)
    known_ids = {known for job in jobs for known in (job.id, short_id(job.id))}
    for folder in home.jobs.iterdir():
        job_id = id_in_folder_name(folder.name)
        if job_id and job_id not in known_ids and folder.stat().st_mtime < time() - _ORPHAN_MIN_AGE_S:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(home: Home, job: Job) -> None:
    """Delete the work files and superseded runs of an ended job. Do nothing if it has not ended.

    `job` may be out of date.
    """
    if not job.state.has_ended:
        return
    home.job_folder(job.id).delete_work_files()
    superseded = superseded_run_folders(home, job)
    if superseded and job.stems:
        # If the owner was killed right after the end, the record still names an earlier run.
        write_backup_record(home, job)
    for run in superseded:
        shutil.rmtree(run, ignore_errors=True)
    if not job.stems:
        home.job_folder(job.id).mixture_peaks.unlink(missing_ok=True)
