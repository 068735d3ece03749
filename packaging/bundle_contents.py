"""Content of a bundle that PyInstaller made: its Python modules and its files."""

import fnmatch
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution
from pathlib import Path

# The first bytes of programs and libraries on Linux, Windows and macOS.
_NATIVE_MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True)
class Bundle:
    """Content of a bundle."""

    root: Path
    """The folder of the bundle, or the Resources folder of an .app."""
    contents: Path
    """The folder of the app's own files (sys._MEIPASS in the app)."""
    modules: frozenset[str]
    """Full names of the Python modules."""
    files: Mapping[str, Path]
    """All other files, by path relative to `contents` or, outside it, to the bundle."""
    bootloaders: frozenset[Path]
    """Executables made from PyInstaller's bootloader."""

    @cached_property
    def native_files(self) -> frozenset[str]:
        """Names of the files with machine code, except bootloaders."""
        return frozenset(name for name, path in self.files.items() if path not in self.bootloaders and _is_native(path))

    def contains_package(self, distribution: Distribution) -> bool:
        """Return True if the bundle contains a file of the package other than its metadata."""
        return any(self._contains_file(path) for path in package_files(distribution))

    def _contains_file(self, path: str) -> bool:
        if path.endswith(".py"):
            return _module_name(path) in self.modules or path in self.files
        # PyInstaller may move a library from its package's folder to the top of the bundle.
        return path in self.files or path.rpartition("/")[2] in self._native_names

    @cached_property
    def _native_names(self) -> frozenset[str]:
        return frozenset(name.rpartition("/")[2] for name in self.native_files)


def read_bundle(folder: Path) -> Bundle:
    """Return the content of the bundle in `folder`, a folder on Linux and Windows, or an .app."""
    # Only the build environment has PyInstaller.
    from PyInstaller.archive.readers import (  # pyright: ignore[reportMissingImports]
        ArchiveReadError,
        CArchiveReader,
    )

    modules: set[str] = set()
    bootloaders: set[Path] = set()
    for path in (*folder.iterdir(), *folder.glob("Contents/MacOS/*")):
        if path.is_file() and not path.is_symlink() and _is_native(path):
            try:
                archive = CArchiveReader(str(path))
            except ArchiveReadError:
                continue
            bootloaders.add(path)
            for name in (name for name, entry in archive.toc.items() if entry[-1] == "z"):
                modules |= set(archive.open_embedded_archive(name).toc)
    contents = _find_contents_folder(folder)
    return Bundle(
        _find_data_folder(folder), contents, frozenset(modules), _list_files(folder, contents), frozenset(bootloaders)
    )


def package_files(distribution: Distribution) -> Iterator[str]:
    """Yield the files of a package, relative to site-packages, without metadata and compiled modules."""
    for path in distribution.files or ():
        name = path.as_posix()
        if not name.startswith("..") and ".dist-info/" not in name and "__pycache__/" not in name:
            yield name


def find_unclaimed(bundle: Bundle, packages: Sequence[Distribution], patterns: Sequence[str]) -> list[str]:
    """Return files with machine code that belong to no package, match no pattern and are not part of Python."""
    names = {path.rpartition("/")[2] for package in packages for path in package_files(package)}
    return sorted(
        path
        for path in bundle.native_files
        if (name := path.rpartition("/")[2]) not in names
        and not any(fnmatch.fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)
        # Python's own modules have a folder on some systems, and none on Windows.
        and name.partition(".")[0] not in sys.stdlib_module_names
    )


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _find_contents_folder(folder: Path) -> Path:
    inner = [folder / "_internal", folder / "Contents" / "Frameworks"]
    return next((path for path in inner if path.is_dir()), folder)


def _find_data_folder(folder: Path) -> Path:
    resources = folder / "Contents" / "Resources"
    return resources if resources.is_dir() else folder


def _list_files(folder: Path, contents: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            bases = (contents, _find_data_folder(folder))
            base = next((base for base in bases if path.is_relative_to(base)), folder)
            found[path.relative_to(base).as_posix()] = path
    return found


def _is_native(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(_NATIVE_MAGIC)
