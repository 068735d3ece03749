"""What holds for all tests: a library of their own, no screen, and nobody else's Redis."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

STRANGERS = ("REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD")


def pytest_configure(config: pytest.Config) -> None:
    # Before any test module is imported: none may see, let alone touch, the library of whoever runs the tests.
    library = Path(tempfile.mkdtemp(prefix="unbraid-tests-"))
    os.environ["UNBRAID_HOME"] = str(library / "home")
    for name in STRANGERS:
        os.environ.pop(name, None)
    config.add_cleanup(lambda: shutil.rmtree(library, ignore_errors=True))
    if not config.option.markexpr:
        config.option.markexpr = "not faults and not bench and not fuzz"


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Windows are drawn in memory. Not through the environment, where the commands under test would find it."""
    return ["unbraid", "-platform", "offscreen"]
