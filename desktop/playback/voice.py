"""A ring as it is heard: with fades of its own, so that its sound neither begins nor breaks off with a click."""

import numpy as np

from desktop.playback.ring import Lanes, Ring


class Voice:
    """Reads one ring in the sound's callback, at a gain that moves by one step a frame at most."""

    def __init__(self, longest: int) -> None:
        """`longest` is the most frames that one call reads."""
        self.ring: Ring | None = None
        self.gain = 0.0
        """Factor of the last frame that was read."""
        self.gaps = 0
        """How often a ring ran dry although its source had more: the reader was late."""
        self._fade = 1
        self._short = False
        self._count = np.arange(1, longest + 1, dtype=np.float32)
        self._gains = np.zeros(longest, dtype=np.float32)
        self._limits = np.zeros(longest, dtype=np.float32)

    def begin(self, ring: Ring | None, gain: float, fade: int) -> None:
        """Read another ring, from a gain of 0 (fading in) or 1 (at once) on; a whole fade takes `fade` frames."""
        self.ring, self.gain, self._fade, self._short = ring, gain, fade, False

    def read(self, out: Lanes, fading_out: bool = False) -> None:
        """Fill `out` with the next frames of the ring, and with silence where it has none."""
        ring = self.ring
        count = ring.take(out) if ring else 0
        out[count:] = 0.0
        if ring is None:
            return
        self._look_ahead(ring, count < len(out))
        if self.gain < 1.0 or self._short or fading_out:
            gains = self._envelope(count, ring.ready, fading_out)
            out[:count] *= gains[:, None, None]
            self.gain = float(gains[-1]) if count else self.gain
        if count < len(out):
            self.gain = 0.0

    def _look_ahead(self, ring: Ring, dry: bool) -> None:
        """Notice that the ring is about to run dry: it fades out while there still is something to fade."""
        short = not ring.whole and (dry or ring.ready < self._fade)
        if short and not self._short and not ring.waits:
            self.gaps += 1
        self._short = short

    def _envelope(self, count: int, ahead: int, fading_out: bool) -> Lanes:
        """Return the gain of each of `count` frames, after which the ring has `ahead` more: float32 `[count]`."""
        gains, limits = self._gains[:count], self._limits[:count]
        np.multiply(self._count[:count], (-1.0 if fading_out else 1.0) / self._fade, out=gains)
        gains += self.gain
        if self._short:
            # The last frame that is there is silent.
            np.subtract(count + ahead, self._count[:count], out=limits)
            limits /= self._fade
            np.minimum(gains, limits, out=gains)
        return np.clip(gains, 0.0, 1.0, out=gains)
