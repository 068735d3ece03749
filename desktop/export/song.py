"""One song's stems written into a folder: whole, or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import time

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.names import shown
from desktop.audio.onward import OnwardFile
from desktop.audio.write import BLOCK, HIGHEST_FLAC_RATE, MP3_RATES, AudioWriter
from desktop.disk_trouble import reason_of
from desktop.errors import StorageError, UnusableTrackError
from desktop.export.names import publish, stem_names
from desktop.jobs.model import Job, Stem
from desktop.sizes import in_words

Advance = Callable[[int], None]
"""Called with the number of source bytes that were exported since the last call. It may raise CancelledError."""

_TEMPORARY = ".unbraid-export-"
# What a killed export left behind is deleted by a later one into the same folder (seconds).
_ABANDONED = 24 * 3600.0
_COPY_CHUNK = 1 << 20
_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "PCM_32": "32", "FLOAT": "32f"}
# What an MP3 decodes to has no steps and may exceed full scale.
_DECODED = "32f"


class _TooLoudError(Exception):
    """A float stem exceeds full scale, which FLAC cannot hold."""


def export_song(job: Job, folder: Path, file_format: str, advance: Advance) -> tuple[Path, ...]:
    """Write the stems of `job` into `folder` as "wav", "flac" or "mp3", and return the files in the order of its stems.

    A stem that is in this format already is copied byte for byte, others are converted at their own depth. MP3 holds no
    rate above 48 kHz: such stems become FLAC. FLAC holds no sample above full scale: such songs become WAV, all stems.
    Nothing is overwritten (`publish`), and nothing is left behind when this raises.

    Raises UnusableTrackError when a stem is not in the library any more, StorageError when the folder cannot be
    written, and what `advance` raises.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _delete_abandoned(folder)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=folder, ignore_cleanup_errors=True) as temporary:
            parts = _write_parts(job, Path(temporary), file_format, advance)
            return tuple(publish(parts, folder, stem_names(job, [stem.name for stem in job.stems])))
    except (OSError, StorageError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise _failed(job, folder, cause) from error


def check_room(jobs: Sequence[Job], folder: Path, file_format: str) -> None:
    """Raise StorageError, with both sizes, when `folder` has too little room for the stems that are only copied."""
    copied = [stem.path for job in jobs for stem in job.stems if stem.path.suffix == f".{file_format}"]
    needed = sum(source_bytes(path) for path in copied)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(f"The stems cannot be exported to {shown(folder, 200)}: {reason_of(error)}.") from error
    if needed > free:
        raise StorageError(
            f"The stems need {in_words(needed)}, and {shown(folder, 200)} has {in_words(free)} free. "
            "Make room there, or choose another folder."
        )


def source_bytes(path: Path) -> int:
    """Return the size of a stem's file, 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _write_parts(job: Job, temporary: Path, file_format: str, advance: Advance) -> list[Path]:
    try:
        return [_write(job, stem, temporary / str(n), file_format, advance) for n, stem in enumerate(job.stems)]
    except _TooLoudError:
        return [_write(job, stem, temporary / f"{n}-wav", "wav", lambda _: advance(0)) for n, stem in enumerate(job.stems)]


def _write(job: Job, stem: Stem, target: Path, file_format: str, advance: Advance) -> Path:
    """Copy or convert one stem to `target` with a suffix, and return that path."""
    try:
        source = OnwardFile(stem.path)
    except (soundfile.SoundFileError, OSError) as error:
        raise _gone(job, stem) from error
    with source:
        file_format = _possible_format(source, file_format)
        part = target.with_name(f"{target.name}.{file_format}")
        if stem.path.suffix == part.suffix:
            _copy(job, stem, part, advance)
        else:
            _convert(job, stem, source, part, advance)
    return part


def _possible_format(source: soundfile.SoundFile, wanted: str) -> str:
    if wanted == "mp3" and source.samplerate not in MP3_RATES:
        wanted = "flac"
    return "wav" if wanted == "flac" and source.samplerate > HIGHEST_FLAC_RATE else wanted


def _copy(job: Job, stem: Stem, part: Path, advance: Advance) -> None:
    try:
        source = stem.path.open("rb")
    except OSError as error:
        raise _gone(job, stem) from error
    with source, part.open("wb") as copy:
        while chunk := source.read(_COPY_CHUNK):
            copy.write(chunk)
            advance(len(chunk))
        copy.flush()
        os.fsync(copy.fileno())


def _convert(job: Job, stem: Stem, source: soundfile.SoundFile, part: Path, advance: Advance) -> None:
    file_format, depth = part.suffix[1:], _DEPTHS.get(source.subtype, _DECODED)
    may_clip = file_format == "flac" and depth == "32f"
    if file_format == "flac" and depth not in ("16", "24"):
        depth = "24"  # the most that libsndfile writes
    writer = AudioWriter(part, source.samplerate, source.channels, source.frames, file_format, depth)
    bytes_a_frame = source_bytes(stem.path) / max(source.frames, 1)
    try:
        while len(block := _read(job, stem, source)):
            if may_clip and np.abs(block).max() > 1.0:
                raise _TooLoudError
            writer.write(block.T)
            advance(round(len(block) * bytes_a_frame))
        writer.close()
    finally:
        writer.abort()


def _read(job: Job, stem: Stem, source: soundfile.SoundFile) -> NDArray[np.float64]:
    """Return the next frames, float64 [frames, channels]; none at the end."""
    try:
        # Doubles hold integers of 32 bits exactly.
        return np.asarray(source.read(BLOCK, dtype="float64", always_2d=True), dtype=np.float64)
    except soundfile.SoundFileError as error:
        raise _gone(job, stem) from error


def _delete_abandoned(folder: Path) -> None:
    """Delete what exports that were killed have left in `folder`."""
    for left in folder.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _gone(job: Job, stem: Stem) -> UnusableTrackError:
    return UnusableTrackError(
        f"The {stem.name} stem of “{shown(job.title)}” cannot be read: it was moved or damaged. Separate the song again."
    )


def _failed(job: Job, folder: Path, cause: BaseException | None) -> StorageError:
    why = f": {reason_of(cause)}" if isinstance(cause, OSError) else ""
    return StorageError(
        f"“{shown(job.title)}” could not be exported to {shown(folder, 200)}{why}. "
        "Make room there, or choose another folder."
    )
