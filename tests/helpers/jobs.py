"""The one factory of jobs for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from desktop.jobs.model import Attempt, Job, JobOptions, JobState
from desktop.stage import Stage
from desktop.text.message import Message

NAMES_WITHOUT_LETTERS = {"title": "7", "artist": "8", "album": "9", "source": Path("/1/2")}
"""Names without letters, so that the text around them is all that can be English."""


def make_job(title: str = "Night Drive", state: JobState = JobState.PENDING, **changes: Any) -> Job:
    """Return a job that has not been inserted yet, with these fields and defaults for the rest.

    `model` in `changes` is the model of its options, and `ago` a timedelta since it was added.
    """
    model = changes.pop("model", "htdemucs")
    age = changes.pop("ago", timedelta(0))
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "artist": "Mara Lind",
        "album": "Neon Coast",
        "source": Path("/music/Night Drive.flac"),
        "options": JobOptions(model=model),
        "position": 1,
        "added": datetime.now(UTC) - age,
    }
    return Job(title=title, state=state, **values | changes)


def make_jobs_in_every_state(**names: Any) -> list[Job]:
    """Return jobs in every state and with every status; `names` are their names and other fields in common."""
    completed = make_job(state=JobState.COMPLETED, **names)
    retry_time = datetime.now(UTC) + timedelta(minutes=1)
    waiting = [{}, {"paused": True}, {"progress": 0.5}, {"paused": True, "progress": 0.5}, {"not_before": retry_time}]
    running = [{"stage": stage} for stage in (None, *Stage)] + [{"paused": True}, {"cancel_requested": True}]
    failed = [{}, {"error": Message("It is damaged.")}]
    attempts = (
        Attempt(JobState.FAILED, Message("It is damaged.")),
        Attempt(JobState.FAILED),
        Attempt(JobState.CANCELLED),
    )
    return [
        make_job(state=JobState.CANCELLED, **names),
        *(make_job(state=JobState.FAILED, **names, **changes) for changes in failed),
        *(
            make_job(state=state, earlier=earlier, **names, **changes)
            for earlier in (None, completed)
            for state, all_changes in ((JobState.PENDING, waiting), (JobState.PROCESSING, running))
            for changes in all_changes
        ),
        *(replace(completed, id=str(uuid4()), null_dbfs=level) for level in (None, -300.0, -90.0, -20.0)),
        *(replace(completed, id=str(uuid4()), last_attempt=attempt) for attempt in attempts),
        replace(completed, id=str(uuid4()), model_used="sketch", notices=(Message("It ends early."),)),
    ]
