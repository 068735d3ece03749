"""Torch runtimes: the processor, which every computer has, and graphics cards."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from demucs.htdemucs import HTDemucs

from desktop.pipeline.engines.engine import Runtime, UnsupportedModelError
from desktop.pipeline.engines.htdemucs_loader import build_model
from desktop.pipeline.engines.torch_network import TorchNetwork, has_separable_core, signature_of
from desktop.weights.package import read_package

if TYPE_CHECKING:
    from desktop.pipeline.engines.load import EngineSpec

_CPU = torch.device("cpu")
# Graphics memory per frame of a segment. A cautious estimate, not measured on a card: if it is too low, the batch is
# halved.
_BYTES_PER_FRAME = 4096
_MAX_BATCH = 16


def read_model(path: Path, segment_seconds: float | None) -> HTDemucs:
    """Return the model of a weights file, for segments of this many seconds. Raises ModelRejectedError."""
    model = build_model(path, read_package(path))
    # Segments can be shorter than those that the model was trained on, never longer.
    if segment_seconds is not None and 0 < segment_seconds <= model.segment:
        model.segment = Fraction(segment_seconds)
    return model


def start_on_cpu(spec: "EngineSpec") -> Runtime:
    """Start torch on the processor, which works on every computer. Raises ModelRejectedError."""
    models = _read_models(spec)
    half_dtype = torch.bfloat16 if spec.fast and _has_bf16() else None
    networks = tuple(TorchNetwork(model, half_dtype=half_dtype) for model in models)
    return Runtime("torch" if half_dtype is None else "torch bf16", networks, tuple(map(signature_of, models)))


def start_on_gpu(spec: "EngineSpec", name: str) -> Runtime:
    """Start torch on a graphics card, "cuda" or "mps", with 16-bit floats inside the core.

    Raises RuntimeError if there is no such card, UnsupportedModelError, ModelRejectedError.
    """
    if not getattr(torch, name).is_available():
        raise RuntimeError(f"there is no {name} here")
    models, device = _read_models(spec), torch.device(name)
    if not all(map(has_separable_core, models)):
        raise UnsupportedModelError(f"{spec.name} cannot be computed with 16-bit numbers inside")
    # Spectrograms need complex numbers, which not every version of MPS supports.
    spectrogram_device = device if name == "cuda" else _CPU
    networks = tuple(TorchNetwork(model, device, spectrogram_device, torch.float16) for model in models)
    return Runtime(
        f"{name} fp16", networks, tuple(map(signature_of, models)), _batch_for_free_memory(models[0], device)
    )


def _read_models(spec: "EngineSpec") -> list[HTDemucs]:
    return [read_model(path, spec.segment) for path in spec.files]


def _batch_for_free_memory(model: HTDemucs, device: torch.device) -> int:
    """Return the number of segments that fit the card's free memory at once."""
    if device.type != "cuda":
        return 1
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return min(max(int(free_bytes / (model.segment * model.samplerate * _BYTES_PER_FRAME)), 1), _MAX_BATCH)


def _has_bf16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))
