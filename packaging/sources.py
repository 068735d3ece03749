"""Third-party source code for the packaged app: download, verification, unpacking and logged build steps."""

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
# Compiler options that the user may have set for other programs; removed for reproducible builds.
_COMPILER_VARIABLES = ("CPPFLAGS", "CFLAGS", "CXXFLAGS", "LDFLAGS", "MAKEFLAGS")


class BuildError(Exception):
    """The build failed; the message says why, and names the log."""


def version(name: str) -> str:
    """Return the version of the source `name` in sources.toml."""
    return str(read_pin(name)["version"])


def fetch_files(name: str, into: Path | None = None) -> list[Path]:
    """Return the files of the source `name`, downloaded and verified against sources.toml. Raises BuildError.

    They are kept in the folder `into`, default `build/sources`.
    """
    return [_fetch_file(file, into or BUILD / "sources") for file in read_pin(name)["files"]]


def read_pin(name: str) -> dict[str, Any]:
    """Return the entry of the source `name` in sources.toml: its `version` and its `files`."""
    return tomllib.loads((ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8"))[name]


def unpack(archive: Path, into: Path) -> Path:
    """Replace `into` with the content of a trusted tar; return the only folder in it, or `into` if there are more.

    The tar must be made by Unbraid, or have a verified digest.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        # Debian 12's Python 3.11.2 has no filters: they were added in 3.11.4.
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(into)
    inside = list(into.iterdir())
    return inside[0] if len(inside) == 1 else into


def run_logged(command: Sequence[str | Path], log: Path, folder: Path = ROOT, **environment: str) -> None:
    """Run a command in `folder` with its output appended to `log`. Raises BuildError with the log's last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        result = subprocess.run(
            command, cwd=folder, env=_build_environment() | environment, stdout=output, stderr=output, check=False
        )
    if result.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise BuildError(
            f"{' '.join(map(str, command[:4]))} … failed ({result.returncode}). The log is {log}; it ends:\n{last}"
        )


def run_compile_step(tree: Path, command: Sequence[str | Path], log: Path, **environment: str) -> None:
    """Run a command that compiles the source in `tree`. Raises BuildError.

    Its result must not depend on the checkout's path or commit, because it is reused until its recipe changes.
    """
    flags = f"{environment.pop('CFLAGS', '')} -ffile-prefix-map={tree}=.".strip() if os.name != "nt" else ""
    # Hide the git repository above the source: Redis would report its commit as its own.
    isolation = {"CFLAGS": flags, "SOURCE_DATE_EPOCH": "0", "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    run_logged(command, log, tree, **isolation, **environment)


def build_timestamp() -> str:
    """Return the build's timestamp in seconds since 1970: `SOURCE_DATE_EPOCH`, else the time of the commit.

    Two builds of one commit get the same timestamp.
    """
    from_environment = os.environ.get("SOURCE_DATE_EPOCH")
    if from_environment:
        return from_environment
    log = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return log.stdout.strip() or "1700000000"


def _build_environment() -> dict[str, str]:
    """Return the environment of every build step, independent of time, time zone and language of this machine."""
    kept = {name: value for name, value in os.environ.items() if name not in _COMPILER_VARIABLES}
    return kept | {"SOURCE_DATE_EPOCH": build_timestamp(), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _fetch_file(file: Mapping[str, Any], into: Path) -> Path:
    path = into / str(file["name"])
    if path.exists() and _digest(path) == file["sha256"]:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    for url in file["urls"]:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
                path.write_bytes(response.read())
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
