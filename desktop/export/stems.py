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
from desktop.audio.stems import STEM_COMMENT, stem_title
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import BLOCK_FRAMES
from desktop.audio_formats import AUDIO_FORMATS, FLAC, WAV, AudioFormat
from desktop.errors import StorageError, UnusableTrackError
from desktop.export.encoder import Encoder
from desktop.export.names import move_into_place, part_file_names
from desktop.export.quantizer import AboveFullScaleError
from desktop.export.song_tags import SongTags, write_song_tags
from desktop.jobs.model import Job, Stem
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message

AdvanceCallback = Callable[[int], None]
"""Callback with the number of source bytes exported since the last call; may raise CancelledError."""

_TEMPORARY_PREFIX = ".unbraid-export-"
# Age at which a later export to the same folder deletes the temporary folder of a killed one.
_ABANDONED_AGE_S = 24 * 3600.0
_COPY_CHUNK_BYTES = 1 << 20
_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "FLOAT": "32f"}


def export_stems(job: Job, folder: Path, file_format: str, advance: AdvanceCallback) -> tuple[Path, ...]:
    """Write the stems of `job` to `folder` in an audio format, given by name. Return the files in the order of its stems.

    A stem that has this format is copied byte for byte; others are converted at their own bit depth (`Encoder`). The
    song's tempo and key are added to the tags (`write_song_tags`). Opus is resampled to 48 kHz; otherwise stems whose
    sample rate the format does not hold, such as 96 kHz in MP3, become FLAC. FLAC and ALAC hold no sample above full
    scale: if a stem has one, all stems of the job become WAV. Existing files are not overwritten (`move_into_place`),
    and no files are left after an error.

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
    copied = [stem.path for job in jobs for stem in job.stems if stem.path.suffix == AUDIO_FORMATS[file_format].suffix]
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
    wanted = AUDIO_FORMATS[file_format]
    try:
        return [_write_stem(job, stem, temporary / str(i), wanted, advance) for i, stem in enumerate(job.stems)]
    except AboveFullScaleError:
        return [
            _write_stem(job, stem, temporary / f"{i}-wav", WAV, lambda _: advance(0))
            for i, stem in enumerate(job.stems)
        ]


def _write_stem(job: Job, stem: Stem, target: Path, wanted: AudioFormat, advance: AdvanceCallback) -> Path:
    """Copy or convert one stem to `target` plus the format's suffix, and return that path."""
    try:
        source = SequentialSoundFile(stem.path)
    except (soundfile.SoundFileError, OSError) as error:
        raise _missing_stem_error(job, stem) from error
    tags = SongTags(tempo_bpm=job.tempo_bpm, key=job.key)
    with source:
        audio_format = _supported_format(source, wanted)
        part = target.with_name(f"{target.name}{audio_format.suffix}")
        if stem.path.suffix == part.suffix:
            _copy_stem(job, stem, part, advance)
            write_song_tags(part, audio_format, tags)
        else:
            _convert_stem(job, stem, source, part, audio_format, tags, advance)
    return part


def _supported_format(source: soundfile.SoundFile, wanted: AudioFormat) -> AudioFormat:
    """Return the first of the wanted format, FLAC and WAV that holds the sample rate of the stem."""
    if wanted.resamples:
        return wanted
    return next(each for each in (wanted, FLAC, WAV) if each.holds_rate(source.samplerate))


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


def _convert_stem(
    job: Job,
    stem: Stem,
    source: soundfile.SoundFile,
    part: Path,
    audio_format: AudioFormat,
    tags: SongTags,
    advance: AdvanceCallback,
) -> None:
    # Decoded MP3 is not quantized and may exceed full scale.
    depth = _DEPTHS.get(source.subtype, "32f")
    if depth not in audio_format.depths:
        depth = None  # fewer bits
    bytes_per_frame = stem_file_size(stem.path) / max(source.frames, 1)
    rate, channels, frames = source.samplerate, source.channels, source.frames
    with Encoder(part, audio_format, rate, channels, frames, depth=depth, tags=tags, comment=STEM_COMMENT) as encoder:
        while len(block := _read_frames(job, stem, source)):
            encoder.write(block)
            advance(round(len(block) * bytes_per_frame))


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
