"""The runtimes that torch provides: the processor, which is everywhere, and graphics cards."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from demucs.htdemucs import HTDemucs

from desktop.pipeline.engines.architecture import build
from desktop.pipeline.engines.network import Runtime, UnfitModelError
from desktop.pipeline.engines.torch_network import TorchNetwork, form_of, splits
from desktop.weights.package import read_package

if TYPE_CHECKING:
    from desktop.pipeline.engines.load import EngineSpec

_CPU = torch.device("cpu")
# Bytes a frame of a segment. A guess on the safe side, not measured on a card: what does not fit halves the batch.
_MEMORY_A_FRAME = 4096
_MOST_AT_ONCE = 16


def read_model(path: Path, segment: float | None) -> HTDemucs:
    """The model of a weights file, for segments of so many seconds. Raises ModelRejectedError."""
    model = build(path, read_package(path))
    # A model can be given less than it was trained on, never more.
    if segment is not None and 0 < segment <= model.segment:
        model.segment = Fraction(segment)
    return model


def on_processor(spec: "EngineSpec") -> Runtime:
    """What works everywhere. Raises ModelRejectedError."""
    models = _models(spec)
    half = torch.bfloat16 if spec.fast and _has_bf16() else None
    networks = tuple(TorchNetwork(model, half=half) for model in models)
    return Runtime("torch" if half is None else "torch bf16", networks, tuple(map(form_of, models)))


def on_card(spec: "EngineSpec", name: str) -> Runtime:
    """A graphics card, "cuda" or "mps", with 16-bit numbers inside the core.

    Raises RuntimeError where there is none, UnfitModelError, ModelRejectedError.
    """
    if not getattr(torch, name).is_available():
        raise RuntimeError(f"there is no {name} here")
    models, card = _models(spec), torch.device(name)
    if not all(map(splits, models)):
        raise UnfitModelError(f"{spec.name} cannot be computed with 16-bit numbers inside")
    # Complex numbers, which spectrograms need, are not to be had everywhere on MPS.
    around = card if name == "cuda" else _CPU
    networks = tuple(TorchNetwork(model, card, around, torch.float16) for model in models)
    return Runtime(f"{name} fp16", networks, tuple(map(form_of, models)), _fitting(models[0], card))


def _models(spec: "EngineSpec") -> list[HTDemucs]:
    return [read_model(path, spec.segment) for path in spec.files]


def _fitting(model: HTDemucs, device: torch.device) -> int:
    """How many segments fit the card's free memory at once."""
    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    return min(max(int(free / (model.segment * model.samplerate * _MEMORY_A_FRAME)), 1), _MOST_AT_ONCE)


def _has_bf16() -> bool:
    abilities = torch.cpu.get_capabilities()
    return any(bool(abilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))
