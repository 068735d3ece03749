"""Stems of a song as files of another format, or as copies."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.names import printable
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import BLOCK_FRAMES, MAX_FLAC_SAMPLE_RATE, MP3_SAMPLE_RATES, AudioWriter
from desktop.errors import UnusableTrackError
from desktop.export.settings import ExportSettings
from desktop.export.song_tags import write_song_tags
from desktop.jobs.model import Job, Stem
from desktop.text.message import Message

AdvanceCallback = Callable[[int], None]
"""Callback with the number of source bytes exported since the last call; may raise CancelledError."""

_COPY_CHUNK_BYTES = 1 << 20
_BIT_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "PCM_32": "32", "FLOAT": "32f"}
# Decoded MP3 is not quantized and may exceed full scale.
_MP3_BIT_DEPTH = "32f"


class AboveFullScaleError(Exception):
    """Raised when a sample exceeds full scale, which the format cannot hold."""


def export_stems(
    job: Job, stems: Sequence[Stem], folder: Path, settings: ExportSettings, advance: AdvanceCallback
) -> list[Path]:
    """Write these stems of `job` to `folder`, in the format of the settings. Return the files in the same order.

    A stem that has this format and depth is copied byte for byte; others are converted, at their own bit depth if the
    settings have none. MP3 has no sample rate above 48 kHz: such stems become FLAC. FLAC holds no sample above full
    scale: if a stem has one, all stems of the job become WAV.

    Raises UnusableTrackError if a stem is missing or damaged, OSError or StorageError if the folder cannot be written,
    and any error that `advance` raises.
    """
    try:
        return [_write_stem(job, stem, folder / str(i), settings, advance) for i, stem in enumerate(stems)]
    except AboveFullScaleError:
        as_wav = replace(settings, file_format="wav", depth=None)
        return [
            _write_stem(job, stem, folder / f"{i}-wav", as_wav, lambda _: advance(0)) for i, stem in enumerate(stems)
        ]


def stem_file_size(path: Path) -> int:
    """Return the size of a stem file in bytes, 0 if it is missing."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def stem_depth(subtype: str) -> str:
    """Return the bit depth of stems with this subtype of libsndfile."""
    return _BIT_DEPTHS.get(subtype, _MP3_BIT_DEPTH)


def supported_depth(file_format: str, wanted: str) -> str:
    """Return the depth at which a format is written: FLAC has 24 bits at most, as libsndfile writes it."""
    return "24" if file_format == "flac" and wanted not in ("16", "24") else wanted


def _write_stem(job: Job, stem: Stem, target: Path, settings: ExportSettings, advance: AdvanceCallback) -> Path:
    """Copy or convert one stem to `target` plus the format's suffix, and return that path."""
    try:
        source = SequentialSoundFile(stem.path)
    except (soundfile.SoundFileError, OSError) as error:
        raise _missing_stem_error(job, stem) from error
    with source:
        part = target.with_name(f"{target.name}.{_supported_format(source.samplerate, settings.file_format)}")
        if stem.path.suffix == part.suffix and settings.depth in (None, _BIT_DEPTHS.get(source.subtype)):
            _copy_stem(job, stem, part, advance)
        else:
            _convert_stem(job, stem, source, part, settings.depth, advance)
    if settings.has_tags:
        write_song_tags(part, job.tempo_bpm, job.key)
    return part


def _supported_format(sample_rate: int, wanted: str) -> str:
    if wanted == "mp3" and sample_rate not in MP3_SAMPLE_RATES:
        wanted = "flac"
    return "wav" if wanted == "flac" and sample_rate > MAX_FLAC_SAMPLE_RATE else wanted


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
    wanted_depth: str | None,
    advance: AdvanceCallback,
) -> None:
    file_format, own_depth = part.suffix[1:], stem_depth(source.subtype)
    depth = supported_depth(file_format, wanted_depth or own_depth)
    may_clip = file_format == "flac" and own_depth == "32f"
    writer = AudioWriter(part, source.samplerate, source.channels, source.frames, file_format, depth)
    bytes_per_frame = stem_file_size(stem.path) / max(source.frames, 1)
    try:
        while len(block := _read_frames(job, stem, source)):
            if may_clip and np.abs(block).max() > 1.0:
                raise AboveFullScaleError
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


def _missing_stem_error(job: Job, stem: Stem) -> UnusableTrackError:
    return UnusableTrackError(
        Message(
            "The {name} stem of “{title}” cannot be read: it was moved or damaged. Separate the song again.",
            name=stem.name,
            title=printable(job.title),
        )
    )
