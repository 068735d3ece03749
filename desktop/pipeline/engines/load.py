"""An engine out of what the shelf knows of it. torch is imported only for engines that need it."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Engine


@dataclass(frozen=True)
class EngineSpec:
    """Which engine, and the files it is made of."""

    name: str
    """As the catalogue has it."""
    kind: Literal["demucs", "sketch"]
    files: tuple[Path, ...] = ()
    """Weights, one file a model."""
    bag: tuple[tuple[float, ...], ...] | None = None
    """For each model its weight for each source; None weighs all alike."""
    segment: float | None = None
    """Seconds of a segment, where it is to be shorter than the model's own."""
    runtime: str = "auto"
    """What computes: "torch", "openvino", "cuda", "mps", or "auto" for the best of this machine. The environment
    variable `UNBRAID_RUNTIME` goes before it."""
    fast: bool = False
    """Compute with 16-bit numbers where the processor has them."""
    cache: Path | None = None
    """The folder that keeps what is converted for a runtime: without one, nothing is."""


def load_engine(spec: EngineSpec) -> Engine:
    """Load it into memory. Raises ModelRejectedError."""
    if spec.kind == "sketch":
        from desktop.pipeline.engines.sketch import SketchEngine

        return SketchEngine()
    return _load_demucs(spec)


def _load_demucs(spec: EngineSpec) -> Engine:
    from desktop.pipeline.engines.demucs import DemucsEngine
    from desktop.pipeline.engines.runtimes import on_processor, start

    if not spec.files:
        raise ModelRejectedError(f"The model {spec.name} has no weights on this computer.")
    runtime, notices = start(spec)
    return DemucsEngine(spec.name, runtime, partial(on_processor, replace(spec, fast=False)), spec.bag, notices)
