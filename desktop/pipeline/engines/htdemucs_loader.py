"""Construction of an HTDemucs from a package, with its arguments checked and its weights loaded."""

import inspect
import math
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import torch
from demucs.htdemucs import HTDemucs

from desktop.audio.names import printable
from desktop.errors import ModelRejectedError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message
from desktop.weights.package import Package, StoredTensor

# Minimum and maximum of each argument: wide enough for every published model, narrow enough for a computer's memory.
_ARGUMENT_BOUNDS: dict[str, tuple[float, float]] = {
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
# Sparse attention needs a library that is not shipped.
_UNSUPPORTED_FLAGS = ("t_sparse_self_attn", "t_sparse_cross_attn")


def build_model(path: Path, package: Package) -> HTDemucs:
    """Return the model of a package that was read from `path`, ready to separate. Raises ModelRejectedError."""
    arguments = _model_arguments(path, package)
    try:
        # Built on the meta device, which allocates nothing: so the model is never larger than the weights in the file.
        with torch.device("meta"):
            model = HTDemucs(**arguments)
        model.load_state_dict(_read_weights(path, package), assign=True)
    except OSError as error:
        raise ModelRejectedError(
            Message(
                "{name} could not be read: {reason}.",
                name=printable(path.name),
                reason=disk_error_reason(error),
            )
        ) from error
    except (RuntimeError, AssertionError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ModelRejectedError(
            Message(
                "The weights in {name} do not match the model that it describes. Download it again.",
                name=printable(path.name),
            )
        ) from error
    if not all(bool(weight.isfinite().all()) for weight in model.state_dict().values()):
        raise ModelRejectedError(
            Message("The weights in {name} are damaged. Download it again.", name=printable(path.name))
        )
    _disable_random_shift(model)
    return model.eval().requires_grad_(False)


def _read_weights(path: Path, package: Package) -> dict[str, torch.Tensor]:
    with path.open("rb") as file:
        return {key: _read_tensor(file, stored).float() for key, stored in package.state.items()}


def _read_tensor(file: BinaryIO, stored: StoredTensor) -> torch.Tensor:
    file.seek(stored.offset_bytes)
    data = bytearray(file.read(stored.span_bytes))
    if not data:
        return torch.zeros(stored.shape)
    return torch.frombuffer(data, dtype=getattr(torch, stored.dtype)).as_strided(stored.shape, stored.strides)


def _model_arguments(path: Path, package: Package) -> dict[str, Any]:
    """Return the keyword arguments of HTDemucs, without unknown ones, as in demucs. Raises ModelRejectedError."""
    parameter_names = list(inspect.signature(HTDemucs).parameters)
    package_arguments = dict(zip(parameter_names, package.args, strict=False)) | package.kwargs
    arguments = {name: _tuple_to_list(value) for name, value in package_arguments.items() if name in parameter_names}
    for name, value in arguments.items():
        if not _is_allowed_argument(name, value):
            raise ModelRejectedError(
                Message(
                    "{name} describes a model that Unbraid cannot run ({name2}).", name=printable(path.name), name2=name
                )
            )
    return arguments


def _tuple_to_list(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _is_allowed_argument(name: str, value: object) -> bool:
    if name in _UNSUPPORTED_FLAGS:
        return value is False
    if name in _ARGUMENT_BOUNDS and value is not None:
        minimum, maximum = _ARGUMENT_BOUNDS[name]
        return isinstance(value, int | float | Fraction) and minimum <= value <= maximum
    items: list[object] = value if isinstance(value, list) else [value]
    return len(items) <= 64 and all(_is_simple_value(item) for item in items)


def _is_simple_value(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | Fraction) or (isinstance(value, str) and len(value) <= 40)


def _disable_random_shift(model: HTDemucs) -> None:
    """Disable the random shift of the position embedding, which HTDemucs otherwise applies outside of training too."""
    if model.crosstransformer is not None:
        model.crosstransformer.sin_random_shift = 0
