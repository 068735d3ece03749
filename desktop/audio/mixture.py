"""The mixture: a track decoded once onto the disk, where every later step can read any part of it."""

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.ahead import ahead
from desktop.audio.conform import ConformedTrack, conformed
from desktop.audio.integers import to_int32
from desktop.audio.names import shown, system_name
from desktop.audio.track import SampleFormat
from desktop.audio.undecodable import UndecodableError
from desktop.audio.write import system_error
from desktop.disk_trouble import disk_trouble
from desktop.errors import CancelledError, StorageError

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
            with soundfile.SoundFile(system_name(self.path)) as file:
                file.seek(start)
                return cast("NDArray[np.float64]", file.read(frames, dtype="float64", always_2d=True).T)
        except soundfile.SoundFileError as error:
            raise StorageError(
                "What was decoded of the song cannot be read back: the library's folder was moved or deleted, or its "
                "disk fails. Look after them, then try again."
            ) from error


class Listener(Protocol):
    """Hears the mixture while it is decoded."""

    def begin(self) -> None:
        """Decoding begins; perhaps once more, with another decoder: what was heard until now counts for nothing."""
        ...

    def hear(self, block: NDArray[np.float64]) -> None:
        """The next block `[channels, n]`."""
        ...


class _Nobody:
    """A listener who does not listen."""

    def begin(self) -> None:
        """Nothing comes of it."""

    def hear(self, block: NDArray[np.float64]) -> None:
        """Nothing comes of it."""


def decode_mixture(
    track: Path,
    out: Path,
    report: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: Listener | None = None,
) -> Mixture:
    """Decode `track` into the new file `out`. `report` gets the part that is done, 0 to 1, where the length is known.

    Samples that are no numbers become silence, more than two channels are folded to stereo; the notices say so.
    Raises UnusableTrackError, StorageError, CancelledError, and then leaves no file.
    """
    with ExitStack() as on_failure:
        on_failure.callback(out.unlink, missing_ok=True)
        mixture = _decode(track, out, report, should_stop, listener or _Nobody())
        on_failure.pop_all()
    return mixture


def _decode(
    track: Path, out: Path, report: Callable[[float], None], should_stop: Callable[[], bool], listener: Listener
) -> Mixture:
    with closing(conformed(track, should_stop)) as attempts:
        for sound in attempts:
            with suppress(UndecodableError):  # then another decoder may, or the same in another format
                listener.begin()
                return _write(track, sound, out, report, should_stop, listener)
    raise AssertionError("conformed() yields or raises")


def _write(
    track: Path,
    sound: ConformedTrack,
    out: Path,
    report: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: Listener,
) -> Mixture:
    rate, channels, samples = sound.format.sample_rate, sound.format.channels, sound.format.sample_format
    subtype, bits = _SUBTYPES.get(samples, "FLOAT"), samples.bits
    try:
        with (
            soundfile.SoundFile(system_name(out), "w", rate, channels, subtype, format="RF64") as file,
            closing(ahead(sound.blocks())) as blocks,
        ):
            for block in blocks:
                if should_stop():
                    raise CancelledError("Cancelled.")
                file.write(block.T.astype(np.float32) if bits is None else to_int32(block, bits).T)
                listener.hear(block)
                if sound.seconds:
                    report(min(1.0, file.frames / rate / sound.seconds))
    except (soundfile.SoundFileError, OSError) as error:
        cause = system_error(error, out)
        reason, advice = disk_trouble(cause, out.parent)
        raise StorageError(
            f"{shown(track.name)} could not be decoded onto the disk: {reason}.", f"{advice}, then try again."
        ) from cause
    return Mixture(out, rate, channels, sound.frames, samples, sound.notices())
