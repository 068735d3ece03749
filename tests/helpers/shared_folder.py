"""Slow files that all test processes of a run share: the first process that needs them makes them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder `name` of this run, which no test may change; the first call fills it with `make(folder)`."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # every test process has its own folder in that of the run
    folder, done = base / f"shared-{name}", base / f"shared-{name}.done"
    with FileLock(base / f"shared-{name}.lock"):
        if not done.exists():
            folder.mkdir(exist_ok=True)  # in its final place: an environment contains its own path
            make(folder)
            done.touch()
    return folder
