"""What one model of a bag is to its engine, whatever computes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from desktop.pipeline.engines.engine import Answer, Samples


@dataclass(frozen=True)
class Form:
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


class UnfitModelError(RuntimeError):
    """A model of a rare form, which the runtime can never compute."""


class Network(Protocol):
    """One model, ready to compute."""

    def __call__(self, segments: Samples) -> Answer:
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
    forms: tuple[Form, ...]
    batch: int = 1
    """How many segments fit at once."""


Start = Callable[[], Runtime]
"""Makes a runtime. Raises RuntimeError, OSError or ImportError where it cannot, ModelRejectedError for bad weights."""
