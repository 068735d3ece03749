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

from desktop.audio.names import printable
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import BLOCK_FRAMES, MAX_FLAC_SAMPLE_RATE, MP3_SAMPLE_RATES, AudioWriter
from desktop.errors import StorageError, UnusableTrackError
from desktop.export.names import move_into_place, stem_file_names
from desktop.jobs.model import Job, Stem
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.sizes import format_size

AdvanceCallback = Callable[[int], None]
"""Called with the number of source bytes that were exported since the last call. It may raise CancelledError."""

_TEMPORARY_PREFIX = ".unbraid-export-"
# What a killed export left behind is deleted by a later one into the same folder (seconds).
_ABANDONED_AGE_S = 24 * 3600.0
_COPY_CHUNK_BYTES = 1 << 20
_BIT_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "PCM_32": "32", "FLOAT": "32f"}
# What an MP3 decodes to has no steps and may exceed full scale.
_MP3_BIT_DEPTH = "32f"


class _AboveFullScaleError(Exception):
    """A float stem exceeds full scale, which FLAC cannot hold."""


def export_stems(job: Job, folder: Path, file_format: str, advance: AdvanceCallback) -> tuple[Path, ...]:
    """Write the stems of `job` into `folder` as "wav", "flac" or "mp3", and return the files in the order of its stems.

    A stem that is in this format already is copied byte for byte, others are converted at their own depth. MP3 holds no
    rate above 48 kHz: such stems become FLAC. FLAC holds no sample above full scale: such songs become WAV, all stems.
    Nothing is overwritten (`publish`), and nothing is left behind when this raises.

    Raises UnusableTrackError when a stem is not in the library any more, StorageError when the folder cannot be
    written, and what `advance` raises.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _delete_abandoned_folders(folder)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY_PREFIX, dir=folder, ignore_cleanup_errors=True) as temporary:
            parts = _write_stems(job, Path(temporary), file_format, advance)
            return tuple(move_into_place(parts, folder, stem_file_names(job, [stem.name for stem in job.stems])))
    except (OSError, StorageError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise _export_error(job, folder, cause) from error


def check_free_space(jobs: Sequence[Job], folder: Path, file_format: str) -> None:
    """Raise StorageError, with both sizes, when `folder` has too little room for the stems that are only copied."""
    copied = [stem.path for job in jobs for stem in job.stems if stem.path.suffix == f".{file_format}"]
    needed = sum(stem_file_size(path) for path in copied)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(
            f"The stems cannot be exported to {printable(folder, 200)}: {disk_error_reason(error)}."
        ) from error
    if needed > free:
        raise StorageError(
            f"The stems need {format_size(needed)}, and {printable(folder, 200)} has {format_size(free)} free. "
            "Make room there, or choose another folder."
        )


def stem_file_size(path: Path) -> int:
    """Return the size of a stem's file, 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _write_stems(job: Job, temporary: Path, file_format: str, advance: AdvanceCallback) -> list[Path]:
    try:
        return [_write_stem(job, stem, temporary / str(n), file_format, advance) for n, stem in enumerate(job.stems)]
    except _AboveFullScaleError:
        return [
            _write_stem(job, stem, temporary / f"{n}-wav", "wav", lambda _: advance(0))
            for n, stem in enumerate(job.stems)
        ]


def _write_stem(job: Job, stem: Stem, target: Path, file_format: str, advance: AdvanceCallback) -> Path:
    """Copy or convert one stem to `target` with a suffix, and return that path."""
    try:
        source = SequentialSoundFile(stem.path)
    except (soundfile.SoundFileError, OSError) as error:
        raise _missing_stem_error(job, stem) from error
    with source:
        file_format = _supported_format(source, file_format)
        part = target.with_name(f"{target.name}.{file_format}")
        if stem.path.suffix == part.suffix:
            _copy_stem(job, stem, part, advance)
        else:
            _convert_stem(job, stem, source, part, advance)
    return part


def _supported_format(source: soundfile.SoundFile, wanted: str) -> str:
    if wanted == "mp3" and source.samplerate not in MP3_SAMPLE_RATES:
        wanted = "flac"
    return "wav" if wanted == "flac" and source.samplerate > MAX_FLAC_SAMPLE_RATE else wanted


def _copy_stem(job: Job, stem: Stem, part: Path, advance: AdvanceCallback) -> None:
    try:
        source = stem.path.open("rb")
    except OSError as error:
        raise _missing_stem_error(job, stem) from error
    with source, part.open("wb") as copy:
        while chunk := source.read(_COPY_CHUNK_BYTES):
            copy.write(chunk)
            advance(len(chunk))
        copy.flush()
        os.fsync(copy.fileno())


def _convert_stem(job: Job, stem: Stem, source: soundfile.SoundFile, part: Path, advance: AdvanceCallback) -> None:
    file_format, depth = part.suffix[1:], _BIT_DEPTHS.get(source.subtype, _MP3_BIT_DEPTH)
    may_clip = file_format == "flac" and depth == "32f"
    if file_format == "flac" and depth not in ("16", "24"):
        depth = "24"  # the most that libsndfile writes
    writer = AudioWriter(part, source.samplerate, source.channels, source.frames, file_format, depth)
    bytes_per_frame = stem_file_size(stem.path) / max(source.frames, 1)
    try:
        while len(block := _read_frames(job, stem, source)):
            if may_clip and np.abs(block).max() > 1.0:
                raise _AboveFullScaleError
            writer.write(block.T)
            advance(round(len(block) * bytes_per_frame))
        writer.close()
    finally:
        writer.abort()


def _read_frames(job: Job, stem: Stem, source: soundfile.SoundFile) -> NDArray[np.float64]:
    """Return the next frames, float64 [frames, channels]; none at the end."""
    try:
        # Doubles hold integers of 32 bits exactly.
        return np.asarray(source.read(BLOCK_FRAMES, dtype="float64", always_2d=True), dtype=np.float64)
    except soundfile.SoundFileError as error:
        raise _missing_stem_error(job, stem) from error


def _delete_abandoned_folders(folder: Path) -> None:
    """Delete what exports that were killed have left in `folder`."""
    for left in folder.glob(f"{_TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > _ABANDONED_AGE_S:
                shutil.rmtree(left, ignore_errors=True)


def _missing_stem_error(job: Job, stem: Stem) -> UnusableTrackError:
    return UnusableTrackError(
        f"The {stem.name} stem of “{printable(job.title)}” cannot be read: it was moved or damaged. Separate the song again."
    )


def _export_error(job: Job, folder: Path, cause: BaseException | None) -> StorageError:
    why = f": {disk_error_reason(cause)}" if isinstance(cause, OSError) else ""
    return StorageError(
        f"“{printable(job.title)}” could not be exported to {printable(folder, 200)}{why}. "
        "Make room there, or choose another folder."
    )
