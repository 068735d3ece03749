"""Writer of stem files, block by block, under a temporary name until they are complete."""

import errno
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.atomic_file import AtomicFile
from desktop.audio.names import native_path, printable
from desktop.audio.stems import STEM_COMMENT
from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error, find_write_error
from desktop.text.message import Message

BLOCK_FRAMES = 65536
MP3_SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates in Hz that MP3 can hold (MPEG-1, MPEG-2 and MPEG-2.5 layer III)."""
MAX_FLAC_SAMPLE_RATE = 655_350
"""Highest sample rate of FLAC in Hz (RFC 9639, section 8.2)."""
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32": "PCM_32", "32f": "FLOAT"}
_BYTES_PER_SAMPLE = {"16": 2, "24": 3, "32": 4, "32f": 4}
# WAV headers store sizes in 32 bits. Larger files use RF64 (EBU Tech 3306) with the same samples.
_MAX_WAV_BYTES = 0xFFFF_0000
_SF_ERR_SYSTEM = 2  # SF_ERR_SYSTEM of sndfile.h


class AudioWriter:
    """Writer of one stem's file: WAV (RF64 above 4 GB), FLAC or MP3, with `STEM_COMMENT` as its comment."""

    def __init__(self, path: Path, sample_rate: int, channels: int, frames: int, format: str, depth: str) -> None:
        """Open a temporary file for `frames` frames at `sample_rate` Hz.

        `format` is "wav", "flac" or "mp3"; `depth` is "16", "24", "32" or "32f". Raises StorageError if the file cannot
        be written.
        """
        self._path = path
        self._target = AtomicFile(path)
        self._bits = None if depth == "32f" or format == "mp3" else int(depth)
        needs_rf64 = frames * channels * _BYTES_PER_SAMPLE[depth] > _MAX_WAV_BYTES
        container = {"wav": "RF64" if needs_rf64 else "WAV", "flac": "FLAC", "mp3": "MP3"}[format]
        subtype = "MPEG_LAYER_III" if format == "mp3" else _SUBTYPES[depth]
        quality = 0.0 if format == "mp3" else None
        with self._storage_errors():
            self._file = soundfile.SoundFile(
                native_path(self._target.part),
                "w",
                sample_rate,
                channels,
                subtype,
                None,
                container,
                compression_level=quality,
            )
            self._file.comment = STEM_COMMENT

    def write(self, block: NDArray[np.floating]) -> None:
        """Append `[channels, frames]`, full scale ±1; integer depths are rounded to the nearest step.

        Raises StorageError if the file cannot be written.
        """
        for start in range(0, block.shape[1], BLOCK_FRAMES):
            chunk = block[:, start : start + BLOCK_FRAMES]
            samples = chunk.astype(np.float32) if self._bits is None else to_int32(chunk, self._bits)
            with self._storage_errors():
                self._file.write(np.ascontiguousarray(samples.T))

    def close(self) -> None:
        """Finish the file, sync it to disk and move it to its path.

        Raises StorageError if it cannot be written or if a file exists at the path; never overwrites.
        """
        with self._storage_errors():
            self._file.close()
            try:
                self._target.commit(overwrite=False)
            except FileExistsError as error:
                self.abort()
                raise StorageError(
                    Message("{name} already exists and was not overwritten.", name=printable(self._path.name))
                ) from error

    def abort(self) -> None:
        """Close and delete the temporary file."""
        # On a full disk closing fails too; the file is deleted anyway.
        with suppress(soundfile.SoundFileError, OSError):
            self._file.close()
        self._target.discard()

    @contextmanager
    def _storage_errors(self) -> Generator[None]:
        """Convert errors inside the block to StorageError, caused by an OSError."""
        try:
            yield
        except (soundfile.SoundFileError, OSError) as error:
            cause = write_failure_cause(error, self._target.part)
            reason, advice = describe_disk_error(cause, self._path.parent)
            raise StorageError(
                Message("{name} could not be written: {reason}.", name=printable(self._path.name), reason=reason),
                Message("{advice}, then try again.", advice=advice),
            ) from cause


def write_failure_cause(error: Exception, path: Path) -> OSError:
    """Return the cause why `path` could not be written; libsndfile does not report the system's error number."""
    if isinstance(error, OSError):
        return error
    cause = find_write_error(path)
    # Encoders report a full disk as an encoder error. If the disk still accepts data, the encoder did fail, and a retry
    # would fail the same way.
    if isinstance(error, soundfile.LibsndfileError) and error.code != _SF_ERR_SYSTEM and cause.errno == errno.EIO:
        return OSError(error.error_string.rstrip("."))
    return cause


def to_int32(block: NDArray[np.floating], bits: int) -> NDArray[np.int32]:
    """Return samples of any shape, full scale ±1, rounded to `bits`-bit integers in the upper bits of int32.

    libsndfile takes integers of every width in this form. Values beyond full scale are clipped.
    """
    full_scale = float(1 << (bits - 1))
    steps = np.clip(np.rint(block * full_scale), -full_scale, full_scale - 1)
    return (steps.astype(np.int64) << (32 - bits)).astype(np.int32)
