"""The stamp: a file that says that all is set up, so that later starts look at nothing else."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from setup_environment import Environment


def account(root: Path) -> str:
    """What a stamp vouches for: the files that decide the set-up, and the place. The shell script has its own way."""
    said = os.environ.get("UNBRAID_STAMP")
    if said:
        return said
    packaging = root / "packaging"
    digest = hashlib.sha256()
    for path in [packaging / "bootstrap.py", *sorted(packaging.glob("setup_*.py")), *sorted(packaging.glob("lock/*"))]:
        digest.update(path.read_bytes())
    return f"{digest.hexdigest()} {root}"


def leave(environment: Environment, kinds: Iterable[str], seen: str) -> None:
    """Write down that everything for `kinds` is there, given what `account` said before the set-up began."""
    for kind in kinds:
        partial = environment.marks / f"{kind}.partial"
        partial.write_text(seen + "\n", encoding="utf-8")
        partial.replace(_path(environment, kind))


def holds(environment: Environment, kind: str, seen: str) -> bool:
    """True when nothing has changed since the stamp for `kind` was left."""
    stamp = _path(environment, kind)
    try:
        unchanged = stamp.read_text(encoding="utf-8").strip() == seen
        return unchanged and environment.packages.stat().st_mtime <= stamp.stat().st_mtime
    except OSError:
        return False


def withdraw(environment: Environment) -> None:
    """Nothing is sure any more."""
    for stamp in environment.marks.glob("*.stamp"):
        stamp.unlink()


def _path(environment: Environment, kind: str) -> Path:
    return environment.marks / f"{kind}.stamp"
