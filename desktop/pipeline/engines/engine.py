"""Protocols of an engine, of a network and of a runtime, and their errors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.segments.grid import Segmentation
from desktop.text.message import Message

Samples = NDArray[np.float32]
PendingStems = Callable[[], Samples]
"""Finish a separation and return its stems. Call once, from any thread."""


class Engine(Protocol):
    """Computes stems of segments. The result does not depend on earlier calls."""

    @property
    def name(self) -> str:
        """Name in the catalogue, such as "htdemucs" or "sketch"."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the stems, in the order of the result's first axis."""
        ...

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz of the segments and the stems."""
        ...

    @property
    def segmentation(self) -> Segmentation:
        """Parameters of segmentation and overlap-add."""
        ...

    @property
    def batch(self) -> int:
        """Maximum number of segments for one call of `separate`."""
        ...

    @property
    def runtime(self) -> str:
        """Name of the runtime as shown to users, such as "openvino bf16"."""
        ...

    @property
    def notices(self) -> tuple[Message, ...]:
        """Notices for the user, such as a change of the runtime; each call of `separate` may add some."""
        ...

    def separate(self, segments: Samples) -> PendingStems:
        """Separate float32 `[n <= batch, 2, context + length + context]` into float32 `[n, sources, 2, same frames]`.

        Shorter segments, all of one length, are allowed if the track is shorter. The work that uses all cores is done
        when this returns; the returned function does the rest, so that the next segments can be computed meanwhile.
        """
        ...


@dataclass(frozen=True)
class ModelSignature:
    """Sources, sample rate and segment length of a model."""

    sources: tuple[str, ...]
    sample_rate: int
    """Sample rate in Hz."""
    length: int
    """Length of a segment in frames."""
    pads_short_input: bool
    """True if a shorter segment is padded with silence to the length that the model was trained on."""


class OutOfMemoryError(RuntimeError):
    """The device has too little memory for this number of segments."""


class UnsupportedModelError(RuntimeError):
    """The runtime cannot compute a model of this architecture."""


class Network(Protocol):
    """One model, ready to compute."""

    def __call__(self, segments: Samples) -> PendingStems:
        """Separate float32 `[n, 2, frames]` into float32 `[n, sources, 2, frames]`; see `Engine.separate`.

        Raises RuntimeError if the computation fails, OutOfMemoryError if fewer segments may fit.
        """
        ...


@dataclass(frozen=True)
class Runtime:
    """All networks of a bag, ready to compute."""

    name: str
    """Name as shown to users, such as "openvino bf16"."""
    networks: tuple[Network, ...]
    signatures: tuple[ModelSignature, ...]
    batch: int = 1
    """Number of segments that fit at once."""


RuntimeFactory = Callable[[], Runtime]
"""Start a runtime. Raises RuntimeError, OSError or ImportError if it fails, ModelRejectedError for bad weights."""
