"""Taking a track into the library: whole or not at all."""

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from desktop.audio.names import safe_name, shown
from desktop.disk_trouble import disk_trouble, reason_of
from desktop.errors import StorageError, UnusableTrackError
from desktop.jobs.model import Job
from desktop.paths import JobFolder
from desktop.sizes import in_words

# Left free for the database, logs, and whatever else lives on the disk.
_SPARE = 64 << 20
_PART = ".part"
_BLOCK = 1 << 20


def stored_track(folder: JobFolder, job: Job) -> Path:
    """The library's copy of the job's track. It keeps the name, so that every sentence about it can say it."""
    track = folder.source / safe_name(job.source.name)
    if track.exists() or not folder.source.is_dir():
        return track
    # Another system, to which the library was carried, may take another part of the path for the name.
    return next((other for other in folder.source.iterdir() if other.suffix != _PART), track)


def copy_in(track: Path, folder: JobFolder) -> str:
    """Copy `track` byte for byte into `folder.source`, onto the disk. Return its SHA-256 in hexadecimal digits.

    Reads the track once. Leaves nothing of `folder` when it fails. Raises UnusableTrackError, StorageError.
    """
    try:
        _check_room(track, folder)
        folder.source.mkdir(parents=True)
        copy = folder.source / safe_name(track.name)
        part = copy.with_name(copy.name + _PART)
        digest = _copy(track, part)
        part.rename(copy)
        return digest
    except OSError as error:
        shutil.rmtree(folder.root, ignore_errors=True)
        raise _meaning(track, folder.root.parent, error) from error


def _check_room(track: Path, folder: JobFolder) -> None:
    size, free = track.stat().st_size, shutil.disk_usage(folder.root.parent).free
    if size + _SPARE > free:
        raise OSError(errno.ENOSPC, f"it needs {in_words(size + _SPARE)}, {in_words(free)} is free")


def _copy(track: Path, part: Path) -> str:
    digest = hashlib.sha256()
    with track.open("rb") as source, part.open("xb") as target:
        while block := _read(source, track):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _read(source: BinaryIO, track: Path) -> bytes:
    try:
        return source.read(_BLOCK)
    except OSError as error:
        error.filename = str(track)  # tells a read that failed from a write
        raise


def _meaning(track: Path, library: Path, error: OSError) -> StorageError | UnusableTrackError:
    name = shown(track.name)
    if error.filename == str(track):
        return UnusableTrackError(f"{name} could not be read: {reason_of(error)}. Add it again when it can be.")
    reason, advice = disk_trouble(error, library)
    full = error.errno == errno.ENOSPC
    what = f"There is no room for {name} in the library" if full else f"{name} could not be copied into the library"
    return StorageError(f"{what}: {reason}.", f"{advice}, then add it again.")
