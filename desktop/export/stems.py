"""Export of one job's stems to a folder, completely or not at all."""

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
from desktop.audio.stems import stem_title
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import BLOCK_FRAMES, MAX_FLAC_SAMPLE_RATE, MP3_SAMPLE_RATES, AudioWriter
from desktop.errors import StorageError, UnusableTrackError
from desktop.export.names import move_into_place, part_file_names
from desktop.export.song_tags import write_song_tags
from desktop.jobs.model import Job, Stem
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message

AdvanceCallback = Callable[[int], None]
"""Callback with the number of source bytes exported since the last call; may raise CancelledError."""

_TEMPORARY_PREFIX = ".unbraid-export-"
# Age at which a later export to the same folder deletes the temporary folder of a killed one.
_ABANDONED_AGE_S = 24 * 3600.0
_COPY_CHUNK_BYTES = 1 << 20
_BIT_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "PCM_32": "32", "FLOAT": "32f"}
# Decoded MP3 is not quantized and may exceed full scale.
_MP3_BIT_DEPTH = "32f"


class _AboveFullScaleError(Exception):
    """Raised when a float stem exceeds full scale, which FLAC cannot hold."""


def export_stems(job: Job, folder: Path, file_format: str, advance: AdvanceCallback) -> tuple[Path, ...]:
    """Write the stems of `job` to `folder` as "wav", "flac" or "mp3". Return the files in the order of its stems.

    A stem that has this format is copied byte for byte; others are converted at their own bit depth. The song's tempo
    and key are added to the tags (`write_song_tags`). MP3 has no sample rate above 48 kHz: such stems become FLAC. FLAC
    holds no sample above full scale: if a stem has one, all stems of the job become WAV. Existing files are not
    overwritten (`move_into_place`), and no files are left after an error.

    Raises UnusableTrackError if a stem is missing or damaged, StorageError if the folder cannot be written, and any
    error that `advance` raises.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _delete_abandoned_folders(folder)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY_PREFIX, dir=folder, ignore_cleanup_errors=True) as temporary:
            parts = _write_stems(job, Path(temporary), file_format, advance)
            return tuple(
                move_into_place(parts, folder, part_file_names(job, [stem_title(stem.name) for stem in job.stems]))
            )
    except (OSError, StorageError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise _export_error(job, folder, cause) from error


def check_free_space(jobs: Sequence[Job], folder: Path, file_format: str) -> None:
    """Raise StorageError if `folder` has too little space for the stems that are copied without conversion.

    The message has both sizes. Creates the folder if it is missing.
    """
    copied = [stem.path for job in jobs for stem in job.stems if stem.path.suffix == f".{file_format}"]
    needed = sum(stem_file_size(path) for path in copied)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(
            Message(
                "The stems cannot be exported to {folder}: {reason}.",
                folder=printable(folder, 200),
                reason=disk_error_reason(error),
            )
        ) from error
    if needed > free:
        raise StorageError(
            Message(
                "The stems need {needed:size}, but {folder} has only {free:size} free. Free up space "
                "there, or choose another folder.",
                needed=needed,
                folder=printable(folder, 200),
                free=free,
            )
        )


def stem_file_size(path: Path) -> int:
    """Return the size of a stem file in bytes, 0 if it is missing."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _write_stems(job: Job, temporary: Path, file_format: str, advance: AdvanceCallback) -> list[Path]:
    try:
        return [_write_stem(job, stem, temporary / str(i), file_format, advance) for i, stem in enumerate(job.stems)]
    except _AboveFullScaleError:
        return [
            _write_stem(job, stem, temporary / f"{i}-wav", "wav", lambda _: advance(0))
            for i, stem in enumerate(job.stems)
        ]


def _write_stem(job: Job, stem: Stem, target: Path, file_format: str, advance: AdvanceCallback) -> Path:
    """Copy or convert one stem to `target` plus the format's suffix, and return that path."""
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
    write_song_tags(part, job.tempo_bpm, job.key)
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
        depth = "24"  # the maximum that libsndfile writes
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
    """Return the next frames, float64 [frames, channels]; empty at the end."""
    try:
        # float64 holds 32-bit integers exactly.
        return np.asarray(source.read(BLOCK_FRAMES, dtype="float64", always_2d=True), dtype=np.float64)
    except soundfile.SoundFileError as error:
        raise _missing_stem_error(job, stem) from error


def _delete_abandoned_folders(folder: Path) -> None:
    """Delete the temporary folders that killed exports have left in `folder`."""
    for abandoned in folder.glob(f"{_TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            if time() - abandoned.stat().st_mtime > _ABANDONED_AGE_S:
                shutil.rmtree(abandoned, ignore_errors=True)


def _missing_stem_error(job: Job, stem: Stem) -> UnusableTrackError:
    return UnusableTrackError(
        Message(
            "The {name} stem of “{title}” cannot be read: it was moved or damaged. Separate the song again.",
            name=stem.name,
            title=printable(job.title),
        )
    )


def _export_error(job: Job, folder: Path, cause: BaseException | None) -> StorageError:
    reason = f": {disk_error_reason(cause)}" if isinstance(cause, OSError) else ""
    return StorageError(
        Message(
            "“{title}” could not be exported to {folder}{reason}. Free up space there, or choose another folder.",
            title=printable(job.title),
            folder=printable(folder, 200),
            reason=reason,
        )
    )
