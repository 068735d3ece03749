"""The models that can be downloaded, as resources/models.toml lists them."""

import tomllib
from dataclasses import dataclass
from functools import cache

from desktop.paths import resources
from desktop.settings import model_url_variable


@dataclass(frozen=True)
class WeightsFile:
    """One file of a model."""

    name: str
    url: str
    sha256: str
    """The hexadecimal digits that are known of it, from its beginning."""


@dataclass(frozen=True)
class Entry:
    """A model of the catalogue."""

    name: str
    title: str
    sources: tuple[str, ...]
    bytes: int
    """Of all files together, approximately."""
    files: tuple[WeightsFile, ...]
    bag: tuple[tuple[float, ...], ...] | None


def catalogue() -> tuple[Entry, ...]:
    """Every entry; `UNBRAID_MODEL_URL` replaces where files are downloaded from. Raises ConfigurationError."""
    return _catalogue(model_url_variable())


@cache
def _catalogue(mirror: str | None) -> tuple[Entry, ...]:
    listed = tomllib.loads((resources() / "models.toml").read_text(encoding="utf-8"))
    base = (mirror or listed["base"]).rstrip("/")
    return tuple(
        Entry(
            name=model["name"],
            title=model["title"],
            sources=tuple(model["sources"]),
            bytes=model["bytes"],
            files=tuple(WeightsFile(f["name"], f"{base}/{f['name']}", f["sha256"]) for f in model["files"]),
            bag=tuple(tuple(float(part) for part in row) for row in model["bag"]) if "bag" in model else None,
        )
        for model in listed["model"]
    )
