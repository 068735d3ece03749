"""What computes the cores of a model: torch on the processor or a graphics card, or OpenVINO on the processor.

"auto" takes what is fastest here. What cannot be had is told in a notice, and torch on the processor stands in.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from demucs.htdemucs import HTDemucs

from desktop.pipeline.engines.core import Core
from desktop.pipeline.engines.hybrid import splits
from desktop.pipeline.engines.torch_core import TorchCore

if TYPE_CHECKING:
    from desktop.pipeline.engines.load import EngineSpec

_CPU = torch.device("cpu")
_TITLES = {"openvino": "OpenVINO", "cuda": "The NVIDIA graphics card", "mps": "The graphics processor"}
# Bytes a frame of a segment. A guess on the safe side, not measured on a card: what does not fit halves the batch.
_MEMORY_A_FRAME = 4096
_MOST_AT_ONCE = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Cores for all models of a bag, ready to compute."""

    name: str
    """As it is shown, such as "openvino bf16"."""
    cores: tuple[Core, ...]
    device: torch.device = _CPU
    """Where the spectrograms are made."""
    batch: int = 1
    """How many segments fit at once."""


def start(spec: "EngineSpec", models: Sequence[HTDemucs]) -> tuple[Runtime, tuple[str, ...]]:
    """The runtime that the spec asks for, and notices for the user."""
    name = os.environ.get("UNBRAID_RUNTIME") or spec.runtime
    name = best(spec.cache) if name == "auto" else name
    if not all(splits(model) for model in models):
        name = "torch"
    try:
        return _start(name, spec, models), ()
    except (ImportError, OSError, RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        _log.warning("The runtime %s does not start", name, exc_info=error)
        return on_processor(models, spec.fast), (f"{_title(name)} cannot be used here, so torch separates instead.",)


def best(cache: Path | None) -> str:
    """The fastest runtime of this machine."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "openvino" if cache is not None and find_spec("openvino") else "torch"


def _start(name: str, spec: "EngineSpec", models: Sequence[HTDemucs]) -> Runtime:
    if name == "torch":
        return on_processor(models, spec.fast)
    if name == "openvino":
        return _on_openvino(spec, models)
    if name in ("cuda", "mps"):
        return on_card(models, torch.device(name))
    raise ValueError(f"no runtime has the name {name}")


def on_processor(models: Sequence[HTDemucs], fast: bool = False) -> Runtime:
    """PyTorch on the processor: what works everywhere."""
    half = torch.bfloat16 if fast and _has_bf16() else None
    cores = tuple(TorchCore(model.to(_CPU), half) for model in models)
    return Runtime("torch" if half is None else "torch bf16", cores)


def on_card(models: Sequence[HTDemucs], device: torch.device) -> Runtime:
    """PyTorch on a graphics card, with 16-bit numbers inside the core. Raises RuntimeError where there is none."""
    if not getattr(torch, device.type).is_available():
        raise RuntimeError(f"there is no {device.type} here")
    cores = tuple(TorchCore(model.to(device), torch.float16) for model in models)
    # Complex numbers, which spectrograms need, are not to be had everywhere on MPS.
    where = device if device.type == "cuda" else _CPU
    return Runtime(f"{device.type} fp16", cores, where, _fitting(models[0], device))


def _on_openvino(spec: "EngineSpec", models: Sequence[HTDemucs]) -> Runtime:
    from desktop.pipeline.engines.openvino_core import OpenVinoCore

    cores = tuple(
        OpenVinoCore(model, file, spec.cache, spec.fast) for model, file in zip(models, spec.files, strict=True)
    )
    return Runtime("openvino" if cores[0].precision == "f32" else f"openvino {cores[0].precision}", cores)


def _fitting(model: HTDemucs, device: torch.device) -> int:
    """How many segments fit the card's free memory at once."""
    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    return min(max(int(free / (model.segment * model.samplerate * _MEMORY_A_FRAME)), 1), _MOST_AT_ONCE)


def _has_bf16() -> bool:
    abilities = torch.cpu.get_capabilities()
    return any(bool(abilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _title(name: str) -> str:
    return _TITLES.get(name, f"The runtime {name!r}")
