"""Third-party components of Unbraid, from the metadata of installed packages and from components.toml."""

import fnmatch
import platform
import re
import sqlite3
import ssl
import sys
import tomllib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from xml.parsers import expat

ROOT = Path(__file__).resolve().parent.parent
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|copyright)[^/]*$|licensing/", re.IGNORECASE)
_CODE_SUFFIXES = (".py", ".pyc", ".pyi")


class ComponentError(Exception):
    """A list of components would be wrong or incomplete; the message says what to do."""


@dataclass(frozen=True)
class Component:
    """Third-party component."""

    name: str
    version: str
    """Empty if unknown."""
    licence: str
    """An SPDX expression."""
    kind: str = "package"
    """"package" (of Python), "library", "program", "font" or "music"."""
    origin: str = "generic"
    """The type in its package URL (purl): "pypi", "deb" or "generic"."""
    inside: str = ""
    """The name of the component that contains it."""
    source: str = ""
    """The URL of its source."""
    note: str = ""
    texts: tuple[str, ...] = field(default=(), repr=False)
    """The full texts of its licences."""


@dataclass(frozen=True)
class Entry:
    """Entry of components.toml."""

    component: Component
    """The component, without licence texts."""
    where: tuple[str, ...]
    """"checkout", "bundle" or both."""
    systems: tuple[str, ...]
    """Names as in sys.platform; empty means all systems."""
    files: tuple[str, ...]
    """Glob patterns of its file names or paths."""
    place: str
    """Its path in this repository, or empty."""
    texts: tuple[str, ...]
    """Paths of its licence texts, relative to the repository's root."""
    texts_of: str
    """The name of a package with the same licence texts, or empty."""

    def matches(self, path: str) -> bool:
        """Return True if the file at `path` belongs to this component."""
        name = path.rpartition("/")[2]
        return any(fnmatch.fnmatchcase(path if "/" in pattern else name, pattern) for pattern in self.files)


@dataclass(frozen=True)
class ComponentTable:
    """Content of components.toml."""

    licences: Mapping[str, str]
    words: Mapping[str, str]
    texts: Mapping[str, Sequence[str]]
    refused: Mapping[str, str]
    debian: Mapping[str, str]
    entries: tuple[Entry, ...]


@cache
def load_components() -> ComponentTable:
    """Return the content of components.toml."""
    table = tomllib.loads((ROOT / "packaging" / "components.toml").read_text(encoding="utf-8"))
    entries = tuple(_parse_entry(values) for values in table.pop("component"))
    return ComponentTable(**table, entries=entries)


def canonical(name: str) -> str:
    """Return the normalized name of a package, as in lock files and URLs."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_licence(name: str, about: PackageMetadata | None) -> str:
    """Return the SPDX licence expression of package `name`; `about` is its metadata, or None if it is not installed.

    Raises ComponentError if neither its metadata nor components.toml states the licence.
    """
    if name in load_components().licences:
        return load_components().licences[name]
    for stated in _declared_licences(about) if about else ():
        if stated in load_components().words:
            return load_components().words[stated]
        if re.fullmatch(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*", stated) and stated != "BSD":
            return stated
    raise ComponentError(
        f"Under which licence {name} is cannot be read in its metadata. "
        "Read its licence file, and write it in SPDX's words in packaging/components.toml under [licences]."
    )


def describe_package(package: Distribution) -> Component:
    """Return the component of an installed package, with licence texts. Raises ComponentError."""
    name = canonical(package.metadata["Name"])
    return Component(
        name,
        package.version,
        find_licence(name, package.metadata),
        origin="pypi",
        source=f"https://pypi.org/project/{name}/{package.version.partition('+')[0]}/",
        texts=_read_texts(load_components().texts[name])
        if name in load_components().texts
        else read_licence_texts(package),
    )


def read_licence_texts(package: Distribution) -> tuple[str, ...]:
    """Return all licence texts in an installed package, without duplicates."""
    paths = sorted((path for path in package.files or () if _is_licence_file(str(path))), key=str)
    found = (Path(str(package.locate_file(path))) for path in paths)
    texts = (path.read_text(encoding="utf-8", errors="replace").strip() for path in found if path.is_file())
    return tuple(dict.fromkeys(text for text in texts if text))


def find_licence_texts(entry: Entry, packages: Iterable[Component]) -> tuple[str, ...]:
    """Return the licence texts of an entry, or those of the package that contains it. Raises ComponentError."""
    if entry.texts:
        return _read_texts(entry.texts)
    if entry.texts_of:
        try:
            return read_licence_texts(distribution(entry.texts_of))
        except PackageNotFoundError as error:
            raise ComponentError(
                f"The licence of {entry.component.name} is that of {entry.texts_of}, which is not installed here. "
                "Install scripts/lock/build.txt, then try again."
            ) from error
    return next((package.texts for package in packages if package.name == entry.component.inside), ())


def is_included(entry: Entry, where: str, system: str = sys.platform) -> bool:
    """Return True if a component may be in a "checkout", or in a "bundle" for `system`, as `where` says."""
    return where in entry.where and (not entry.systems or system in entry.systems)


def _parse_entry(values: dict[str, Any]) -> Entry:
    component_fields = {
        key: values[key] for key in ("name", "licence", "kind", "inside", "source", "note") if key in values
    }
    version = values.get("version") or _python_part_version(values["name"])
    lists = {key: tuple(values.get(key, ())) for key in ("where", "systems", "files", "texts")}
    component = Component(version=version, **component_fields)
    return Entry(component, **lists, place=values.get("place", ""), texts_of=values.get("texts_of", ""))


def _python_part_version(name: str) -> str:
    """Return the version of a part of the running Python, which is also the one in bundles, or an empty string."""
    versions: dict[str, Callable[[], str]] = {
        "CPython": platform.python_version,
        "OpenSSL": lambda: ssl.OPENSSL_VERSION.split()[1],
        "zlib": lambda: zlib.ZLIB_RUNTIME_VERSION,
        "SQLite": lambda: sqlite3.sqlite_version,
        "Expat": lambda: expat.EXPAT_VERSION.removeprefix("expat_"),
        "PyInstaller bootloader": lambda: _installed_version("pyinstaller"),
    }
    return versions[name]() if name in versions else ""


def _installed_version(name: str) -> str:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return ""


def _declared_licences(about: PackageMetadata) -> Iterable[str]:
    for name in ("License-Expression", "License"):
        yield from (stated.strip() for stated in about.get_all(name) or ())
    classifiers = [entry for entry in about.get_all("Classifier") or () if entry.startswith("License ::")]
    yield from (entry.rpartition(" :: ")[2] for entry in classifiers)


def _is_licence_file(path: str) -> bool:
    return (bool(_LICENCE_FILE.search(path)) or ".dist-info/licenses/" in path) and not path.endswith(_CODE_SUFFIXES)


def _read_texts(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple((ROOT / path).read_text(encoding="utf-8").strip() for path in paths)
