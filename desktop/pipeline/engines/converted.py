"""HTDemucs as OpenVINO takes it: converted once, kept in files, and read from there without torch.

A folder of the cache is one model for segments of one length: its core in OpenVINO's form, what else there is to know
of it, and beside that what OpenVINO made of it for the processor here. The folder of a model that cannot be converted
is empty. What is damaged is made anew.
"""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from os import fsencode
from pathlib import Path
from types import ModuleType
from typing import Self, cast

from desktop.lifetime import tied
from desktop.paths import converted_name
from desktop.pipeline.engines.network import Form, UnfitModelError
from desktop.pipeline.engines.sealed import is_sealed, sealing
from desktop.program import own_command, own_environment

COMMAND = "convert"
"""Starts this program to convert a model: torch's memory goes with that process, and so does whatever breaks there."""
# Raised whenever what is converted, or how, changes.
_VERSION = 3
_GRAPH, _ABOUT, _PLACE = "core.xml", "about.json", "place"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Converted:
    """A model in OpenVINO's form."""

    folder: Path
    form: Form
    nfft: int
    """Of its spectrograms."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The one in `folder`, which is whole. Raises UnfitModelError when it is empty, OSError."""
        if not (folder / _ABOUT).exists():
            raise UnfitModelError("The model has no form that OpenVINO takes")
        said = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        return cls(folder, Form(**said["form"] | {"sources": tuple(said["form"]["sources"])}), said["nfft"])

    def tell(self) -> None:
        """Write down what is known beside the core. Raises OSError."""
        said = {"form": asdict(self.form), "nfft": self.nfft}
        (self.folder / _ABOUT).write_text(json.dumps(said), encoding="utf-8")

    @property
    def graph(self) -> Path:
        """The core; its weights lie beside it."""
        return self.folder / _GRAPH

    @contextmanager
    def compiled(self, precision: str) -> Generator[Path]:
        """A folder for what OpenVINO makes of the core for this processor: full, or to be filled."""
        folder = self.folder / f"compiled-{precision}"
        # OpenVINO knows a model by where it lies: in a library that was moved it would take none of this.
        here = fsencode(self.folder)
        if is_sealed(folder):
            if (folder / _PLACE).exists() and (folder / _PLACE).read_bytes() == here:
                yield folder
                return
            shutil.rmtree(folder, ignore_errors=True)
        with sealing(folder) as scratch:
            yield scratch
            (scratch / _PLACE).write_bytes(here)


def converted(weights: Path, segment: float | None, cache: Path) -> Converted:
    """The model in the file `weights`, for segments of so many seconds or its own; put into `cache` where it is missing.

    Raises UnfitModelError for one that cannot be converted, OSError, and RuntimeError when it did not succeed.
    """
    folder = place_of(weights, segment, cache)
    if not is_sealed(folder):
        _convert(weights, folder, segment)
    return Converted.open(folder)


def place_of(weights: Path, segment: float | None, cache: Path) -> Path:
    """Where that is kept. Raises OSError."""
    return cache / converted_name(weights, f"{segment or 'own'}-v{_VERSION}-{_release()}")


def silence_openvino() -> None:
    """To be called before openvino is imported: it would tell its makers of that, and of every conversion.

    Without its package for that it has nothing to tell with, and goes on.
    """
    sys.modules["openvino_telemetry"] = cast("ModuleType", None)


def _convert(weights: Path, folder: Path, segment: float | None) -> None:
    child = subprocess.run(
        own_command(COMMAND, str(weights), str(folder), str(segment or "")), env=own_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False, **tied(),
    )  # fmt: skip
    if child.returncode or not is_sealed(folder):
        raise RuntimeError(f"{weights.name} could not be converted ({child.returncode}): {child.stderr[-2000:]}")
    _log.info("%s was converted for OpenVINO", weights.name)
    for other in folder.parent.glob(converted_name(weights, f"{segment or 'own'}-v*")):
        if other != folder:  # of an earlier version
            shutil.rmtree(other, ignore_errors=True)


def _release() -> str:
    try:
        return version("openvino")
    except PackageNotFoundError:
        return "unknown"
