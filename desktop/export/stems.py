"""Stems of a song as files of another format, or as copies."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.names import printable
from desktop.audio.stems import STEM_COMMENT, stem_title
from desktop.audio.streaming import SequentialSoundFile
from desktop.audio.writer import BLOCK_FRAMES
from desktop.audio_formats import AUDIO_FORMATS, FLAC, WAV, AudioFormat
from desktop.errors import UnusableTrackError
from desktop.export.encoder import Encoder
from desktop.export.quantizer import AboveFullScaleError
from desktop.export.settings import ExportSettings
from desktop.export.song_tags import SongTags, part_tags, write_song_tags
from desktop.jobs.model import Job, Stem
from desktop.text.message import Message

AdvanceCallback = Callable[[int], None]
"""Callback with the number of source bytes exported since the last call; may raise CancelledError."""

_COPY_CHUNK_BYTES = 1 << 20
# Decoded MP3 is not quantized and may exceed full scale.
_DEPTHS = {"PCM_16": "16", "PCM_24": "24", "FLOAT": "32f"}


def export_stems(
    job: Job,
    stems: Sequence[Stem],
    folder: Path,
    settings: ExportSettings,
    advance: AdvanceCallback,
    cover: bytes | None = None,
) -> list[Path]:
    """Write these stems of `job` to `folder`, in the format of the settings. Return the files in the same order.

    A stem that has this format and depth is copied, and only gets tags; others are converted (`Encoder`), at their own bit
    depth if the settings have none. Opus is resampled to 48 kHz; otherwise stems whose sample rate the format does not
    hold, such as 96 kHz in MP3, become FLAC. FLAC and ALAC hold no sample above full scale: if a stem has one, all stems
    of the job become WAV.

    Raises UnusableTrackError if a stem is missing or damaged, OSError or StorageError if the folder cannot be written,
    and any error that `advance` raises.
    """
    tags = [part_tags(job, stem_title(stem.name), cover) if settings.has_tags else SongTags() for stem in stems]

    def write(settings: ExportSettings, suffix: str, advance: AdvanceCallback) -> list[Path]:
        return [
            _write_stem(job, stem, folder / f"{number}{suffix}", settings, tags[number], advance)
            for number, stem in enumerate(stems)
        ]

    try:
        return write(settings, "", advance)
    except AboveFullScaleError:
        return write(replace(settings, file_format="wav", depth=None), "-wav", lambda _: advance(0))


def stem_file_size(path: Path) -> int:
    """Return the size of a stem file in bytes, 0 if it is missing."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def stem_depth(subtype: str) -> str:
    """Return the bit depth of stems with this subtype of libsndfile."""
    return _DEPTHS.get(subtype, "32f")


def supported_depth(audio_format: AudioFormat, wanted: str) -> str | None:
    """Return `wanted` if the format has that bit depth, else None for its default, which has fewer bits or none."""
    return wanted if wanted in audio_format.depths else None


def supported_format(sample_rate: int, wanted: AudioFormat) -> AudioFormat:
    """Return the first of the wanted format, FLAC and WAV that holds the sample rate of a song."""
    if wanted.resamples:
        return wanted
    return next(each for each in (wanted, FLAC, WAV) if each.holds_rate(sample_rate))


def _write_stem(
    job: Job, stem: Stem, target: Path, settings: ExportSettings, tags: SongTags, advance: AdvanceCallback
) -> Path:
    """Copy or convert one stem to `target` plus the format's suffix, and return that path."""
    try:
        source = SequentialSoundFile(stem.path)
    except (soundfile.SoundFileError, OSError) as error:
        raise _missing_stem_error(job, stem) from error
    with source:
        audio_format = supported_format(source.samplerate, AUDIO_FORMATS[settings.file_format])
        part = target.with_name(f"{target.name}{audio_format.suffix}")
        if stem.path.suffix == part.suffix and settings.depth in (None, _DEPTHS.get(source.subtype)):
            _copy_stem(job, stem, part, advance)
            write_song_tags(part, audio_format, tags)
        else:
            _convert_stem(job, stem, source, part, audio_format, settings.depth, tags, advance)
    return part


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
    wanted_depth: str | None,
    tags: SongTags,
    advance: AdvanceCallback,
) -> None:
    depth = supported_depth(audio_format, wanted_depth or stem_depth(source.subtype))
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


def _missing_stem_error(job: Job, stem: Stem) -> UnusableTrackError:
    return UnusableTrackError(
        Message(
            "The {name} stem of “{title}” cannot be read: it was moved or damaged. Separate the song again.",
            name=stem.name,
            title=printable(job.title),
        )
    )
