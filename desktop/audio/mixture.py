"""The mixture: a track decoded once onto the disk, where every later step can read any part of it."""

import math
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.decode import TrackReader, readers
from desktop.audio.fold import fold_matrix
from desktop.audio.integers import to_int32
from desktop.audio.names import shown, system_name
from desktop.audio.track import SampleFormat
from desktop.audio.undecodable import UndecodableError
from desktop.errors import CancelledError, StorageError, UnusableTrackError

# Music lies within ±1; what is 80 dB louder is no sample.
_LOUDEST = 1e4
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
        """float64 `[channels, frames]` from frame `start` on; integers come as exact fractions of full scale."""
        with soundfile.SoundFile(system_name(self.path)) as file:
            file.seek(start)
            return cast("NDArray[np.float64]", file.read(frames, dtype="float64", always_2d=True).T)


def decode_mixture(track: Path, out: Path, report: Callable[[float], None], should_stop: Callable[[], bool]) -> Mixture:
    """Decode `track` into the new file `out`. `report` gets the part that is done, 0 to 1, where the length is known.

    Samples that are no numbers become silence, more than two channels are folded to stereo; the notices say so.
    Raises UnusableTrackError, StorageError, CancelledError, and then leaves no file.
    """
    with ExitStack() as on_failure:
        on_failure.callback(out.unlink, missing_ok=True)
        mixture = _decode(track, out, report, should_stop)
        on_failure.pop_all()
    return mixture


def _decode(track: Path, out: Path, report: Callable[[float], None], should_stop: Callable[[], bool]) -> Mixture:
    for reader in readers(track):
        with closing(reader), suppress(UndecodableError):  # then another decoder may
            return _Spool(track, out, reader).fill(report, should_stop)
    raise AssertionError("readers() yields or raises")


@dataclass
class _Spool:
    track: Path
    out: Path
    reader: TrackReader
    frames: int = 0
    repaired: int = 0
    matrix: NDArray[np.float64] | None = field(init=False)
    sample_format: SampleFormat = field(init=False)

    def __post_init__(self) -> None:
        info = self.reader.info
        self.matrix = fold_matrix(info.channels) if info.channels > 2 else None
        self.sample_format = info.sample_format
        if self.matrix is not None and info.sample_format is SampleFormat.PCM_16:
            self.sample_format = SampleFormat.PCM_24  # a folded sample falls between the steps of its source

    def fill(self, report: Callable[[float], None], should_stop: Callable[[], bool]) -> Mixture:
        info = self.reader.info
        channels = min(info.channels, 2)
        subtype = _SUBTYPES.get(self.sample_format, "FLOAT")
        try:
            with soundfile.SoundFile(
                system_name(self.out), "w", info.sample_rate, channels, subtype, format="RF64"
            ) as file:
                for block in self.reader.blocks():
                    if should_stop():
                        raise CancelledError("Cancelled.")
                    self._write(file, self._cleaned(block))
                    if info.frames:
                        report(min(1.0, self.frames / info.frames))
        except (soundfile.SoundFileError, OSError) as error:
            raise StorageError(
                f"{shown(self.track.name)} could not be decoded onto the disk: {error}. Make room, then retry."
            ) from error
        self._check()
        return Mixture(
            self.out, info.sample_rate, channels, self.frames, self.sample_format, (*self.reader.notices, *self._said())
        )

    def _cleaned(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.sample_format in (SampleFormat.FLOAT, SampleFormat.LOSSY):
            bad = ~np.isfinite(block) | (np.abs(block) > _LOUDEST)
            if bad.any():
                self.repaired += int(bad.sum())
                block = np.where(bad, 0.0, block)
        return block if self.matrix is None else self.matrix @ block

    def _write(self, file: soundfile.SoundFile, block: NDArray[np.float64]) -> None:
        bits = self.sample_format.bits
        file.write(block.T.astype(np.float32) if bits is None else to_int32(block, bits).T)
        self.frames += block.shape[1]

    def _check(self) -> None:
        if not self.frames:
            raise UndecodableError("contains no audio")
        if self.repaired > 0.5 * self.frames * self.reader.info.channels:
            raise UnusableTrackError(f"{shown(self.track.name)} contains only invalid samples. Export it again.")

    def _said(self) -> list[str]:
        said: list[str] = []
        if self.matrix is not None:
            said.append(f"Its {self.reader.info.channels} channels were folded to stereo.")
        if self.repaired:
            seconds = math.ceil(self.repaired / self.reader.info.channels / self.reader.info.sample_rate)
            said.append(f"Invalid samples (about {seconds} s) were replaced by silence.")
        return said
