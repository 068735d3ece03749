"""Components of the app and their licences, for the About dialog.

The packaged app ships a list; a checkout reads THIRD-PARTY.md and the installed packages.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from desktop import __version__
from desktop.paths import resources
from desktop.text.message import Message

_MISSING_LICENCE_TEXT = Message("The text of its licence is not on this computer.")
_LICENCE_FILE = re.compile(r"\.dist-info/(?:.+/)?(?:licen[cs]e|copying|notice)[^/]*(?<!\.py)$", re.IGNORECASE)


@dataclass(frozen=True)
class Component:
    """Component of the app; Unbraid itself is one."""

    name: str
    version: str
    licence: str
    """SPDX expression."""
    bundled_in: str = ""
    """Name of the component that contains this one; empty if it stands alone."""
    url: str = ""
    """Address of its source code."""
    licence_file: Path | None = None
    """File with the licence text; None if the metadata of a Python package contains it."""


def list_components() -> list[Component]:
    """Return all components, Unbraid first; only Unbraid if the list is missing or damaged."""
    folder = resources()
    unbraid = Component("Unbraid", __version__, "MIT", licence_file=folder.parent / "LICENSE")
    others = sorted(
        _read_third_party_page(folder.parent / "THIRD-PARTY.md"), key=lambda component: component.name.lower()
    )
    return _read_packaged_list(folder / "components.json") or [unbraid, *others]


def read_licence(component: Component) -> str:
    """Return the full licence text of a component, or a sentence that it is missing."""
    if component.licence_file is not None:
        try:
            return component.licence_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return str(_MISSING_LICENCE_TEXT)
    return "\n\n".join(_read_package_licences(component.bundled_in or component.name)) or str(_MISSING_LICENCE_TEXT)


def _read_packaged_list(listing: Path) -> list[Component]:
    try:
        rows = json.loads(listing.read_text(encoding="utf-8"))
        return [_component_from_row(row, listing.parent) for row in rows]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _component_from_row(row: dict[str, str], folder: Path) -> Component:
    return Component(row["name"], row["version"], row["licence"], row["inside"], row["url"], folder / row["text"])


def _read_third_party_page(listing: Path) -> Iterator[Component]:
    """Yield the components in THIRD-PARTY.md: packages, then what they bundle.

    Packages have a version; bundled components have `bundled_in`, the name of the package.
    """
    try:
        text = listing.read_text(encoding="utf-8")
    except OSError:
        return
    _, bundled_section, packages_section = text.split("\n## ")[1:4] if text.count("\n## ") >= 3 else ("", "", "")
    for name, version, licence in _table_rows(packages_section):
        yield Component(name, version, licence.removesuffix(" (not everywhere)"))
    for name, bundled_in, licence in _table_rows(bundled_section):
        yield Component(name, "", licence, bundled_in)


def _table_rows(section: str) -> list[tuple[str, str, str]]:
    return re.findall(r"^\| (?!what |package )([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)


def _read_package_licences(package: str) -> Iterator[str]:
    try:
        files = distribution(package).files or ()
    except PackageNotFoundError:
        return
    for file in files:
        path = Path(str(file.locate()))
        if _LICENCE_FILE.search(file.as_posix()) and path.is_file():
            yield path.read_text(encoding="utf-8", errors="replace")
