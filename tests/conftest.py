"""Setup for all tests: a separate library, and the same environment on every machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from PySide6.QtWidgets import QApplication

from tests.helpers.isolation import isolate_environment
from tests.helpers.pseudo_language import use_pseudo_language
from tests.helpers.qt_bot import PatientBot

# The files that take longest, in the order in which they start: if one started last, the run would end with it alone.
SLOW_FILES = [
    "e2e/test_resume.py", "e2e/test_celery_shell.py", "e2e/test_backend.py", "e2e/test_cli.py",
    "unit/pipeline/engines/test_runtimes.py", "e2e/test_window.py", "e2e/test_startup_errors.py", "e2e/test_quit.py",
    "unit/supervisor/test_supervisor.py", "e2e/test_stuck_start.py", "e2e/test_crashes.py", "e2e/test_hostile.py",
    "e2e/test_export.py", "unit/tasks/test_export_runner.py",
]  # fmt: skip
# The only folders with tests that run alone: packaging/run_tests.py collects no others for them.
ALONE_FOLDERS = ("e2e", "ui/app")
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
    paths = {path: path.relative_to(Path(__file__).parent).as_posix() for path in {item.path for item in items}}
    order = {name: place for place, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: order.get(paths[item.path], len(order)))  # stable: the others keep their places
    for item in items:
        if item.get_closest_marker("alone") and not paths[item.path].startswith(ALONE_FOLDERS):
            raise pytest.UsageError(f"{item.nodeid} has the marker alone outside of the folders for it")


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Draw windows in memory. An environment variable would also affect the commands under test."""
    return ["unbraid", "-platform", "offscreen"]


@pytest.fixture
def pseudo_language() -> Iterator[None]:
    """Show text of this process in the pseudo-language."""
    with use_pseudo_language():
        yield


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """Return the robot of pytest-qt, which waits long enough for a busy machine."""
    return PatientBot(request)
