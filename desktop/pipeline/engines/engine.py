"""What an engine is: names of its sources, a sample rate, how it cuts the mixture, and `separate`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.segments.grid import Segmentation

Samples = NDArray[np.float32]
PendingStems = Callable[[], Samples]
"""What is left to do of a separation, and gives the stems. To be called once, from any thread."""


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

    @property
    def runtime(self) -> str:
        """What computes it, as it is shown, such as "openvino bf16"."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user, such as that another runtime had to stand in; more may come with every call."""
        ...

    def separate(self, segments: Samples) -> PendingStems:
        """float32 `[n <= batch, 2, context + length + context]` to float32 `[n, sources, 2, same frames]`.

        Shorter segments, all of one length, are allowed where the track is shorter. The work that takes all cores is
        done when this returns; the rest is left to the answer, so that the next segments can be in work meanwhile.
        """
        ...


@dataclass(frozen=True)
class ModelSignature:
    """What a model takes and gives."""

    sources: tuple[str, ...]
    sample_rate: int
    """Hz."""
    length: int
    """Frames of a segment."""
    fills: bool
    """A shorter segment is filled with silence to the length that the model was trained on."""


class OutOfMemoryError(RuntimeError):
    """The device that computes has too little memory for so many segments."""


class UnsupportedModelError(RuntimeError):
    """A model of a rare form, which the runtime can never compute."""


class Network(Protocol):
    """One model, ready to compute."""

    def __call__(self, segments: Samples) -> PendingStems:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`; see `Engine.separate`.

        Raises RuntimeError where it cannot, OutOfMemoryError where fewer may do.
        """
        ...


@dataclass(frozen=True)
class Runtime:
    """All networks of a bag."""

    name: str
    """As it is shown, such as "openvino bf16"."""
    networks: tuple[Network, ...]
    signatures: tuple[ModelSignature, ...]
    batch: int = 1
    """How many segments fit at once."""


RuntimeFactory = Callable[[], Runtime]
"""Makes a runtime. Raises RuntimeError, OSError or ImportError where it cannot, ModelRejectedError for bad weights."""
