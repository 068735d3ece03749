"""Setup for all tests: a separate library, and the same environment on every machine."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.helpers.surroundings import isolate_environment


def pytest_configure(config: pytest.Config) -> None:
    # Runs before any test module is imported: no test may read or change the user's own library.
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
    """Draw windows in memory. An environment variable would also affect the commands under test."""
    return ["unbraid", "-platform", "offscreen"]
