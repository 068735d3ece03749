"""Loading of an engine and choice of its runtime. torch is imported only for engines that need it."""

import logging
import sys
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.engine import Engine, Runtime, UnsupportedModelError
from desktop.runtime import nvidia
from desktop.text.message import Message, verbatim
from desktop.variables import runtime_from_environment

_RUNTIME_TITLES = {
    "openvino": verbatim("OpenVINO"),
    "cuda": Message("The NVIDIA graphics card"),
    "mps": Message("The graphics processor"),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EngineSpec:
    """Specification of an engine: model, weights files and runtime."""

    name: str
    """Name of the model in the catalogue."""
    kind: str
    """Kind of the engine: "demucs" or "sketch"."""
    files: tuple[Path, ...] = ()
    """Weights files, one for each model of the bag."""
    bag: tuple[tuple[float, ...], ...] | None = None
    """Weight of each model for each source; None for equal weights."""
    segment: float | None = None
    """Segment length in seconds, if shorter than the model's own; else None."""
    runtime: str = "auto"
    """Name of the runtime: "torch", "openvino", "cuda", "mps", or "auto" for the fastest on this computer.

    The environment variable `UNBRAID_RUNTIME` overrides it.
    """
    fast: bool = False
    """True to compute with 16-bit floats if the processor supports them."""
    cache: Path | None = None
    """Folder for models exported to a runtime; without it, none are exported."""


def load_engine(spec: EngineSpec) -> Engine:
    """Load the engine into memory. Raises ModelRejectedError, also for an unknown kind, and ConfigurationError."""
    if spec.kind == "sketch":
        from desktop.pipeline.engines.sketch import SketchEngine

        return SketchEngine()
    if spec.kind == "demucs":
        return _load_demucs_engine(spec)
    raise ModelRejectedError(
        Message("The model {name} needs an engine that Unbraid does not have ({kind}).", name=spec.name, kind=spec.kind)
    )


def start_runtime(spec: EngineSpec) -> tuple[Runtime, tuple[Message, ...]]:
    """Start the runtime of the spec, or torch on the processor if it fails; return it with notices for the user.

    Raises ModelRejectedError, ConfigurationError.
    """
    name = runtime_from_environment() or spec.runtime
    name = fastest_runtime(spec.cache) if name == "auto" else name
    try:
        return _start_named(name, spec), ()
    except UnsupportedModelError as error:
        _log.info("Torch on the processor is used instead: %s", error)
        return start_torch_on_cpu(spec), ()
    except (ImportError, OSError, RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        _log.warning("Runtime %s did not start", name, exc_info=error)
        return start_torch_on_cpu(spec), (
            Message(
                "{runtime} cannot be used on this computer, so PyTorch separated the song on the processor.",
                runtime=_runtime_title(name),
            ),
        )


def fastest_runtime(cache: Path | None) -> str:
    """Return the name of the fastest runtime of this computer; "openvino" needs a `cache` folder."""
    if _may_have_gpu():
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if torch.backends.mps.is_available():
            return "mps"
    return "openvino" if cache is not None and find_spec("openvino") else "torch"


def start_torch_on_cpu(spec: EngineSpec) -> Runtime:
    """Start torch on the processor, which works on every computer. Raises ModelRejectedError."""
    from desktop.pipeline.engines import torch_runtime

    return torch_runtime.start_on_cpu(spec)


def _load_demucs_engine(spec: EngineSpec) -> Engine:
    from desktop.pipeline.engines.demucs import DemucsEngine

    if not spec.files:
        raise ModelRejectedError(Message("The model {name} has no weights on this computer.", name=spec.name))
    runtime, notices = start_runtime(spec)
    return DemucsEngine(spec.name, runtime, partial(start_torch_on_cpu, replace(spec, fast=False)), spec.bag, notices)


def _start_named(name: str, spec: EngineSpec) -> Runtime:
    if name == "torch":
        return start_torch_on_cpu(spec)
    if name == "openvino":
        return _start_openvino(spec)
    if name in ("cuda", "mps"):
        from desktop.pipeline.engines.torch_runtime import start_on_gpu

        return start_on_gpu(spec, name)
    raise ValueError(f"no runtime has the name {name}")


def _start_openvino(spec: EngineSpec) -> Runtime:
    from desktop.pipeline.engines.openvino_cache import export_once
    from desktop.pipeline.engines.openvino_network import OpenVinoNetwork

    if spec.cache is None:
        raise OSError("no folder for converted models is given")
    models = [export_once(file, spec.segment, spec.cache) for file in spec.files]
    networks = tuple(OpenVinoNetwork(model, spec.fast) for model in models)
    precision = networks[0].precision
    name = "openvino" if precision == "f32" else f"openvino {precision}"
    return Runtime(name, networks, tuple(model.signature for model in models))


def _may_have_gpu() -> bool:
    """Return False if this torch build or the system has no support for graphics cards, without importing torch."""
    return sys.platform == "darwin" or (nvidia.torch_supports_cuda() and nvidia.has_driver())


def _runtime_title(name: str) -> Message:
    return _RUNTIME_TITLES.get(name) or Message("The runtime {name!r}", name=name)
