"""What the user does to the whole queue: clearing what has ended, and putting what waits in another order."""

from pathlib import Path

import pytest

from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import JobChanged
from desktop.ui.job_feed import JobFeed
from tests.helpers.window import Stage, a_job, stage


@pytest.fixture
def setting(tmp_path: Path) -> "Stage":
    with stage(tmp_path / "home") as made:
        return made


def _all_states(setting: Stage) -> dict[JobState, Job]:
    jobs = {state: setting.store.insert(a_job(state.value, state)) for state in JobState}
    for job in jobs.values():
        setting.home.job(job.id).root.mkdir(parents=True)
    return jobs


def test_clearing_removes_what_has_ended_with_its_files_and_nothing_else(setting: Stage) -> None:
    jobs = _all_states(setting)
    assert setting.service.clear() == 3
    left = {JobState.PENDING, JobState.PROCESSING}
    assert {job.state for job in setting.service.jobs()} == left
    for state, job in jobs.items():
        assert setting.home.job(job.id).root.exists() == (state in left)


def test_clearing_can_be_kept_to_some_songs_and_passes_over_one_that_waits_again(setting: Stage) -> None:
    jobs = _all_states(setting)
    setting.service.retry(jobs[JobState.FAILED].id)
    asked = [jobs[JobState.FAILED].id, jobs[JobState.COMPLETED].id]
    assert setting.service.clear(asked) == 1
    assert jobs[JobState.COMPLETED].id not in {job.id for job in setting.service.jobs()}
    assert setting.service.job(jobs[JobState.FAILED].id).state is JobState.PENDING


def test_every_window_hears_of_what_was_cleared(setting: Stage) -> None:
    job = setting.store.insert(a_job("done", JobState.COMPLETED))
    heard: list[str] = []
    feed: JobFeed = setting.feed
    feed.changed.connect(heard.append)
    setting.service.clear()
    assert heard == [JobChanged(job.id).job_id]
    assert setting.service.clear() == 0
