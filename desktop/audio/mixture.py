"""The mixture: a track decoded once to disk, from which every later step reads any range."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.conform import ConformedTrack, decode_conformed
from desktop.audio.names import native_path, printable
from desktop.audio.streaming import prefetch
from desktop.audio.track import SampleFormat
from desktop.audio.writer import to_int32, write_failure_cause
from desktop.errors import CancelledError, StorageError
from desktop.runtime.disk_errors import describe_disk_error
from desktop.text.message import Message

_SUBTYPES = {SampleFormat.PCM_16: "PCM_16", SampleFormat.PCM_24: "PCM_24", SampleFormat.PCM_32: "PCM_32"}


@dataclass(frozen=True)
class Mixture:
    """A decoded track on disk: mono or stereo, with integer samples if the source has integer samples."""

    path: Path
    sample_rate: int
    """Hz."""
    channels: int
    """1 or 2."""
    frames: int
    """Exact number of frames."""
    sample_format: SampleFormat
    notices: tuple[Message, ...]
    """Sentences for the user: downmixed, incomplete, repaired."""

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """Return float64 `[channels, frames]` from frame `start` on; integers become exact fractions of full scale.

        Raises StorageError if the decoded file cannot be read.
        """
        try:
            with soundfile.SoundFile(native_path(self.path)) as file:
                file.seek(start)
                return cast("NDArray[np.float64]", file.read(frames, dtype="float64", always_2d=True).T)
        except soundfile.SoundFileError as error:
            raise StorageError(
                Message(
                    "The decoded audio of this song cannot be read: the library's folder was moved or "
                    "deleted, or its disk is failing. Check the folder and the disk, then try again."
                )
            ) from error


class BlockListener(Protocol):
    """Receiver of the mixture's blocks while they are decoded."""

    def reset(self) -> None:
        """Discard all blocks received so far: decoding starts, or restarts with another decoder."""
        ...

    def add_block(self, block: NDArray[np.float64]) -> None:
        """Receive the next block, float64 `[channels, frames]`."""
        ...


class _NullListener:
    """Listener that ignores all blocks."""

    def reset(self) -> None:
        pass

    def add_block(self, block: NDArray[np.float64]) -> None:
        pass


def decode_mixture(
    track: Path,
    out: Path,
    report_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: BlockListener | None = None,
    audio_track: int | None = None,
) -> Mixture:
    """Decode `track` into the new file `out`; call `report_progress` with 0 to 1 if the length is known.

    `audio_track` is the number of an audio track of a file with several, from 0; None chooses the best. Replace invalid
    samples by silence and mix more than two channels down to stereo; the notices say so. Leave no file
    after an error. Raises UnusableTrackError if the track cannot be decoded, StorageError if `out` cannot be written,
    CancelledError if `should_stop` returns True.
    """
    listener = listener or _NullListener()

    def decode(conformed: ConformedTrack) -> Mixture:
        listener.reset()
        return _write_mixture(track, conformed, out, report_progress, should_stop, listener)

    with ExitStack() as on_failure:
        on_failure.callback(out.unlink, missing_ok=True)
        mixture = decode_conformed(track, should_stop, decode, audio_track)
        on_failure.pop_all()
    return mixture


def _write_mixture(
    track: Path,
    conformed: ConformedTrack,
    out: Path,
    report_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
    listener: BlockListener,
) -> Mixture:
    rate, channels, samples = conformed.format.sample_rate, conformed.format.channels, conformed.format.sample_format
    subtype, bits = _SUBTYPES.get(samples, "FLOAT"), samples.bits
    try:
        with (
            soundfile.SoundFile(native_path(out), "w", rate, channels, subtype, format="RF64") as file,
            closing(prefetch(conformed.blocks())) as blocks,
        ):
            for block in blocks:
                if should_stop():
                    raise CancelledError(Message("Cancelled."))
                file.write(block.T.astype(np.float32) if bits is None else to_int32(block, bits).T)
                listener.add_block(block)
                if conformed.seconds:
                    report_progress(min(1.0, file.frames / rate / conformed.seconds))
    except (soundfile.SoundFileError, OSError) as error:
        cause = write_failure_cause(error, out)
        reason, advice = describe_disk_error(cause, out.parent)
        raise StorageError(
            Message(
                "The decoded audio of {name} could not be written: {reason}.", name=printable(track.name), reason=reason
            ),
            Message("{advice}, then try again.", advice=advice),
        ) from cause
    return Mixture(out, rate, channels, conformed.frames, samples, conformed.notices())
