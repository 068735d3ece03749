"""A row of the library as a `Job`, and back."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from desktop.jobs.model import Attempt, Job, JobOptions, JobState, Stage, Stem
from desktop.jobs.results import result_text, result_values
from desktop.paths import Home

_AS_THEY_ARE = (
    *("id", "title", "artist", "album", "position", "token", "crashes", "cancel_requested", "progress", "elapsed"),
    *("left", "seconds", "sample_rate", "channels", "frames", "model_used", "runtime", "null_dbfs"),
    *("error", "paused", "retries", "sparing", "digest"),
)


def to_job(home: Home, row: RowMapping | dict[str, Any]) -> Job:
    """The value of a row."""
    folder = home.job(row["id"]).root
    earlier = _earlier(home, row)
    stems = tuple(_stem(folder, stem) for stem in json.loads(row["stems"]))
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
        removed=_moment(row["removed"]),
        stems=earlier.stems if earlier else stems,
        earlier=earlier,
        last_attempt=Attempt(JobState(row["attempt"]), row["attempt_error"]) if row["attempt"] else None,
        **{name: row[name] for name in _AS_THEY_ARE},
    )


def _earlier(home: Home, row: RowMapping | dict[str, Any]) -> Job | None:
    if row["earlier"] is None:
        return None
    of_the_attempt = dict.fromkeys(("earlier", "left", "error", "not_before")) | {
        "cancel_requested": False,
        "paused": False,
    }
    return to_job(home, {**row, **of_the_attempt, **result_values(row["earlier"])})


def to_row(home: Home, job: Job) -> dict[str, Any]:
    """The row of a new job."""
    return {name: getattr(job, name) for name in _AS_THEY_ARE} | {
        "state": job.state.value,
        "stage": job.stage.value if job.stage else None,
        "started": _seconds(job.started),
        "ended": _seconds(job.ended),
        "source": os.fsencode(job.source).hex(),
        "options": options_text(job.options),
        "added": job.added.timestamp(),
        "notices": json.dumps(job.notices),
        "stems": stems_text(home, job.id, job.stems),
        "earlier": result_text(to_row(home, job.earlier)) if job.earlier else None,
        "attempt": job.last_attempt.state.value if job.last_attempt else None,
        "attempt_error": job.last_attempt.error if job.last_attempt else None,
        "removed": _seconds(job.removed),
    }


def from_record(home: Home, record: dict[str, Any]) -> Job:
    """The job of which `to_row` of this or an earlier version gave `record`. Raises KeyError, ValueError, TypeError."""
    since_then = {
        "paused": False, "retries": 0, "sparing": False, "runtime": None, "stage": None, "started": None, "ended": None,
        "earlier": None, "attempt": None, "attempt_error": None, "removed": None,
        "digest": None,
    }  # fmt: skip
    return to_job(home, {"not_before": None} | since_then | record)


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


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
