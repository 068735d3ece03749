"""HTDemucs as OpenVINO takes it: converted once, kept in files, and read from there without torch.

A folder of the cache is one model for segments of one length: its core in OpenVINO's form, what else there is to know
of it, and beside that what OpenVINO made of it for the processor here. The folder of a model that cannot be converted
is empty. What is damaged is made anew.
"""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from os import fsencode
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import Self, cast

from desktop.paths import openvino_cache_name
from desktop.pipeline.engines.engine import ModelSignature, UnsupportedModelError
from desktop.runtime.processes import end_with_parent_options, own_command, own_environment

COMMAND = "convert"
"""Starts this program to convert a model: torch's memory goes with that process, and so does whatever breaks there."""
# Raised whenever what is converted, or how, changes.
_CACHE_VERSION = 3
_GRAPH_FILE, _METADATA_FILE, _LOCATION_FILE = "core.xml", "about.json", "place"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportedModel:
    """A model in OpenVINO's form."""

    folder: Path
    signature: ModelSignature
    nfft: int
    """Of its spectrograms."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The one in `folder`, which is whole. Raises UnfitModelError when it is empty, OSError."""
        if not (folder / _METADATA_FILE).exists():
            raise UnsupportedModelError("The model has no form that OpenVINO takes")
        metadata = json.loads((folder / _METADATA_FILE).read_text(encoding="utf-8"))
        return cls(
            folder,
            ModelSignature(**metadata["form"] | {"sources": tuple(metadata["form"]["sources"])}),
            metadata["nfft"],
        )

    def write_metadata(self) -> None:
        """Write down what is known beside the core. Raises OSError."""
        metadata = {"form": asdict(self.signature), "nfft": self.nfft}
        (self.folder / _METADATA_FILE).write_text(json.dumps(metadata), encoding="utf-8")

    @property
    def graph_path(self) -> Path:
        """The core; its weights lie beside it."""
        return self.folder / _GRAPH_FILE

    @contextmanager
    def compile_cache(self, precision: str) -> Generator[Path]:
        """A folder for what OpenVINO makes of the core for this processor: full, or to be filled."""
        folder = self.folder / f"compiled-{precision}"
        # OpenVINO knows a model by where it lies: in a library that was moved it would take none of this.
        location = fsencode(self.folder)
        if is_verified(folder):
            if (folder / _LOCATION_FILE).exists() and (folder / _LOCATION_FILE).read_bytes() == location:
                yield folder
                return
            shutil.rmtree(folder, ignore_errors=True)
        with verified_folder(folder) as scratch:
            yield scratch
            (scratch / _LOCATION_FILE).write_bytes(location)


def export_once(weights: Path, segment_seconds: float | None, cache: Path) -> ExportedModel:
    """The model in the file `weights`, for segments of so many seconds or its own; put into `cache` where it is missing.

    Raises UnfitModelError for one that cannot be converted, OSError, and RuntimeError when it did not succeed.
    """
    folder = cache_folder(weights, segment_seconds, cache)
    if not is_verified(folder):
        _run_export_process(weights, folder, segment_seconds)
    return ExportedModel.open(folder)


def cache_folder(weights: Path, segment_seconds: float | None, cache: Path) -> Path:
    """Where that is kept. Raises OSError."""
    return cache / openvino_cache_name(weights, f"{segment_seconds or 'own'}-v{_CACHE_VERSION}-{_openvino_version()}")


def disable_openvino_telemetry() -> None:
    """To be called before openvino is imported: it would tell its makers of that, and of every conversion.

    Without its package for that it has nothing to tell with, and goes on.
    """
    sys.modules["openvino_telemetry"] = cast("ModuleType", None)


def _run_export_process(weights: Path, folder: Path, segment_seconds: float | None) -> None:
    child = subprocess.run(
        own_command(COMMAND, str(weights), str(folder), str(segment_seconds or "")), env=own_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False, **end_with_parent_options(),
    )  # fmt: skip
    if child.returncode or not is_verified(folder):
        raise RuntimeError(f"{weights.name} could not be converted ({child.returncode}): {child.stderr[-2000:]}")
    _log.info("%s was converted for OpenVINO", weights.name)
    for other in folder.parent.glob(openvino_cache_name(weights, f"{segment_seconds or 'own'}-v*")):
        if other != folder:  # of an earlier version
            shutil.rmtree(other, ignore_errors=True)


def _openvino_version() -> str:
    try:
        return version("openvino")
    except PackageNotFoundError:
        return "unknown"


_DIGEST_FILE = "sha256"


def is_verified(folder: Path) -> bool:
    """True when the files in `folder` are just those that it was sealed with."""
    try:
        return (folder / _DIGEST_FILE).read_text(encoding="ascii") == _folder_digest(folder)
    except (OSError, ValueError):
        return False


@contextmanager
def verified_folder(folder: Path) -> Generator[Path]:
    """A new folder to fill, which is sealed in the end and takes the place of `folder`. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="part-", dir=folder.parent))
    try:
        yield scratch
        (scratch / _DIGEST_FILE).write_text(_folder_digest(scratch), encoding="ascii")
        if not is_verified(folder):  # another process, that made the same, may have been quicker
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(FileExistsError):
                scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != _DIGEST_FILE:
            with path.open("rb") as file:
                digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
