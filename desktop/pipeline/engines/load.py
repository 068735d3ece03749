"""An engine out of what the shelf knows of it. torch is imported only for engines that need it."""

import logging
import sys
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Engine, Runtime, UnsupportedModelError
from desktop.runtime import nvidia
from desktop.settings import runtime_from_environment


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
    return _load_demucs_engine(spec)


def _load_demucs_engine(spec: EngineSpec) -> Engine:
    from desktop.pipeline.engines.demucs import DemucsEngine

    if not spec.files:
        raise ModelRejectedError(f"The model {spec.name} has no weights on this computer.")
    runtime, notices = start_runtime(spec)
    return DemucsEngine(spec.name, runtime, partial(start_torch_on_cpu, replace(spec, fast=False)), spec.bag, notices)


_RUNTIME_TITLES = {"openvino": "OpenVINO", "cuda": "The NVIDIA graphics card", "mps": "The graphics processor"}
_log = logging.getLogger(__name__)


def start_runtime(spec: "EngineSpec") -> tuple[Runtime, tuple[str, ...]]:
    """The runtime that the spec asks for, and notices for the user. Raises ModelRejectedError, ConfigurationError."""
    name = runtime_from_environment() or spec.runtime
    name = fastest_runtime(spec.cache) if name == "auto" else name
    try:
        return _start_named(name, spec), ()
    except UnsupportedModelError as error:
        _log.info("%s, so torch separates on the processor", error)
        return start_torch_on_cpu(spec), ()
    except (ImportError, OSError, RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        _log.warning("The runtime %s does not start", name, exc_info=error)
        return start_torch_on_cpu(spec), (f"{_runtime_title(name)} cannot be used here, so torch separates instead.",)


def fastest_runtime(cache: Path | None) -> str:
    """The fastest runtime of this machine."""
    if _may_have_gpu():
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if torch.backends.mps.is_available():
            return "mps"
    return "openvino" if cache is not None and find_spec("openvino") else "torch"


def start_torch_on_cpu(spec: "EngineSpec") -> Runtime:
    """PyTorch on the processor: what works everywhere. Raises ModelRejectedError."""
    from desktop.pipeline.engines import torch_runtime

    return torch_runtime.start_on_cpu(spec)


def _start_named(name: str, spec: "EngineSpec") -> Runtime:
    if name == "torch":
        return start_torch_on_cpu(spec)
    if name == "openvino":
        return _start_openvino(spec)
    if name in ("cuda", "mps"):
        from desktop.pipeline.engines.torch_runtime import start_on_gpu

        return start_on_gpu(spec, name)
    raise ValueError(f"no runtime has the name {name}")


def _start_openvino(spec: "EngineSpec") -> Runtime:
    from desktop.pipeline.engines.openvino_cache import export_once
    from desktop.pipeline.engines.openvino_network import OpenVinoNetwork

    if spec.cache is None:
        raise OSError("there is no place to keep what is converted")
    models = [export_once(file, spec.segment, spec.cache) for file in spec.files]
    networks = tuple(OpenVinoNetwork(model, spec.fast) for model in models)
    precision = networks[0].precision
    name = "openvino" if precision == "f32" else f"openvino {precision}"
    return Runtime(name, networks, tuple(model.signature for model in models))


def _may_have_gpu() -> bool:
    """False where torch need not be asked: its build, or the system, knows no graphics card."""
    return sys.platform == "darwin" or (nvidia.torch_supports_cuda() and nvidia.has_driver())


def _runtime_title(name: str) -> str:
    return _RUNTIME_TITLES.get(name, f"The runtime {name!r}")
