"""The one factory of jobs for tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from desktop.jobs.model import Job, JobOptions, JobState


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
