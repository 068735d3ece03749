"""Compilation of the stretcher, which changes speed and pitch during playback, where there is a C++ compiler.

Without one the app takes the package python-stretch: slower, and not on every machine.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from setup_console import print_message
from setup_environment import Environment

_TIMEOUT_S = 300


def install(environment: Environment, root: Path) -> None:
    """Compile it into the environment by the recipe of the checkout at `root`, unless that was done.

    A failure is only logged.
    """
    recipe = root / "packaging" / "stretch" / "build.py"
    if not recipe.is_file():
        return
    mark, digest = environment.state_folder / "stretch.lock", _digest(root)
    if mark.is_file() and mark.read_text() == digest:
        return
    print_message("Compiling the part that changes speed and key.")
    problem = _run(recipe, environment.state_folder)
    if problem:
        print_message("  It cannot be compiled here; a slower one is used.")
        with environment.log.open("a", encoding="utf-8") as log:
            log.write(f"{problem}\n")
        return
    mark.write_text(digest)


def _run(recipe: Path, into: Path) -> str:
    """Run the recipe in a folder that is deleted afterwards; return what went wrong, or an empty string."""
    with tempfile.TemporaryDirectory(dir=into) as scratch:
        try:
            result = subprocess.run(
                [sys.executable, "-I", str(recipe), str(into), scratch], stdin=subprocess.DEVNULL, capture_output=True,
                text=True, errors="replace", timeout=_TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            return str(error)
    return result.stderr.strip() or f"status {result.returncode}" if result.returncode else ""


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _recipe_files(root):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _recipe_files(root: Path) -> Iterator[Path]:
    packaging = root / "packaging"
    yield from sorted(path for path in (packaging / "stretch").iterdir() if path.is_file())
    yield from (path for path in (packaging / "sources.toml", packaging / "sources.py") if path.is_file())
