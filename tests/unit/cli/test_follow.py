"""Which jobs a terminal command waits for, and which it cancels."""

import io
from pathlib import Path

from rich.console import Console

from desktop.backend import Backend
from desktop.cli.follow import JobFollower
from desktop.jobs.model import JobState
from desktop.paths import Home
from tests.helpers.jobs import make_job


def test_ctrl_c_cancels_the_jobs_of_the_command_and_keeps_earlier_jobs(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    backend = Backend(home)
    added, earlier = (backend._store.insert(make_job()) for _ in range(2))
    follower = JobFollower(backend, [added, earlier], Console(file=io.StringIO()), lambda job: None, {earlier.id})
    assert follower._awaited_job_ids() == {added.id, earlier.id}
    follower._cancelling.set()
    follower._cancel_all()
    assert follower._awaited_job_ids() == {added.id}
    assert [job.state for job in backend.service.jobs()] == [JobState.CANCELLED, JobState.PENDING]
