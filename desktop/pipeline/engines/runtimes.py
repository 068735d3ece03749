"""What computes a model: torch on the processor or a graphics card, or OpenVINO on the processor.

"auto" takes what is fastest here. What cannot be had is told in a notice, and torch on the processor stands in. torch
is imported only for what needs it: that takes seconds, and hundreds of megabytes.
"""

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from desktop import nvidia
from desktop.pipeline.engines.network import Runtime, UnfitModelError
from desktop.settings import runtime_variable

if TYPE_CHECKING:
    from desktop.pipeline.engines.load import EngineSpec

_TITLES = {"openvino": "OpenVINO", "cuda": "The NVIDIA graphics card", "mps": "The graphics processor"}
_log = logging.getLogger(__name__)


def start(spec: "EngineSpec") -> tuple[Runtime, tuple[str, ...]]:
    """The runtime that the spec asks for, and notices for the user. Raises ModelRejectedError, ConfigurationError."""
    name = runtime_variable() or spec.runtime
    name = best(spec.cache) if name == "auto" else name
    try:
        return _start(name, spec), ()
    except UnfitModelError as error:
        _log.info("%s, so torch separates on the processor", error)
        return on_processor(spec), ()
    except (ImportError, OSError, RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        _log.warning("The runtime %s does not start", name, exc_info=error)
        return on_processor(spec), (f"{_title(name)} cannot be used here, so torch separates instead.",)


def best(cache: Path | None) -> str:
    """The fastest runtime of this machine."""
    if _may_have_card():
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if torch.backends.mps.is_available():
            return "mps"
    return "openvino" if cache is not None and find_spec("openvino") else "torch"


def on_processor(spec: "EngineSpec") -> Runtime:
    """PyTorch on the processor: what works everywhere. Raises ModelRejectedError."""
    from desktop.pipeline.engines import torch_runtime

    return torch_runtime.on_processor(spec)


def _start(name: str, spec: "EngineSpec") -> Runtime:
    if name == "torch":
        return on_processor(spec)
    if name == "openvino":
        return _on_openvino(spec)
    if name in ("cuda", "mps"):
        from desktop.pipeline.engines.torch_runtime import on_card

        return on_card(spec, name)
    raise ValueError(f"no runtime has the name {name}")


def _on_openvino(spec: "EngineSpec") -> Runtime:
    from desktop.pipeline.engines.converted import converted
    from desktop.pipeline.engines.openvino_network import OpenVinoNetwork

    if spec.cache is None:
        raise OSError("there is no place to keep what is converted")
    models = [converted(file, spec.segment, spec.cache) for file in spec.files]
    networks = tuple(OpenVinoNetwork(model, spec.fast) for model in models)
    precision = networks[0].precision
    name = "openvino" if precision == "f32" else f"openvino {precision}"
    return Runtime(name, networks, tuple(model.form for model in models))


def _may_have_card() -> bool:
    """False where torch need not be asked: its build, or the system, knows no graphics card."""
    return sys.platform == "darwin" or (nvidia.usable() and nvidia.driver())


def _title(name: str) -> str:
    return _TITLES.get(name, f"The runtime {name!r}")
