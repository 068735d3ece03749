"""The parts that Unbraid stands on, one by one: what packages say of themselves, and what components.toml says besides."""

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
    """A list of parts that would not be true, or not whole; the message says what to do."""


@dataclass(frozen=True)
class Component:
    """A part that others made."""

    name: str
    version: str
    """Empty where nobody can tell."""
    licence: str
    """An SPDX expression."""
    kind: str = "package"
    """"package" of Python, "library", "program", "font" or "music"."""
    origin: str = "generic"
    """Who names it so, as package addresses (purl) have it: "pypi", "deb" or "generic"."""
    inside: str = ""
    """The name of the component that carries it."""
    source: str = ""
    """Where its source is to be had."""
    note: str = ""
    texts: tuple[str, ...] = field(default=(), repr=False)
    """Its licences in full."""


@dataclass(frozen=True)
class Entry:
    """A part that components.toml describes."""

    component: Component
    """Without its texts."""
    where: tuple[str, ...]
    """"checkout", "bundle"."""
    systems: tuple[str, ...]
    """As sys.platform names them; none stands for all."""
    files: tuple[str, ...]
    """Patterns of names or paths."""
    place: str
    """Where it lies in this repository, if it does."""
    texts: tuple[str, ...]
    """Paths from the repository's root."""
    texts_of: str
    """A package whose texts these are."""

    def matches(self, path: str) -> bool:
        """True when the file at `path` is of this part."""
        name = path.rpartition("/")[2]
        return any(fnmatch.fnmatchcase(path if "/" in pattern else name, pattern) for pattern in self.files)


@dataclass(frozen=True)
class ComponentTable:
    """What components.toml holds."""

    licences: Mapping[str, str]
    words: Mapping[str, str]
    texts: Mapping[str, Sequence[str]]
    refused: Mapping[str, str]
    debian: Mapping[str, str]
    entries: tuple[Entry, ...]


@cache
def load_components() -> ComponentTable:
    """Read components.toml."""
    known = tomllib.loads((ROOT / "packaging" / "components.toml").read_text(encoding="utf-8"))
    entries = tuple(_parse_entry(values) for values in known.pop("component"))
    return ComponentTable(**known, entries=entries)


def canonical(name: str) -> str:
    """A package's name as lock files and addresses write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_licence(name: str, about: PackageMetadata | None) -> str:
    """The licence of a package in SPDX's words; `about` is its metadata where it is installed.

    Raises ComponentError when neither its metadata nor components.toml tells.
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


def describe_package(made: Distribution) -> Component:
    """The component that an installed package is, with its texts. Raises ComponentError."""
    name = canonical(made.metadata["Name"])
    return Component(
        name,
        made.version,
        find_licence(name, made.metadata),
        origin="pypi",
        source=f"https://pypi.org/project/{name}/{made.version.partition('+')[0]}/",
        texts=_read_texts(load_components().texts[name])
        if name in load_components().texts
        else read_licence_texts(made),
    )


def read_licence_texts(made: Distribution) -> tuple[str, ...]:
    """Every licence text that a package carries, the same only once."""
    paths = sorted((path for path in made.files or () if _is_licence_file(str(path))), key=str)
    found = (Path(str(made.locate_file(path))) for path in paths)
    texts = (path.read_text(encoding="utf-8", errors="replace").strip() for path in found if path.is_file())
    return tuple(dict.fromkeys(text for text in texts if text))


def find_licence_texts(entry: Entry, packages: Iterable[Component]) -> tuple[str, ...]:
    """The texts of an entry: its own, else those of the package that carries it. Raises ComponentError."""
    if entry.texts:
        return _read_texts(entry.texts)
    if entry.texts_of:
        try:
            return read_licence_texts(distribution(entry.texts_of))
        except PackageNotFoundError as error:
            raise ComponentError(
                f"The licence of {entry.component.name} is that of {entry.texts_of}, which is not installed here. "
                "Install packaging/lock/build.txt, then try again."
            ) from error
    return next((one.texts for one in packages if one.name == entry.component.inside), ())


def _parse_entry(values: dict[str, Any]) -> Entry:
    component_fields = {
        key: values[key] for key in ("name", "licence", "kind", "inside", "source", "note") if key in values
    }
    version = values.get("version") or _python_part_version(values["name"])
    lists = {key: tuple(values.get(key, ())) for key in ("where", "systems", "files", "texts")}
    component = Component(version=version, **component_fields)
    return Entry(component, **lists, place=values.get("place", ""), texts_of=values.get("texts_of", ""))


def _python_part_version(name: str) -> str:
    """What the Python that runs this, and is put into bundles, says of its own parts."""
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


def is_included(entry: Entry, where: str, system: str = sys.platform) -> bool:
    """Whether a part may be in a "checkout", or in a "bundle" for `system`."""
    return where in entry.where and (not entry.systems or system in entry.systems)
