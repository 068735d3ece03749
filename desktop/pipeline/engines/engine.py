"""What an engine is: names of its sources, a sample rate, how it cuts the mixture, and `separate`."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Segmentation:
    """How the mixture is cut into segments and put together again. All lengths in frames at the engine's rate.

    Segment number i starts at `i * stride`, is `length` long, and is given to the engine with `context` frames
    more on each side. Results are weighted with a triangle `w / w.max()` where `overlaps`, summed, and divided by
    the sum of the weights (demucs `apply_model`); otherwise length equals stride and they are laid end to end.
    """

    length: int
    stride: int
    context: int = 0
    """Frames of real audio (silence beyond the track's ends) around the segment; cut off from the result."""
    centre_last: bool = False
    """The last, short segment is centred in a full one and borrows real audio on its left, as demucs does."""
    normalise: bool = False
    """The track is first brought to mean 0 and standard deviation 1 of its mono mix; undone at the end."""

    @property
    def overlaps(self) -> bool:
        """True when neighbouring segments share frames."""
        return self.stride < self.length


class Engine(Protocol):
    """Separates segments, the same bits whatever came before."""

    @property
    def name(self) -> str:
        """As the catalogue has it, such as "htdemucs" or "sketch"."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the stems, in the order of the result's first axis."""
        ...

    @property
    def sample_rate(self) -> int:
        """Hz of what `separate` takes and gives."""
        ...

    @property
    def segmentation(self) -> Segmentation:
        """How to cut the track."""
        ...

    @property
    def batch(self) -> int:
        """How many segments it takes at once at most."""
        ...

    def separate(self, segments: Samples) -> Samples:
        """float32 `[n <= batch, 2, context + length + context]` to float32 `[n, sources, 2, same frames]`.

        Shorter segments, all of one length, are allowed where the track is shorter.
        """
        ...
