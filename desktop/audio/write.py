"""Audio files written block by block, under a temporary name until they are whole."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.integers import to_int32
from desktop.audio.names import shown, system_name
from desktop.audio.stem_mark import STEM_COMMENT
from desktop.disk_trouble import disk_trouble, write_error
from desktop.errors import StorageError

BLOCK = 65536
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates in Hz that MP3 can hold (MPEG-1, MPEG-2 and MPEG-2.5 layer III)."""
HIGHEST_FLAC_RATE = 655_350
"""In Hz (RFC 9639, section 8.2)."""
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32": "PCM_32", "32f": "FLOAT"}
_BYTES = {"16": 2, "24": 3, "32": 4, "32f": 4}
# A WAV header counts in 32 bits. Beyond, RF64 (EBU Tech 3306) carries the same samples.
_LARGEST_WAV = 0xFFFF_0000
_SYSTEM_ERROR = 2  # SF_ERR_SYSTEM of sndfile.h


class AudioWriter:
    """One stem's file being written: WAV (RF64 above 4 GB), FLAC or MP3. It says that it is a stem (`stem_mark`)."""

    def __init__(self, path: Path, sample_rate: int, channels: int, frames: int, format: str, depth: str) -> None:
        """Begin the file of `frames` frames. `format` is "wav", "flac" or "mp3", `depth` "16", "24", "32" or "32f".

        Raises StorageError.
        """
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._bits = None if depth == "32f" or format == "mp3" else int(depth)
        large = frames * channels * _BYTES[depth] > _LARGEST_WAV
        container = {"wav": "RF64" if large else "WAV", "flac": "FLAC", "mp3": "MP3"}[format]
        subtype = "MPEG_LAYER_III" if format == "mp3" else _SUBTYPES[depth]
        quality = 0.0 if format == "mp3" else None
        with self._failures_told():
            self._file = soundfile.SoundFile(
                system_name(self._part), "w", sample_rate, channels, subtype, None, container, compression_level=quality
            )
            self._file.comment = STEM_COMMENT

    def write(self, block: NDArray[np.floating]) -> None:
        """Append `[channels, n]`, full scale ±1; integer depths are rounded to the nearest step. Raises StorageError."""
        for start in range(0, block.shape[1], BLOCK):
            piece = block[:, start : start + BLOCK]
            samples = piece.astype(np.float32) if self._bits is None else to_int32(piece, self._bits)
            with self._failures_told():
                self._file.write(np.ascontiguousarray(samples.T))

    def close(self) -> None:
        """Finish the file, see it onto the disk, and move it in place. Raises StorageError; never overwrites."""
        if self._path.exists():
            self.abort()
            raise StorageError(f"{shown(self._path.name)} is there already, and was left as it is.")
        with self._failures_told():
            self._file.close()
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            self._part.rename(self._path)

    def abort(self) -> None:
        """Close and delete what there is of the file."""
        # On a full disk closing fails too; the file goes all the same.
        with suppress(soundfile.SoundFileError, OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _failures_told(self) -> Generator[None]:
        """Raise StorageError, caused by an OSError with a number, for whatever fails inside."""
        try:
            yield
        except (soundfile.SoundFileError, OSError) as error:
            cause = system_error(error, self._part)
            reason, advice = disk_trouble(cause, self._path.parent)
            raise StorageError(
                f"{shown(self._path.name)} could not be written: {reason}.", f"{advice}, then try again."
            ) from cause


def system_error(error: Exception, path: Path) -> OSError:
    """Return why `path` could not be written: libsndfile keeps the system's number to itself."""
    if isinstance(error, OSError):
        return error
    cause = write_error(path)
    # An encoder calls a full disk its own error. Where the disk takes more, it is, and another try would end so too.
    if isinstance(error, soundfile.LibsndfileError) and error.code != _SYSTEM_ERROR and cause.errno == errno.EIO:
        return OSError(error.error_string.rstrip("."))
    return cause
