"""Writes the lists of a bundle's components, with every licence, into the bundle.

`python packaging/components.py --site-packages DIR --bundle DIST_DIR`, run by the Python that made the bundle, writes
`licences/` with a text for each component, `THIRD-PARTY.md`, `sbom.cdx.json` (CycloneDX), and
`resources/components.json` for the window's About page. SOURCE_DATE_EPOCH, if it is set, is the timestamp of the SBOM.
If a list would be incomplete, the exit status is 1, and a message says what is missing. Run it before the bundle is
signed or packed.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

import third_party
from bundle_contents import Bundle, find_unclaimed, read_bundle
from component_list import (
    ROOT,
    Component,
    ComponentError,
    Entry,
    describe_package,
    find_licence_texts,
    is_included,
    load_components,
)
from debian_sources import debian_components


def main(argv: Sequence[str]) -> int:
    """Write the lists and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="components.py", description="Write the lists of a bundle's components into it."
    )
    parser.add_argument(
        "--site-packages", type=Path, required=True, action="append", help="folder with its Python packages"
    )
    parser.add_argument("--bundle", type=Path, required=True, help="the folder, or the .app, that PyInstaller made")
    arguments = parser.parse_args(argv)
    try:
        bundle = read_bundle(arguments.bundle.resolve())
        parts = list_components(bundle, arguments.site_packages)
        write_lists(bundle, parts)
    except ComponentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(parts)} components, each with its licence: {bundle.root / 'THIRD-PARTY.md'}\n")
    return 0


def list_components(bundle: Bundle, folders: Sequence[Path], system: str = sys.platform) -> list[Component]:
    """Return all components of a bundle, sorted by name, with licence texts; `folders` are the site-packages.

    Raises ComponentError for a forbidden or unknown file, and for a component without licence text.
    """
    reject_forbidden_files(bundle)
    installed = list(distributions(path=[str(folder) for folder in folders]))
    packages = [describe_package(package) for package in installed if bundle.contains_package(package)]
    entries = [
        entry
        for entry in load_components().entries
        if is_included(entry, "bundle", system) and _is_in(entry, bundle, packages)
    ]
    natives = [replace(entry.component, texts=find_licence_texts(entry, packages)) for entry in entries]
    parts = [*packages, *natives, *_list_debian_components(bundle, installed, entries)]
    for part in parts:
        if not part.texts:
            raise ComponentError(
                f"{part.name} comes without the text of its licence ({part.licence}). "
                "Put the text into packaging/licences and name it in packaging/components.toml."
            )
    return sorted(parts, key=lambda part: (part.name.lower(), part.version))


def reject_forbidden_files(bundle: Bundle) -> None:
    """Check that the bundle contains no file that components.toml forbids. Raises ComponentError."""
    for pattern, reason in load_components().refused.items():
        for path in sorted(bundle.native_files):
            if fnmatch.fnmatchcase(path.rpartition("/")[2], pattern):
                raise ComponentError(f"The bundle holds {path}, and may not: {reason}.")


def write_lists(bundle: Bundle, parts: Sequence[Component]) -> None:
    """Write licence texts, THIRD-PARTY.md, SBOM and About list into the bundle. Raises ComponentError, OSError."""
    from sbom import format_sbom

    folder = bundle.root / "licences"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _write_text(folder / "unbraid.txt", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    names = [f"licences/{safe_file_name(part.name)}.txt" for part in parts]
    for part, name in zip(parts, names, strict=True):
        _write_text(
            bundle.root / name, f"{part.name} {part.version}".strip() + f"\n{part.licence}\n\n" + _join_texts(part)
        )
    _write_text(bundle.root / "THIRD-PARTY.md", third_party.format_bundle(parts, names))
    timestamp = os.environ.get("SOURCE_DATE_EPOCH")
    text = format_sbom(describe_app(), parts, digests(bundle, parts), int(timestamp) if timestamp else None)
    _write_text(bundle.root / "sbom.cdx.json", text)
    (bundle.contents / "resources").mkdir(exist_ok=True)
    about_list = format_about_list(bundle, [describe_app(), *parts], ["licences/unbraid.txt", *names])
    _write_text(bundle.contents / "resources" / "components.json", about_list)


def format_about_list(bundle: Bundle, parts: Sequence[Component], names: Sequence[str]) -> str:
    """Return the list that desktop/ui/dialogs/components.py reads, as JSON.

    `names`: paths of the licence texts in the bundle; the list has them relative to its own folder.
    """
    # Resolved, because in an .app the folder is a link, and ".." is relative to its target.
    to_root = os.path.relpath(bundle.root, (bundle.contents / "resources").resolve())
    rows = [
        {
            "name": part.name,
            "version": part.version,
            "licence": part.licence,
            "inside": part.inside,
            "url": part.source,
            "text": Path(to_root, name).as_posix(),
        }
        for part, name in zip(parts, names, strict=True)
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def digests(bundle: Bundle, parts: Sequence[Component]) -> dict[str, str]:
    """Return the SHA-256 of the components that are a single file of the bundle, by name."""
    found: dict[str, str] = {}
    by_name = {entry.component.name: entry for entry in load_components().entries if "bundle" in entry.where}
    for part in parts:
        entry = by_name.get(part.name) if part.origin == "generic" else None
        paths = [path for name, path in bundle.files.items() if entry and entry.matches(name)]
        if len(paths) == 1:
            found[part.name] = hashlib.sha256(paths[0].read_bytes()).hexdigest()
    return found


def describe_app() -> Component:
    """Return Unbraid itself as a component."""
    text = (ROOT / "desktop" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return Component("Unbraid", version[1] if version else "", "MIT", kind="program")


def safe_file_name(name: str) -> str:
    """Return `name` as a file name that is valid on every file system."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def _is_in(entry: Entry, bundle: Bundle, packages: Sequence[Component]) -> bool:
    if entry.files:
        return any(entry.matches(path) for path in bundle.files)
    inside = entry.component.inside
    return not inside or any(package.name == inside for package in packages)


def _list_debian_components(
    bundle: Bundle, installed: Sequence[Distribution], entries: Sequence[Entry]
) -> list[Component]:
    """Return the components that PyInstaller copied from the build machine. Raises ComponentError for unknown files."""
    known = [pattern for entry in entries for pattern in entry.files]
    unclaimed = {path.rpartition("/")[2] for path in find_unclaimed(bundle, installed, known)}
    parts, unknown = debian_components(unclaimed, load_components().debian)
    if unknown:
        raise ComponentError(
            f"Unknown files in the bundle: {', '.join(unknown)}. Leave them out, or describe them in "
            "packaging/components.toml."
        )
    return parts


def _join_texts(part: Component) -> str:
    return ("\n\n" + "-" * 80 + "\n\n").join(part.texts) + "\n"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
