"""A row of the library as a `Job`, and back."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from desktop.jobs.model import Job, JobOptions, JobState, Stage, Stem
from desktop.paths import Home

_AS_THEY_ARE = (
    *("id", "title", "artist", "album", "position", "token", "crashes", "cancel_requested", "progress", "elapsed"),
    *("left", "seconds", "sample_rate", "channels", "frames", "model_used", "runtime", "null_dbfs"),
    *("error", "paused", "retries", "sparing"),
)


def to_job(home: Home, row: RowMapping | dict[str, Any]) -> Job:
    """The value of a row."""
    folder = home.job(row["id"]).root
    return Job(
        state=JobState(row["state"]),
        source=path_of(row["source"]),
        options=_options(row["options"]),
        added=_moment(row["added"]) or datetime.fromtimestamp(0, UTC),
        stage=Stage(row["stage"]) if row["stage"] else None,
        notices=tuple(json.loads(row["notices"])),
        started=_moment(row["started"]),
        ended=_moment(row["ended"]),
        not_before=_moment(row["not_before"]),
        stems=tuple(_stem(folder, stem) for stem in json.loads(row["stems"])),
        **{name: row[name] for name in _AS_THEY_ARE},
    )


def to_row(home: Home, job: Job) -> dict[str, Any]:
    """The row of a new job."""
    return {name: getattr(job, name) for name in _AS_THEY_ARE} | {
        "state": job.state.value,
        "source": os.fsencode(job.source).hex(),
        "options": options_text(job.options),
        "added": job.added.timestamp(),
        "notices": json.dumps(job.notices),
        "stems": stems_text(home, job.id, job.stems),
    }


def from_record(home: Home, record: dict[str, Any]) -> Job:
    """The job of which `to_row` once gave `record`, without its times. Raises KeyError, ValueError, TypeError."""
    missing = {"started": None, "ended": None, "not_before": None, "stage": None}
    since_then = {"paused": False, "retries": 0, "sparing": False, "runtime": None}
    return to_job(home, missing | since_then | record)


def options_text(options: JobOptions) -> str:
    """JSON of the options."""
    out = None if options.out is None else os.fsencode(options.out).hex()
    return json.dumps(asdict(options) | {"out": out})


def stems_text(home: Home, job_id: str, stems: tuple[Stem, ...]) -> str:
    """JSON of the stems; the library may be moved, so paths in it are relative."""
    folder = home.job(job_id).root
    return json.dumps(
        [
            {
                "name": stem.name,
                "path": stem.path.relative_to(folder).as_posix(),
                "peaks": stem.peaks.relative_to(folder).as_posix(),
                "exported": None if stem.exported is None else os.fsencode(stem.exported).hex(),
            }
            for stem in stems
        ]
    )


def _stem(folder: Path, stem: dict[str, Any]) -> Stem:
    exported = path_of(stem["exported"]) if stem["exported"] else None
    return Stem(stem["name"], folder / stem["path"], folder / stem["peaks"], exported)


def _options(text: str) -> JobOptions:
    saved = json.loads(text)
    return JobOptions(**saved | {"out": path_of(saved["out"]) if saved["out"] else None})


def path_of(text: str) -> Path:
    """A path as rows hold it: the hex digits of its bytes, since a file name need not be text."""
    return Path(os.fsdecode(bytes.fromhex(text)))


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
