"""The models that can be downloaded, as resources/models.toml lists them."""

import tomllib
from dataclasses import dataclass
from functools import cache

from desktop.paths import resources
from desktop.settings import model_url_from_environment


@dataclass(frozen=True)
class WeightsFile:
    """One file of a model."""

    name: str
    url: str
    sha256_prefix: str
    """The hexadecimal digits that are known of it, from its beginning."""


@dataclass(frozen=True)
class CatalogueEntry:
    """A model of the catalogue."""

    name: str
    title: str
    sources: tuple[str, ...]
    size_bytes: int
    """Of all files together, approximately."""
    files: tuple[WeightsFile, ...]
    bag_weights: tuple[tuple[float, ...], ...] | None


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Every entry; `UNBRAID_MODEL_URL` replaces where files are downloaded from. Raises ConfigurationError."""
    return _load_catalogue(model_url_from_environment())


@cache
def _load_catalogue(base_url: str | None) -> tuple[CatalogueEntry, ...]:
    listed = tomllib.loads((resources() / "models.toml").read_text(encoding="utf-8"))
    base = (base_url or listed["base"]).rstrip("/")
    return tuple(
        CatalogueEntry(
            name=model["name"],
            title=model["title"],
            sources=tuple(model["sources"]),
            size_bytes=model["bytes"],
            files=tuple(WeightsFile(f["name"], f"{base}/{f['name']}", f["sha256"]) for f in model["files"]),
            bag_weights=tuple(tuple(float(part) for part in row) for row in model["bag"]) if "bag" in model else None,
        )
        for model in listed["model"]
    )
