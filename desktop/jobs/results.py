"""The result of a job's last completed run: kept, whatever the next attempt to separate the song does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desktop.jobs.model import Job
from desktop.paths import Home

# Where the jobs' table holds the result of a completed run.
_COLUMNS = (
    *("state", "options", "position", "progress", "elapsed", "seconds", "sample_rate", "channels", "frames"),
    *("model_used", "runtime", "null_dbfs", "notices", "stage", "started", "ended", "stems"),
)


def result_text(row: Mapping[Any, Any]) -> str:
    """Return the result in a completed job's row as JSON, to be kept in its column `earlier`."""
    return json.dumps({name: row[name] for name in _COLUMNS})


def result_values(text: str) -> dict[str, Any]:
    """Return the column values that `result_text` made `text` of. Raises ValueError."""
    return json.loads(text)


def is_whole(job: Job) -> bool:
    """Return True when the job has stems and all their files exist."""
    return bool(job.stems) and all(stem.path.exists() for stem in job.stems)


def superseded_runs(home: Home, job: Job) -> list[Path]:
    """Return the folders of runs up to the job's token, except the one with its stems.

    They may be deleted also when `job` is out of date: what came after it has a later token.
    """
    kept = {stem.path.parent for stem in job.stems}
    return [run for token, run in home.job(job.id).runs() if token <= job.token and run not in kept]
