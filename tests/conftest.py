"""Setup for all tests: a separate library, and the same environment on every machine."""

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest
from PySide6.QtWidgets import QApplication

from tests.helpers.patient_bot import PatientBot
from tests.helpers.surroundings import isolate_environment

SLOWEST_FILE = "test_runtimes.py"
# The same examples in every run and on every machine, however long one takes.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    # Runs before any test module is imported: no test may read or change the user's own library.
    folder = Path(tempfile.mkdtemp(prefix="unbraid-tests-"))
    library = folder / "library"
    library.mkdir()
    os.environ["UNBRAID_HOME"] = str(library)
    isolate_environment(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if not config.option.markexpr:
        config.option.markexpr = "not release and not faults and not bench and not fuzz"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Stable, and so only the slowest file moves: if it started last, the run would end with it alone.
    items.sort(key=lambda item: item.path.name != SLOWEST_FILE)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Draw windows in memory. An environment variable would also affect the commands under test."""
    return ["unbraid", "-platform", "offscreen"]


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """Return the robot of pytest-qt, which waits long enough for a busy machine."""
    return PatientBot(request)
