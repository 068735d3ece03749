"""The parts that the app stands on, for the About page: listed in the packaged app, read in place in a checkout."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from desktop import __version__
from desktop.paths import resources

_NO_TEXT = "Its licence’s text is not on this computer."
_LICENCE_FILE = re.compile(r"\.dist-info/(?:.+/)?(?:licen[cs]e|copying|notice)[^/]*(?<!\.py)$", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """Something that the app is made of; Unbraid itself is one."""

    name: str
    version: str
    licence: str
    """In SPDX's words."""
    inside: str = ""
    """The part that carries it."""
    url: str = ""
    """Where its source is to be had."""
    text: Path | None = None
    """The file with its licence; None: a package of Python carries it."""


def parts() -> list[Part]:
    """Everything that the app is made of, Unbraid first; Unbraid alone where the list is missing or damaged."""
    here = resources()
    itself = Part("Unbraid", __version__, "MIT", text=here.parent / "LICENSE")
    others = sorted(_of_checkout(here.parent / "THIRD-PARTY.md"), key=lambda part: part.name.lower())
    return _packaged(here / "components.json") or [itself, *others]


def licence_text(part: Part) -> str:
    """The licence of a part in full, or a sentence that it is not there."""
    if part.text is not None:
        try:
            return part.text.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return _NO_TEXT
    return "\n\n".join(_texts(part.inside or part.name)) or _NO_TEXT


def _packaged(listing: Path) -> list[Part]:
    try:
        rows = json.loads(listing.read_text(encoding="utf-8"))
        return [_part(row, listing.parent) for row in rows]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _part(row: dict[str, str], folder: Path) -> Part:
    return Part(row["name"], row["version"], row["licence"], row["inside"], row["url"], folder / row["text"])


def _of_checkout(listing: Path) -> Iterator[Part]:
    """The rows of THIRD-PARTY.md: packages with a version, what they carry with the name of the package."""
    try:
        text = listing.read_text(encoding="utf-8")
    except OSError:
        return
    _, carried, packages = text.split("\n## ")[1:4] if text.count("\n## ") >= 3 else ("", "", "")
    for name, version, licence in _rows(packages):
        yield Part(name, version, licence.removesuffix(" (not everywhere)"))
    for name, inside, licence in _rows(carried):
        yield Part(name, "", licence, inside)


def _rows(section: str) -> list[tuple[str, str, str]]:
    return re.findall(r"^\| (?!what |package )([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)


def _texts(package: str) -> Iterator[str]:
    try:
        files = distribution(package).files or ()
    except PackageNotFoundError:
        return
    for file in files:
        path = Path(str(file.locate()))
        if _LICENCE_FILE.search(file.as_posix()) and path.is_file():
            yield path.read_text(encoding="utf-8", errors="replace")
