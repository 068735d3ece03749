"""Writes THIRD-PARTY.md for the installed packages: `.venv/bin/python packaging/third_party.py`, after `./unbraid`.

The data is from the metadata of the packages, and from packaging/components.toml for everything else.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

from component_list import ROOT, Component, ComponentError, Entry, find_licence, load_components

LOCKS = ROOT / "scripts" / "lock"
HEADER = """# Third-party components of Unbraid

Unbraid itself is under the MIT licence (see LICENSE). The repository contains the few works of others that are
listed first. The packages after them are installed from the lock files in `scripts/lock`, under their own licences,
whose texts are in the `*.dist-info` folder of each package. The packaged app contains a file of this name with its own
components. Made by `packaging/third_party.py`; not edited by hand.

## In this repository

| what | licence |
|---|---|
"""
EMBEDDED_LIBRARIES = """
No model weights are shipped. Those that the app downloads are under their authors' terms.

## Libraries inside packages

| what | in | licence |
|---|---|---|
"""
PACKAGES = """
## Packages

| package | version | licence |
|---|---|---|
"""
FOOTER = """
PyTorch's builds for NVIDIA cards need NVIDIA's CUDA libraries (`scripts/lock/cuda.txt`) under NVIDIA's own terms;
they are installed only with such a build.
"""
BUNDLE_HEADER = """# Third-party components of this Unbraid

Unbraid itself is under the MIT licence. It contains the components below, each under its own licence, whose text is in
the folder `licences`. The libraries under the LGPL are files of their own, or Python modules that are: replace
them by another version, and Unbraid uses it (docs/licences.md, in Unbraid's source, says how). Model
weights are not included: those that the app downloads are under their authors' terms.

| what | version | in | licence | source | text |
|---|---|---|---|---|---|
"""


def main() -> int:
    """Write the file and return the exit status: 1 if the licence of a package is unknown."""
    try:
        text = format_checkout()
    except ComponentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (ROOT / "THIRD-PARTY.md").write_text(text, encoding="utf-8")
    return 0


def format_checkout() -> str:
    """Return the text of THIRD-PARTY.md for the repository. Raises ComponentError if a licence is unknown."""
    entries = [entry for entry in load_components().entries if "checkout" in entry.where]
    own = (
        f"| {entry.component.name}, in `{entry.place}` | {entry.component.licence} (text beside it) |\n"
        for entry in entries
        if entry.place
    )
    inner = (_embedded_row(entry) for entry in entries if entry.component.inside)
    return "".join([HEADER, *own, EMBEDDED_LIBRARIES, *inner, PACKAGES, *_package_rows(), FOOTER])


def format_bundle(parts: Sequence[Component], texts: Iterable[str]) -> str:
    """Return the text of THIRD-PARTY.md for a bundle; `texts`: paths of the licence texts, in the order of `parts`."""
    rows = (
        f"| {part.name} | {part.version} | {part.inside} | {_with_note(part)} | <{part.source}> | [text]({text}) |\n"
        for part, text in zip(parts, texts, strict=True)
    )
    return "".join([BUNDLE_HEADER, *rows]).replace("| <> |", "|  |")


def read_pins() -> list[tuple[str, str, str]]:
    """Return name, version and marker of every package that the app installs, without the CUDA libraries."""
    found: list[tuple[str, str, str]] = []
    for part in ("torch", "app"):
        text = (LOCKS / f"{part}.txt").read_text(encoding="utf-8")
        found += re.findall(r"^([A-Za-z][\w.-]*)==([^\s;]+)(?: ; ([^\\\n]*?))? \\$", text, re.MULTILINE)
    return found


def _package_rows() -> Iterable[str]:
    versions: dict[str, list[str]] = {}
    partial: set[str] = set()
    for name, version, marker in read_pins():
        versions.setdefault(name, []).append(version)
        if marker:
            partial.add(name)
    for name in sorted(versions):
        # Several versions for different systems cover all systems together.
        note = " (not everywhere)" if name in partial and len(versions[name]) == 1 else ""
        yield f"| {name} | {', '.join(versions[name])} | {find_licence(name, _read_metadata(name))}{note} |\n"


def _read_metadata(name: str) -> PackageMetadata | None:
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


def _embedded_row(entry: Entry) -> str:
    systems = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
    where = " and ".join(systems[system] for system in entry.systems)
    return f"| {entry.component.name}{f' (on {where})' if where else ''} | {entry.component.inside} | {_with_note(entry.component)} |\n"


def _with_note(part: Component) -> str:
    return f"{part.licence} ({part.note})" if part.note else part.licence


if __name__ == "__main__":
    sys.exit(main())
