"""A track's sound as it is separated: mono or stereo, and nothing in it that is no sample."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from desktop.audio.decode import TrackReader
from desktop.audio.fold import fold_matrix
from desktop.audio.names import shown
from desktop.audio.track import SampleFormat
from desktop.audio.undecodable import UndecodableError
from desktop.errors import UnusableTrackError

# Music lies within ±1; what is 80 dB louder is no sample.
_LOUDEST = 1e4


class CleanTrack:
    """Samples that are no numbers become silence, more than two channels are folded to stereo."""

    def __init__(self, name: str, reader: TrackReader) -> None:
        """`name` is the track's, for sentences about it."""
        self._name = name
        self._reader = reader
        info = reader.info
        self._matrix = fold_matrix(info.channels) if info.channels > 2 else None
        self._repaired = 0
        self.channels = min(info.channels, 2)
        self.sample_format = info.sample_format
        """What its samples are, after folding."""
        if self._matrix is not None and info.sample_format is SampleFormat.PCM_16:
            self.sample_format = SampleFormat.PCM_24  # a folded sample falls between the steps of its source
        self.frames = 0
        """How many were given so far."""

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All of it in order, `[channels, n]`.

        Raises UndecodableError, and UnusableTrackError for what turns out to be no sound at the end.
        """
        for block in self._reader.blocks():
            self.frames += block.shape[1]
            yield self._cleaned(block)
        if not self.frames:
            raise UndecodableError("contains no audio")
        if self._repaired > 0.5 * self.frames * self._reader.info.channels:
            raise UnusableTrackError(f"{shown(self._name)} contains only invalid samples. Export it again.")

    def notices(self) -> tuple[str, ...]:
        """Sentences for the user; complete after the last block."""
        return (*self._reader.notices, *self._said())

    def _cleaned(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.sample_format in (SampleFormat.FLOAT, SampleFormat.LOSSY):
            bad = ~np.isfinite(block) | (np.abs(block) > _LOUDEST)
            if bad.any():
                self._repaired += int(bad.sum())
                block = np.where(bad, 0.0, block)
        return block if self._matrix is None else self._matrix @ block

    def _said(self) -> Iterator[str]:
        info = self._reader.info
        if self._matrix is not None:
            yield f"Its {info.channels} channels were folded to stereo."
        if self._repaired:
            seconds = math.ceil(self._repaired / info.channels / info.sample_rate)
            yield f"Invalid samples (about {seconds} s) were replaced by silence."
