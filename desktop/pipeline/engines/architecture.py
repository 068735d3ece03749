"""An HTDemucs out of a package: its arguments checked, its weights put in place."""

import inspect
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from demucs.htdemucs import HTDemucs

from desktop.audio.names import safe_name, shown
from desktop.errors import ModelRejectedError
from desktop.pipeline.engines.weights import Package

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
        model.load_state_dict({key: value.float() for key, value in package.state.items()}, assign=True)
    except (RuntimeError, AssertionError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ModelRejectedError(
            f"The weights in {shown(path.name)} do not fit the model it says it is. Get it again."
        ) from error
    if not all(bool(weight.isfinite().all()) for weight in model.state_dict().values()):
        raise ModelRejectedError(f"The weights in {shown(path.name)} are damaged. Get it again.")
    _make_repeatable(model)
    return model.eval().requires_grad_(False)


def _arguments(path: Path, package: Package) -> dict[str, Any]:
    """Keyword arguments of HTDemucs. Those it does not know are left out, as demucs itself does."""
    names = list(inspect.signature(HTDemucs).parameters)
    given = dict(zip(names, package.args, strict=False)) | package.kwargs
    arguments = {name: _listed(value) for name, value in given.items() if name in names}
    for name, value in arguments.items():
        if not _fits(name, value):
            raise ModelRejectedError(f"{shown(path.name)} describes a model that cannot be run here ({name}).")
    if not _are_sources(arguments.get("sources")):
        raise ModelRejectedError(f"{shown(path.name)} does not say which stems it makes.")
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


def _are_sources(value: object) -> bool:
    """One to sixteen names, each of which can be a file's beside the others and beside the mixture."""
    if not isinstance(value, list) or not 1 <= len(value) <= 16:
        return False
    names: list[object] = value
    texts = [name for name in names if isinstance(name, str) and name.isprintable() and name.strip()]
    files = {safe_name(name).casefold() for name in texts} - {"mixture"}
    return len(files) == len(names)


def _make_repeatable(model: HTDemucs) -> None:
    """Models trained with random shifts of the position embedding would go on shifting it at random."""
    if model.crosstransformer is not None:
        model.crosstransformer.sin_random_shift = 0
