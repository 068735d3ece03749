"""What holds for all tests: a library of their own, and surroundings that are the same on every machine."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.helpers.surroundings import isolate_environment


def pytest_configure(config: pytest.Config) -> None:
    # Before any test module is imported: none may see, let alone touch, the library of whoever runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="unbraid-tests-"))
    library = folder / "library"
    library.mkdir()
    os.environ["UNBRAID_HOME"] = str(library)
    isolate_environment(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if not config.option.markexpr:
        config.option.markexpr = "not faults and not bench and not fuzz"


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Windows are drawn in memory. Not through the environment, where the commands under test would find it."""
    return ["unbraid", "-platform", "offscreen"]
