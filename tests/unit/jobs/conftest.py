"""Fixtures of the tests of jobs: a library, and its service. A module that needs other ones overrides them."""

from pathlib import Path

import pytest

from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.queue import NullEvents
from tests.helpers.window import RecordingQueue


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def service(home: Home) -> JobService:
    return JobService(home, JobStore(home), RecordingQueue(), NullEvents())
