"""Stamp files that record a complete set-up, so that later starts need no other check."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from setup_environment import Environment


def compute_stamp(root: Path) -> str:
    """Return the stamp text for the checkout at `root`: digest of the set-up files, and the path.

    The start script computes its own text and passes it in `UNBRAID_STAMP`.
    """
    from_start_script = os.environ.get("UNBRAID_STAMP")
    if from_start_script:
        return from_start_script
    scripts = root / "scripts"
    digest = hashlib.sha256()
    for path in [scripts / "bootstrap.py", *sorted(scripts.glob("setup_*.py")), *sorted(scripts.glob("lock/*"))]:
        digest.update(path.read_bytes())
    return f"{digest.hexdigest()} {root}"


def write_stamps(environment: Environment, kinds: Iterable[str], stamp_text: str) -> None:
    """Record that `kinds` are set up; `stamp_text` is the result of `compute_stamp` before the set-up began."""
    for kind in kinds:
        partial = environment.state_folder / f"{kind}.partial"
        partial.write_text(stamp_text + "\n", encoding="utf-8")
        partial.replace(_stamp_path(environment, kind))


def is_current(environment: Environment, kind: str, stamp_text: str) -> bool:
    """Return True if nothing has changed since the stamp for `kind` was written."""
    stamp = _stamp_path(environment, kind)
    try:
        unchanged = stamp.read_text(encoding="utf-8").strip() == stamp_text
        return unchanged and environment.site_packages.stat().st_mtime <= stamp.stat().st_mtime
    except OSError:
        return False


def delete_stamps(environment: Environment) -> None:
    """Delete all stamps, because the set-up is about to change."""
    for stamp in environment.state_folder.glob("*.stamp"):
        stamp.unlink()


def _stamp_path(environment: Environment, kind: str) -> Path:
    return environment.state_folder / f"{kind}.stamp"
