"""The stamp: a file that says that all is set up, so that later starts look at nothing else."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from setup_environment import Environment


def compute_stamp(root: Path) -> str:
    """What a stamp vouches for: the files that decide the set-up, and the place. The shell script has its own way."""
    given = os.environ.get("UNBRAID_STAMP")
    if given:
        return given
    packaging = root / "packaging"
    digest = hashlib.sha256()
    for path in [packaging / "bootstrap.py", *sorted(packaging.glob("setup_*.py")), *sorted(packaging.glob("lock/*"))]:
        digest.update(path.read_bytes())
    return f"{digest.hexdigest()} {root}"


def write_stamps(environment: Environment, kinds: Iterable[str], stamp_text: str) -> None:
    """Write down that everything for `kinds` is there, given what `account` said before the set-up began."""
    for kind in kinds:
        partial = environment.state_folder / f"{kind}.partial"
        partial.write_text(stamp_text + "\n", encoding="utf-8")
        partial.replace(_stamp_path(environment, kind))


def is_current(environment: Environment, kind: str, stamp_text: str) -> bool:
    """True when nothing has changed since the stamp for `kind` was left."""
    stamp = _stamp_path(environment, kind)
    try:
        unchanged = stamp.read_text(encoding="utf-8").strip() == stamp_text
        return unchanged and environment.site_packages.stat().st_mtime <= stamp.stat().st_mtime
    except OSError:
        return False


def delete_stamps(environment: Environment) -> None:
    """Nothing is sure any more."""
    for stamp in environment.state_folder.glob("*.stamp"):
        stamp.unlink()


def _stamp_path(environment: Environment, kind: str) -> Path:
    return environment.state_folder / f"{kind}.stamp"
