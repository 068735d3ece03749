"""The editions that the app is built in: one for every computer, and a larger one that computes on NVIDIA cards as well."""

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from product import version
from sources import BUILD, ROOT, BuildError

LOCKS = ROOT / "packaging" / "lock"
DOWNLOADS = ROOT / "dist"
# Not sys.platform itself, of which a type checker knows only one value.
SYSTEM: str = sys.platform


@dataclass(frozen=True)
class Edition:
    """One of them: what it is made of, and where."""

    name: str
    """As `--edition` takes it."""
    package: str
    """What its downloads are called."""
    build: Path
    """Where its environment lies, and all that is made on the way."""
    dist: Path
    """Where its bundle is put."""

    @property
    def bundle(self) -> Path:
        """The app in one folder, or the .app."""
        return self.dist / ("Unbraid.app" if SYSTEM == "darwin" else "unbraid")

    @property
    def deb(self) -> Path:
        """The download for Debian and its like."""
        return DOWNLOADS / f"{self.package}_{version()}_amd64.deb"

    @property
    def tar(self) -> Path:
        """The download for every Linux."""
        return DOWNLOADS / f"{self.package}-{version()}-linux-x86_64.tar.xz"

    def torch(self, system: str = SYSTEM) -> tuple[Path, ...]:
        """The lock files of its PyTorch. Raises BuildError where there is none of that kind."""
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
    """Raise BuildError when the bundle, the .deb or the tar of an edition has not been made."""
    absent = [str(path) for path in (edition.bundle, edition.deb, edition.tar) if not path.exists()]
    if absent:
        words = "" if edition.name == CPU.name else f" --edition {edition.name}"
        raise BuildError(f"{', '.join(absent)} is not there. Make it: python3 packaging/build.py --packages{words}")


def add_option(parser: ArgumentParser) -> None:
    """Let the command line say which; `edition` in its answer is the name."""
    what = "cuda: with PyTorch for NVIDIA cards (default: %(default)s)"
    parser.add_argument("--edition", choices=EDITIONS, default=CPU.name, help=what)
