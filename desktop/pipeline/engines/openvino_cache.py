"""Cache of HTDemucs models exported to OpenVINO: converted once, kept in files, and read without torch.

A folder of the cache is one model for one segment length: its core as an OpenVINO graph, its metadata, and the core
compiled for this processor. The folder of a model that cannot be converted is empty. Damaged folders are rebuilt.
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

from desktop.pipeline.engines.engine import ModelSignature, UnsupportedModelError
from desktop.runtime.processes import end_with_parent_options, own_command, own_environment
from desktop.weights.package import openvino_cache_name

COMMAND = "convert"
"""Command of this program that converts a model: a separate process isolates torch's memory use and crashes."""
# Increment when the content of the folders or the conversion changes.
_CACHE_VERSION = 3
_GRAPH_FILE, _METADATA_FILE, _LOCATION_FILE = "core.xml", "about.json", "place"
_DIGEST_FILE = "sha256"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportedModel:
    """A model exported to OpenVINO, in its folder of the cache."""

    folder: Path
    signature: ModelSignature
    nfft: int
    """Length of the spectrogram's windows in samples."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the model in the verified `folder`. Raises UnsupportedModelError if it is empty, OSError."""
        if not (folder / _METADATA_FILE).exists():
            raise UnsupportedModelError("OpenVINO does not support this model")
        metadata = json.loads((folder / _METADATA_FILE).read_text(encoding="utf-8"))
        stored = metadata["form"]
        signature = ModelSignature(tuple(stored["sources"]), stored["sample_rate"], stored["length"], stored["fills"])
        return cls(folder, signature, metadata["nfft"])

    def write_metadata(self) -> None:
        """Write the signature and `nfft` to the folder. Raises OSError."""
        stored = asdict(self.signature)
        stored["fills"] = stored.pop("pads_short_input")
        metadata = {"form": stored, "nfft": self.nfft}
        (self.folder / _METADATA_FILE).write_text(json.dumps(metadata), encoding="utf-8")

    @property
    def graph_path(self) -> Path:
        """Path of the core's graph; its weights are in the same folder."""
        return self.folder / _GRAPH_FILE

    @contextmanager
    def compile_cache(self, precision: str) -> Generator[Path]:
        """Yield the folder of the compiled core for this processor, or an empty one to fill. Raises OSError."""
        folder = self.folder / f"compiled-{precision}"
        # OpenVINO identifies a model by its path, and would not use the compiled core of a library that was moved.
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
    """Return the exported model of the file `weights` from `cache`, converting it first if it is missing.

    `segment_seconds` is the segment length, None for the model's own. Raises UnsupportedModelError if the model cannot
    be converted, RuntimeError if the conversion fails, OSError.
    """
    folder = cache_folder(weights, segment_seconds, cache)
    if not is_verified(folder):
        _run_export_process(weights, folder, segment_seconds)
    return ExportedModel.open(folder)


def cache_folder(weights: Path, segment_seconds: float | None, cache: Path) -> Path:
    """Return the folder in `cache` for this model, segment length and OpenVINO version. Raises OSError."""
    return cache / openvino_cache_name(weights, f"{segment_seconds or 'own'}-v{_CACHE_VERSION}-{_openvino_version()}")


def disable_openvino_telemetry() -> None:
    """Disable the telemetry of OpenVINO. Call before openvino is imported.

    OpenVINO would report its import and every conversion. It runs normally if its telemetry package cannot be
    imported.
    """
    sys.modules["openvino_telemetry"] = cast("ModuleType", None)


def is_verified(folder: Path) -> bool:
    """Return True if the files in `folder` match the digest that was stored with them."""
    try:
        return (folder / _DIGEST_FILE).read_text(encoding="ascii") == _folder_digest(folder)
    except (OSError, ValueError):
        return False


@contextmanager
def verified_folder(folder: Path) -> Generator[Path]:
    """Yield a new folder to fill; then store its digest and move it to `folder`. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="part-", dir=folder.parent))
    try:
        yield scratch
        (scratch / _DIGEST_FILE).write_text(_folder_digest(scratch), encoding="ascii")
        if not is_verified(folder):  # another process may have made the same folder first
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(FileExistsError):
                scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run_export_process(weights: Path, folder: Path, segment_seconds: float | None) -> None:
    child = subprocess.run(
        own_command(COMMAND, str(weights), str(folder), str(segment_seconds or "")), env=own_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False, **end_with_parent_options(),
    )  # fmt: skip
    if child.returncode or not is_verified(folder):
        raise RuntimeError(f"{weights.name} could not be converted ({child.returncode}): {child.stderr[-2000:]}")
    _log.info("%s was converted for OpenVINO", weights.name)
    for other in folder.parent.glob(openvino_cache_name(weights, f"{segment_seconds or 'own'}-v*")):
        if other != folder:  # from an earlier version
            shutil.rmtree(other, ignore_errors=True)


def _openvino_version() -> str:
    try:
        return version("openvino")
    except PackageNotFoundError:
        return "unknown"


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != _DIGEST_FILE:
            with path.open("rb") as file:
                digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
