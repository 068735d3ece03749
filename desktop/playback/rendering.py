"""Rendering: the sound of a song as the player plays it, computed without a device."""

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from desktop.playback.chain import EXTRA_LANES, Chain
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains
from desktop.playback.limiter import Limiter
from desktop.playback.mixer import GainRamp, Mixer, ramp_frames
from desktop.playback.ring import LaneSamples
from desktop.playback.source import PlaybackSource
from desktop.playback.time_map import Piece

_BLOCK_FRAMES = 8192


class Rendering:
    """Several mixes of one song, read once: each has the samples that the player would play.

    At equal gains these are the samples of the device, bit for bit, but for the fades at play and pause. Only with the
    limiter they may differ by a rounding error, because a device asks for other blocks.
    """

    def __init__(
        self,
        source: PlaybackSource,
        settings: ChainSettings,
        mixes: Sequence[Gains],
        sample_rate: int | None = None,
        passage: tuple[float, float] | None = None,
    ) -> None:
        """Open `source` for rendering with these settings of the practice tools and these gains.

        `sample_rate`, in Hz, is that of the source by default. `passage` has the first and last second of a part of the
        song; None renders all of it. Loop and speed trainer are left out: nothing repeats. Raises StorageError,
        StretchUnavailableError.
        """
        self.sample_rate = sample_rate or source.sample_rate
        start_s, end_s = passage or (0.0, source.frames / source.sample_rate)
        speed = settings.speed_percent / 100
        once = replace(settings, loop=None, trainer=None)
        self._chain = Chain(source, self.sample_rate, once, Piece(0, start_s, speed, start_s))
        self.frames = round((end_s - start_s) * self.sample_rate / speed)
        """Length in frames at `sample_rate`; resampling may end a frame earlier."""
        self._mixdowns = [_Mixdown(gains, source.lanes + EXTRA_LANES, self.sample_rate) for gains in mixes]

    def blocks(self) -> Generator[list[NDArray[np.float32]]]:
        """Yield the blocks of each mix, float32 `[frames, 2]`, and close the source. Raises StorageError.

        Those of a mix with limiter are shorter at the start, by its delay, and longer at the end.
        """
        unread_frames = self.frames
        try:
            while len(lanes := self._chain.read(min(_BLOCK_FRAMES, unread_frames))):
                unread_frames -= len(lanes)
                yield [mixdown.mix(lanes) for mixdown in self._mixdowns]
            yield [mixdown.finish() for mixdown in self._mixdowns]
        finally:
            self._chain.close()


class _Mixdown:
    """One mix: gains of the lanes, level of the master, limiter."""

    def __init__(self, gains: Gains, lanes: int, sample_rate: int) -> None:
        self._mixer = Mixer(lanes, sample_rate, _BLOCK_FRAMES)
        self._mixer.target_gains[:] = gains.lanes
        self._mixer.reset(sample_rate)
        self._master = GainRamp(1, gains.master, sample_rate, _BLOCK_FRAMES)
        self._limiter = _started_limiter(sample_rate) if gains.has_limiter else None
        self._delay_frames = self._limiter.delay_frames if self._limiter else 0
        self._late_frames = self._delay_frames

    def mix(self, lanes: LaneSamples) -> NDArray[np.float32]:
        """Return the sum of `lanes`, float32 `[frames, 2]`, without the silence of the limiter's delay."""
        sums = np.empty((len(lanes), 1, 2), np.float32)
        self._mixer.mix(lanes.copy(), sums)
        self._master.apply(sums)
        return self._limit(sums)

    def finish(self) -> NDArray[np.float32]:
        """Return the frames that the limiter has delayed."""
        remaining, self._delay_frames = self._delay_frames - self._late_frames, 0
        return self._limit(np.zeros((remaining, 1, 2), np.float32))

    def _limit(self, sums: LaneSamples) -> NDArray[np.float32]:
        if self._limiter:
            self._limiter.process(sums)
        late = min(self._late_frames, len(sums))
        self._late_frames -= late
        return sums[late:, 0]


def _started_limiter(sample_rate: int) -> Limiter:
    """Return a limiter that is entirely on: it has faded in over silence."""
    limiter = Limiter(sample_rate, _BLOCK_FRAMES)
    limiter.is_on = True
    limiter.process(np.zeros((ramp_frames(sample_rate), 1, 2), np.float32))
    return limiter
