"""Debian source packages of the libraries that PyInstaller copied from the build machine, found with dpkg."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from component_list import Component, ComponentError

_DOCS = Path("/usr/share/doc")


def debian_components(names: Iterable[str], licences: Mapping[str, str]) -> tuple[list[Component], list[str]]:
    """Return the source packages of libraries as components, and the names of libraries that belong to no package.

    `names`: file names ("libz.so.1"); `licences`: SPDX expressions by source package. Raises ComponentError for a
    source package that is not in `licences`.
    """
    wanted = sorted(set(names))
    if not wanted or shutil.which("dpkg-query") is None:
        return [], wanted
    owners = _find_owning_packages(wanted)
    sources: dict[str, tuple[str, set[str]]] = {}
    for package in sorted(set(owners.values())):
        source, version = _find_source_package(package)
        sources.setdefault(source, (version, set()))[1].add(package)
    parts = [
        _describe_source_package(name, version, packages, licences)
        for name, (version, packages) in sorted(sources.items())
    ]
    return parts, [name for name in wanted if name not in owners]


def _find_owning_packages(names: list[str]) -> dict[str, str]:
    """Return the binary package of each library that has one."""
    command = ["dpkg-query", "--search", *(f"*/{name}" for name in names)]
    # Exit status 1 means that some were not found.
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    found: dict[str, str] = {}
    for line in sorted(result.stdout.splitlines()):
        package, _, path = line.partition(": ")
        if not package.startswith("diversion ") and "/lib/" in path:
            found.setdefault(path.rpartition("/")[2], package.partition(",")[0])
    return found


def _find_source_package(package: str) -> tuple[str, str]:
    command = ["dpkg-query", "--show", "--showformat", "${source:Package} ${source:Version}", package]
    name, version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return name, version


def _describe_source_package(name: str, version: str, packages: set[str], licences: Mapping[str, str]) -> Component:
    if name not in licences:
        raise ComponentError(
            f"The bundle holds libraries of Debian's {name} ({', '.join(sorted(packages))}), whose licence is not known "
            f"here. Leave them out, or read {_DOCS / min(packages).partition(':')[0] / 'copyright'} and write it in "
            "SPDX's words in packaging/components.toml under [debian]."
        )
    texts = (_DOCS / package.partition(":")[0] / "copyright" for package in sorted(packages))
    return Component(
        name,
        version,
        licences[name],
        kind="library",
        origin="deb",
        # snapshot.debian.org keeps every published version.
        source=f"https://snapshot.debian.org/package/{name}/{version}/",
        texts=tuple(dict.fromkeys(path.read_text(encoding="utf-8").strip() for path in texts if path.is_file())),
    )
