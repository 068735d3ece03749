"""Editions of the packaged app: one for every computer, and a larger one that also computes on NVIDIA cards."""

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from product import version
from sources import BUILD, ROOT, BuildError

LOCKS = ROOT / "scripts" / "lock"
DOWNLOADS = ROOT / "dist"
# A plain str, because a type checker treats sys.platform as a constant.
SYSTEM: str = sys.platform


@dataclass(frozen=True)
class Edition:
    """Edition with its names, folders and packages."""

    name: str
    """The value of `--edition`."""
    package: str
    """The base name of its packages."""
    build: Path
    """The folder of its environment and its intermediate files."""
    dist: Path
    """The folder of its bundle."""

    @property
    def bundle(self) -> Path:
        """The folder of the packaged app, or the .app."""
        return self.dist / ("Unbraid.app" if SYSTEM == "darwin" else "unbraid")

    @property
    def deb(self) -> Path:
        """The package for Debian and its derivatives."""
        return DOWNLOADS / f"{self.package}_{version()}_amd64.deb"

    @property
    def tar(self) -> Path:
        """The package for every Linux."""
        return DOWNLOADS / f"{self.package}-{version()}-linux-x86_64.tar.xz"

    def torch(self, system: str = SYSTEM) -> tuple[Path, ...]:
        """Return the lock files of its PyTorch on `system`. Raises BuildError if the edition does not exist there."""
        if self is CPU:
            return (LOCKS / ("torch-cpu.txt" if system == "linux" else "torch.txt"),)
        if system != "linux":
            raise BuildError(
                "The edition for NVIDIA cards is built on Linux alone: for other systems PyPI has no PyTorch with CUDA."
            )
        return LOCKS / "torch.txt", LOCKS / "cuda.txt"


CPU = Edition("cpu", "unbraid", BUILD, DOWNLOADS)
CUDA = Edition("cuda", "unbraid-cuda", BUILD / "cuda", DOWNLOADS / "cuda")
EDITIONS = {edition.name: edition for edition in (CPU, CUDA)}


def require_packages(edition: Edition) -> None:
    """Check that the bundle, the .deb and the tar of an edition exist. Raises BuildError."""
    missing = [str(path) for path in (edition.bundle, edition.deb, edition.tar) if not path.exists()]
    if missing:
        option = "" if edition.name == CPU.name else f" --edition {edition.name}"
        raise BuildError(f"{', '.join(missing)} is not there. Make it: python3 packaging/build.py --packages{option}")


def add_option(parser: ArgumentParser) -> None:
    """Add the option `--edition` to `parser`; the parsed `edition` is a key of `EDITIONS`."""
    help_text = "cuda: with PyTorch for NVIDIA cards (default: %(default)s)"
    parser.add_argument("--edition", choices=EDITIONS, default=CPU.name, help=help_text)
