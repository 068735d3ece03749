"""The mixture: a track decoded once onto the disk, where every later step can read any part of it."""

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.conform import ConformedTrack, open_conformed
from desktop.audio.names import native_path, printable
from desktop.audio.streaming import prefetch
from desktop.audio.track import SampleFormat, UndecodableError
from desktop.audio.writer import to_int32, write_failure_cause
from desktop.errors import CancelledError, StorageError
from desktop.runtime.disk_errors import describe_disk_error

_SUBTYPES = {SampleFormat.PCM_16: "PCM_16", SampleFormat.PCM_24: "PCM_24", SampleFormat.PCM_32: "PCM_32"}


@dataclass(frozen=True)
class Mixture:
    """A decoded track: mono or stereo, in the integers of its source where it has any."""

    path: Path
    sample_rate: int
    channels: int
    """1 or 2."""
    frames: int
    """Exact."""
    sample_format: SampleFormat
    notices: tuple[str, ...]
    """Sentences for the user: folded, incomplete, repaired."""

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """float64 `[channels, frames]` from frame `start` on; integers come as exact fractions of full scale.

        Raises StorageError.
        """
        try:
            with soundfile.SoundFile(native_path(self.path)) as file:
                file.seek(start)
                return cast("NDArray[np.float64]", file.read(frames, dtype="float64", always_2d=True).T)
        except soundfile.SoundFileError as error:
            raise StorageError(
                "What was decoded of the song cannot be read back: the library's folder was moved or deleted, or its "
                "disk fails. Look after them, then try again."
            ) from error


class BlockListener(Protocol):
    """Hears the mixture while it is decoded."""

    def reset(self) -> None:
        """Decoding begins; perhaps once more, with another decoder: what was heard until now counts for nothing."""
        ...

    def add_block(self, block: NDArray[np.float64]) -> None:
        """The next block `[channels, n]`."""
        ...


class _NullListener:
    """A listener who does not listen."""

    def reset(self) -> None:
        """Nothing comes of it."""

    def add_block(self, block: NDArray[np.float64]) -> None:
        """Nothing comes of it."""


def decode_mixture(
    track: Path,
    out: Path,
    report_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: BlockListener | None = None,
) -> Mixture:
    """Decode `track` into the new file `out`. `report` gets the part that is done, 0 to 1, where the length is known.

    Samples that are no numbers become silence, more than two channels are folded to stereo; the notices say so.
    Raises UnusableTrackError, StorageError, CancelledError, and then leaves no file.
    """
    with ExitStack() as on_failure:
        on_failure.callback(out.unlink, missing_ok=True)
        mixture = _decode_with_any_reader(track, out, report_progress, should_stop, listener or _NullListener())
        on_failure.pop_all()
    return mixture


def _decode_with_any_reader(
    track: Path,
    out: Path,
    report_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: BlockListener,
) -> Mixture:
    with closing(open_conformed(track, should_stop)) as attempts:
        for sound in attempts:
            with suppress(UndecodableError):  # then another decoder may, or the same in another format
                listener.reset()
                return _write_mixture(track, sound, out, report_progress, should_stop, listener)
    raise AssertionError("conformed() yields or raises")


def _write_mixture(
    track: Path,
    sound: ConformedTrack,
    out: Path,
    report_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: BlockListener,
) -> Mixture:
    rate, channels, samples = sound.format.sample_rate, sound.format.channels, sound.format.sample_format
    subtype, bits = _SUBTYPES.get(samples, "FLOAT"), samples.bits
    try:
        with (
            soundfile.SoundFile(native_path(out), "w", rate, channels, subtype, format="RF64") as file,
            closing(prefetch(sound.blocks())) as blocks,
        ):
            for block in blocks:
                if should_stop():
                    raise CancelledError("Cancelled.")
                file.write(block.T.astype(np.float32) if bits is None else to_int32(block, bits).T)
                listener.add_block(block)
                if sound.seconds:
                    report_progress(min(1.0, file.frames / rate / sound.seconds))
    except (soundfile.SoundFileError, OSError) as error:
        cause = write_failure_cause(error, out)
        reason, advice = describe_disk_error(cause, out.parent)
        raise StorageError(
            f"{printable(track.name)} could not be decoded onto the disk: {reason}.", f"{advice}, then try again."
        ) from cause
    return Mixture(out, rate, channels, sound.frames, samples, sound.notices())
