"""The catalogue: downloadable models, listed in resources/models.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache

from desktop.paths import resources
from desktop.variables import model_url_from_environment


@dataclass(frozen=True)
class WeightsFile:
    """One weights file of a model."""

    name: str
    url: str
    sha256_prefix: str
    """Known leading hexadecimal digits of the file's SHA-256."""


@dataclass(frozen=True)
class CatalogueEntry:
    """A downloadable model."""

    name: str
    title: str
    kind: str
    """Kind of the engine that computes it, as `load_engine` knows it."""
    sources: tuple[str, ...]
    size_bytes: int
    """Approximate size of all files together, in bytes."""
    files: tuple[WeightsFile, ...]
    bag_weights: tuple[tuple[float, ...], ...] | None
    """Weight of each file for each source; None for equal weights."""


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all entries; `UNBRAID_MODEL_URL` replaces the base URL of the files.

    Raises ConfigurationError if the value of `UNBRAID_MODEL_URL` is invalid.
    """
    return _load_catalogue(model_url_from_environment())


@cache
def _load_catalogue(base_url: str | None) -> tuple[CatalogueEntry, ...]:
    listed = tomllib.loads((resources() / "models.toml").read_text(encoding="utf-8"))
    base = (base_url or listed["base"]).rstrip("/")
    return tuple(
        CatalogueEntry(
            name=model["name"],
            title=model["title"],
            kind=model["kind"],
            sources=tuple(model["sources"]),
            size_bytes=model["bytes"],
            files=tuple(WeightsFile(f["name"], f"{base}/{f['name']}", f["sha256"]) for f in model["files"]),
            bag_weights=tuple(tuple(float(part) for part in row) for row in model["bag"]) if "bag" in model else None,
        )
        for model in listed["model"]
    )
