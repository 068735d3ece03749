"""Looks into a bundle that PyInstaller made: the Python modules and the files that it really holds."""

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
    """What is in a bundle."""

    root: Path
    """The folder that is handed on, or what of an .app holds data."""
    contents: Path
    """Where the app's own files lie (what it knows as sys._MEIPASS)."""
    modules: frozenset[str]
    """Python's modules, by their full names."""
    files: Mapping[str, Path]
    """Everything else, by its path within `contents` or, outside it, within the bundle."""
    bootloaders: frozenset[Path]
    """Executables that PyInstaller's bootloader is."""

    @cached_property
    def native_files(self) -> frozenset[str]:
        """Those of the files that hold machine code, the starters aside."""
        return frozenset(name for name, path in self.files.items() if path not in self.bootloaders and _is_native(path))

    def contains_package(self, distribution: Distribution) -> bool:
        """Whether anything of a package is in the bundle besides its metadata."""
        return any(self._contains_file(path) for path in package_files(distribution))

    def _contains_file(self, path: str) -> bool:
        if path.endswith(".py"):
            return _module_name(path) in self.modules or path in self.files
        # PyInstaller may put a library beside the executable, wherever it lay in its package.
        return path in self.files or path.rpartition("/")[2] in self._native_names

    @cached_property
    def _native_names(self) -> frozenset[str]:
        return frozenset(name.rpartition("/")[2] for name in self.native_files)


def read_bundle(folder: Path) -> Bundle:
    """Look into the bundle in `folder`: a folder of Linux or Windows, or an .app."""
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
    """The files of a package that do something: paths within site-packages."""
    for path in distribution.files or ():
        name = path.as_posix()
        if not name.startswith("..") and ".dist-info/" not in name and "__pycache__/" not in name:
            yield name


def find_unclaimed(bundle: Bundle, packages: Sequence[Distribution], patterns: Sequence[str]) -> list[str]:
    """Machine code in the bundle that is of no package, of no pattern and not of Python itself."""
    names = {path.rpartition("/")[2] for made in packages for path in package_files(made)}
    return sorted(
        path
        for path in bundle.native_files
        if (name := path.rpartition("/")[2]) not in names
        and not any(fnmatch.fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)
        # Python's own modules lie in a folder of theirs on some systems, and in no folder on Windows.
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
            base = next((one for one in (contents, _find_data_folder(folder)) if path.is_relative_to(one)), folder)
            found[path.relative_to(base).as_posix()] = path
    return found


def _is_native(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(_NATIVE_MAGIC)
