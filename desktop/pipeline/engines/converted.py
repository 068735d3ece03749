"""HTDemucs cores as OpenVINO takes them: converted once, and kept in files.

A folder of the cache is one core: `core.xml`, `core.bin`, and `sha256` with the digest of both. It is made under
another name and renamed when it is whole. What does not fit its digest is thrown away and made anew.
"""

import hashlib
import logging
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import TYPE_CHECKING, cast

import torch

from desktop.pipeline.engines.core import Both, CoreModule
from desktop.pipeline.engines.torch_core import exact_attention

if TYPE_CHECKING:
    from openvino import Model

# Raised whenever what is converted, or how, changes.
VERSION = 2
_XML, _BIN, _SUM = "core.xml", "core.bin", "sha256"
_log = logging.getLogger(__name__)


def silence_openvino() -> None:
    """To be called before openvino is imported: it would tell its makers of that, and of every conversion.

    Without its package for that it has nothing to tell with, and goes on.
    """
    sys.modules["openvino_telemetry"] = cast("ModuleType", None)


def key_of(weights: Path, frames: int) -> str:
    """Names the core of the model in the file `weights` for segments of so many frames. Raises OSError."""
    with weights.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}-{frames}-v{VERSION}"


def kept(folder: Path, convert: Callable[[], "Model"]) -> "Model":
    """The core in `folder`, put there first where it is missing or damaged. Raises RuntimeError."""
    from openvino import Core

    if not _is_whole(folder):
        model = convert()
        try:
            _keep(model, folder)
        except (OSError, RuntimeError) as error:
            _log.warning("A converted model could not be kept: %s", error)
            return model
    return Core().read_model(folder / _XML)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / _SUM).read_text(encoding="ascii") == _digest(folder)
    except (OSError, ValueError):
        return False


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (_XML, _BIN):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _keep(model: "Model", folder: Path) -> None:
    from openvino import save_model

    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="part-", dir=folder.parent))
    try:
        save_model(model, scratch / _XML, compress_to_fp16=False)
        (scratch / _SUM).write_text(_digest(scratch), encoding="ascii")
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def convert(module: CoreModule, inputs: Both) -> "Model":
    """OpenVINO's form of the core, for exactly these shapes. Raises RuntimeError."""
    from openvino import convert_model

    # The tracer remarks on every shape that it takes as fixed, which they are.
    with torch.inference_mode(False), torch.no_grad(), exact_attention(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, inputs, check_trace=False)
        return convert_model(traced, example_input=inputs, input=[tuple(part.shape) for part in inputs])
