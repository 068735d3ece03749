"""An HTDemucs made of a package: its arguments checked, its weights read and put in place."""

import inspect
import math
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import torch
from demucs.htdemucs import HTDemucs

from desktop.audio.names import shown
from desktop.disk_trouble import reason_of
from desktop.errors import ModelRejectedError
from desktop.weights.package import Package, StoredTensor

# Wide enough for every model that was ever published, narrow enough to fit a computer. Argument: least, most.
_BOUNDS: dict[str, tuple[float, float]] = {
    "audio_channels": (2, 2),
    "channels": (1, 1024),
    "channels_time": (1, 1024),
    "growth": (1, 4),
    "nfft": (64, 16384),
    "depth": (1, 8),
    "multi_freqs_depth": (0, 8),
    "kernel_size": (1, 64),
    "time_stride": (1, 16),
    "stride": (1, 16),
    "context": (0, 16),
    "context_enc": (0, 16),
    "dconv_depth": (0, 8),
    "dconv_comp": (1, 64),
    "bottom_channels": (0, 8192),
    "t_layers": (0, 48),
    "t_hidden_scale": (0.1, 16),
    "t_heads": (1, 64),
    "t_max_positions": (1, 1_000_000),
    "samplerate": (8000, 192_000),
    "segment": (0.1, 60),
}
# Attention with holes needs a library that is not shipped.
_NEVER = ("t_sparse_self_attn", "t_sparse_cross_attn")


def build(path: Path, package: Package) -> HTDemucs:
    """The model of a package that was read from `path`, ready to separate. Raises ModelRejectedError."""
    arguments = _arguments(path, package)
    try:
        # Built without memory first: what the arguments ask for is only ever as large as the weights in the file.
        with torch.device("meta"):
            model = HTDemucs(**arguments)
        model.load_state_dict(_weights(path, package), assign=True)
    except OSError as error:
        raise ModelRejectedError(f"{shown(path.name)} could not be read: {reason_of(error)}.") from error
    except (RuntimeError, AssertionError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ModelRejectedError(
            f"The weights in {shown(path.name)} do not fit the model it says it is. Download it again."
        ) from error
    if not all(bool(weight.isfinite().all()) for weight in model.state_dict().values()):
        raise ModelRejectedError(f"The weights in {shown(path.name)} are damaged. Download it again.")
    _make_repeatable(model)
    return model.eval().requires_grad_(False)


def _weights(path: Path, package: Package) -> dict[str, torch.Tensor]:
    with path.open("rb") as file:
        return {key: _tensor(file, stored).float() for key, stored in package.state.items()}


def _tensor(file: BinaryIO, stored: StoredTensor) -> torch.Tensor:
    file.seek(stored.start)
    data = bytearray(file.read(stored.bytes))
    if not data:
        return torch.zeros(stored.shape)
    return torch.frombuffer(data, dtype=getattr(torch, stored.dtype)).as_strided(stored.shape, stored.stride)


def _arguments(path: Path, package: Package) -> dict[str, Any]:
    """Keyword arguments of HTDemucs. Those it does not know are left out, as demucs itself does."""
    names = list(inspect.signature(HTDemucs).parameters)
    given = dict(zip(names, package.args, strict=False)) | package.kwargs
    arguments = {name: _listed(value) for name, value in given.items() if name in names}
    for name, value in arguments.items():
        if not _fits(name, value):
            raise ModelRejectedError(f"{shown(path.name)} describes a model that cannot be run here ({name}).")
    return arguments


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _fits(name: str, value: object) -> bool:
    if name in _NEVER:
        return value is False
    if name in _BOUNDS and value is not None:
        least, most = _BOUNDS[name]
        return isinstance(value, int | float | Fraction) and least <= value <= most
    items: list[object] = value if isinstance(value, list) else [value]
    return len(items) <= 64 and all(_is_plain(item) for item in items)


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | Fraction) or (isinstance(value, str) and len(value) <= 40)


def _make_repeatable(model: HTDemucs) -> None:
    """Models trained with random shifts of the position embedding would go on shifting it at random."""
    if model.crosstransformer is not None:
        model.crosstransformer.sin_random_shift = 0
