"""Writer of stem files, block by block, under a temporary name until they are complete."""

import errno
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.atomic_file import AtomicFile
from desktop.audio.names import native_path, printable
from desktop.audio.stems import STEM_COMMENT
from desktop.audio_formats import AUDIO_FORMATS
from desktop.errors import StorageError
from desktop.runtime.disk_errors import describe_disk_error, find_write_error
from desktop.text.message import Message

BLOCK_FRAMES = 65536
# libvorbis keeps a whole block on the stack.
_MAX_VORBIS_FRAMES = 4096
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32": "PCM_32", "32f": "FLOAT"}
_BYTES_PER_SAMPLE = {"16": 2, "24": 3, "32": 4, "32f": 4}
# WAV headers store sizes in 32 bits. Larger files use RF64 (EBU Tech 3306) with the same samples.
_MAX_WAV_BYTES = 0xFFFF_0000
_LOSSY_CODECS = {"mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS")}
# Compression levels of libsndfile, 0 (best) to 1: MP3 of variable bit rate V0, Vorbis of quality 8, Opus of 128 kbit/s a
# channel.
_COMPRESSION_LEVELS = {"mp3": 0.0, "ogg": 0.2, "opus": 0.5}
_SF_ERR_SYSTEM = 2  # SF_ERR_SYSTEM of sndfile.h


class AudioWriter:
    """Writer of one audio file with libsndfile: WAV (RF64 above 4 GB), FLAC, MP3, Ogg Vorbis or Opus."""

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        channels: int,
        frames: int,
        format: str,
        depth: str,
        *,
        comment: str = STEM_COMMENT,
        finish: Callable[[Path], None] = lambda part: None,
    ) -> None:
        """Open a temporary file for `frames` frames at `sample_rate` Hz, with `comment` as its comment if it is not empty.

        `format` is the name of an audio format that libsndfile writes; `depth` is "16", "24", "32" or "32f", and is
        ignored for lossy formats. `finish` may change the complete file, which it gets under its temporary name; it may
        raise OSError. Raises StorageError if the file cannot be written.
        """
        self._path = path
        self._target = AtomicFile(path)
        self._finish = finish
        self._block_frames = _MAX_VORBIS_FRAMES if format == "ogg" else BLOCK_FRAMES
        is_lossless = AUDIO_FORMATS[format].is_lossless
        self._bits = int(depth) if is_lossless and depth != "32f" else None
        needs_rf64 = frames * channels * _BYTES_PER_SAMPLE[depth] > _MAX_WAV_BYTES
        lossless_container = "RF64" if format == "wav" and needs_rf64 else format.upper()
        container, subtype = _LOSSY_CODECS.get(format, (lossless_container, _SUBTYPES[depth]))
        with self._storage_errors():
            self._file = soundfile.SoundFile(
                native_path(self._target.part),
                "w",
                sample_rate,
                channels,
                subtype,
                None,
                container,
                compression_level=_COMPRESSION_LEVELS.get(format),
            )
            if comment:
                self._file.comment = comment

    def write(self, block: NDArray[np.floating]) -> None:
        """Append `[channels, frames]`, full scale ±1; integer depths are rounded to the nearest step.

        Raises StorageError if the file cannot be written.
        """
        for start in range(0, block.shape[1], self._block_frames):
            chunk = block[:, start : start + self._block_frames]
            samples = chunk.astype(np.float32) if self._bits is None else to_int32(chunk, self._bits)
            with self._storage_errors():
                self._file.write(np.ascontiguousarray(samples.T))

    def close(self) -> None:
        """Finish the file, sync it to disk and move it to its path.

        Raises StorageError if it cannot be written or if a file exists at the path; never overwrites.
        """
        with self._storage_errors():
            self._file.close()
            self._finish(self._target.part)
        commit_audio_file(self._target, self._path)

    def abort(self) -> None:
        """Close and delete the temporary file."""
        # On a full disk closing fails too; the file is deleted anyway.
        with suppress(soundfile.SoundFileError, OSError):
            self._file.close()
        self._target.discard()

    def _storage_errors(self) -> AbstractContextManager[None]:
        return storage_errors(self._path, self._target.part)


@contextmanager
def storage_errors(path: Path, part: Path) -> Generator[None]:
    """Convert errors of writing `path` under the name `part` to StorageError, caused by an OSError."""
    try:
        yield
    except (soundfile.SoundFileError, OSError) as error:
        cause = write_failure_cause(error, part)
        reason, advice = describe_disk_error(cause, path.parent)
        raise StorageError(
            Message("{name} could not be written: {reason}.", name=printable(path.name), reason=reason),
            Message("{advice}, then try again.", advice=advice),
        ) from cause


def commit_audio_file(target: AtomicFile, path: Path) -> None:
    """Sync the complete file `target` to disk and move it to `path`.

    Raises StorageError if that fails, and after deleting the file if another exists at the path: never overwrites.
    """
    with storage_errors(path, target.part):
        try:
            target.commit(overwrite=False)
        except FileExistsError as error:
            target.discard()
            raise StorageError(
                Message("{name} already exists and was not overwritten.", name=printable(path.name))
            ) from error


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
