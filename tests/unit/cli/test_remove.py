"""What `unbraid remove` prints if another process was faster."""

from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.cli import bin as command
from desktop.errors import UnknownJobError
from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.paths import Home
from tests.helpers.jobs import make_job


def test_error_names_a_song_that_another_process_has_just_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "library").create_folders()
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    other = Backend(home)
    job = other._store.insert(make_job())
    find = command.find_job

    def find_and_remove(service: JobService, beginning: str) -> Job:
        found = find(service, beginning)
        other.service.remove_jobs([found.id])
        return found

    monkeypatch.setattr(command, "find_job", find_and_remove)
    with pytest.raises(UnknownJobError, match=f"has just removed this song: {job.title}"):
        command.remove_job(job.id)
