"""Source code for the packaged app: fetched, checked, unpacked, built with a log."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
_TIMEOUT_S = 60.0
# Words for the compiler that somebody may have set for programs of their own.
_COMPILER_VARIABLES = ("CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS", "MAKEFLAGS")


class BuildError(Exception):
    """The build cannot go on; the message says why, and where more is told."""


def version(name: str) -> str:
    """The version of a source of sources.toml."""
    return str(read_pin(name)["version"])


def fetch_files(name: str) -> list[Path]:
    """The files of a source, each with the digest that sources.toml states. Raises BuildError."""
    return [_fetch_file(file) for file in read_pin(name)["files"]]


def unpack(archive: Path, into: Path) -> Path:
    """Unpack a tar of ours, or one whose digest was checked, into `into`, which is emptied; return the one folder in it.

    Where there is not one folder, `into` itself.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        # Debian 12's Python 3.11.2 has no filters yet: they came with 3.11.4.
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(into)
    inside = list(into.iterdir())
    return inside[0] if len(inside) == 1 else into


def run_logged(words: Sequence[str | Path], log: Path, folder: Path = ROOT, **environment: str) -> None:
    """Run a program in `folder`, its output going into `log`. Raises BuildError with its last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(
            words, cwd=folder, env=_build_environment() | environment, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise BuildError(
            f"{' '.join(map(str, words[:4]))} … failed ({done.returncode}). The log is {log}; it ends:\n{last}"
        )


def run_compile_step(tree: Path, words: Sequence[str | Path], log: Path, **environment: str) -> None:
    """Run a step that compiles the source in `tree`. Raises BuildError.

    The step learns neither where it is nor of which commit: what it makes is kept for as long as its recipe is the same,
    and must then be what another checkout makes.
    """
    flags = f"{environment.pop('CFLAGS', '')} -ffile-prefix-map={tree}=.".strip() if os.name != "nt" else ""
    # No git repository is looked for above the source; Redis would take this one's commit for its own.
    isolation = {"CFLAGS": flags, "SOURCE_DATE_EPOCH": "0", "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    run_logged(words, log, tree, **isolation, **environment)


def build_timestamp() -> str:
    """Seconds since 1970 that a build is dated by: the commit's, so that two builds of one commit are the same."""
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    if stated:
        return stated
    asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "1700000000"


def _build_environment() -> dict[str, str]:
    """The environment of every step: nothing of the time, the place and the language of this machine."""
    kept = {name: value for name, value in os.environ.items() if name not in _COMPILER_VARIABLES}
    return kept | {"SOURCE_DATE_EPOCH": build_timestamp(), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def read_pin(name: str) -> dict[str, Any]:
    """What sources.toml says of a source: its `version` and its `files`."""
    return tomllib.loads((ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8"))[name]


def _fetch_file(file: Mapping[str, Any]) -> Path:
    path = BUILD / "sources" / str(file["name"])
    if path.exists() and _digest(path) == file["sha256"]:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    for url in file["urls"]:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
                path.write_bytes(answer.read())
        except (OSError, urllib.error.URLError) as error:
            errors.append(f"{url}: {error}")
            continue
        if _digest(path) == file["sha256"]:
            return path
        path.unlink()
        errors.append(f"{url}: not the file that sources.toml names")
    raise BuildError(f"{path.name} could not be fetched:\n" + "\n".join(errors))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
