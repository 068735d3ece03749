"""Conversion of database rows and JSON columns to `Job` values and back."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from desktop.analysis.harmony import Key
from desktop.jobs.model import AnalysisInput, Attempt, Job, JobOptions, JobState, Stem
from desktop.paths import Home
from desktop.stage import Stage
from desktop.text.message import Message, message_from_json, message_to_json

_COPIED_COLUMNS = (
    *("id", "title", "artist", "album", "position", "token", "crashes", "cancel_requested", "progress", "elapsed"),
    *("left", "seconds", "sample_rate", "channels", "frames", "model_used", "runtime", "null_dbfs"),
    *("paused", "retries", "digest", "tempo_bpm"),
)


def job_from_row(home: Home, row: RowMapping | dict[str, Any]) -> Job:
    """Return the `Job` of a row of the table `jobs`."""
    folder = home.job_folder(row["id"]).root
    earlier = _earlier_job(home, row)
    stems = tuple(_stem_from_json(folder, stem) for stem in json.loads(row["stems"]))
    return Job(
        state=JobState(row["state"]),
        source=path_from_hex(row["source"]),
        options=_options_from_json(row["options"]),
        added=_to_datetime(row["added"]) or datetime.fromtimestamp(0, UTC),
        stage=Stage(row["stage"]) if row["stage"] else None,
        notices=messages_from_json(row["notices"]),
        error=_message_or_none(row["error"]),
        started=_to_datetime(row["started"]),
        ended=_to_datetime(row["ended"]),
        not_before=_to_datetime(row["not_before"]),
        removed=_to_datetime(row["removed"]),
        low_memory=row["sparing"],
        key=Key.parse(row["key"]) if row["key"] else None,
        analysed=AnalysisInput(row["analysed"]) if row["analysed"] else None,
        stems=earlier.stems if earlier else stems,
        earlier=earlier,
        last_attempt=Attempt(JobState(row["attempt"]), _message_or_none(row["attempt_error"]))
        if row["attempt"]
        else None,
        **{name: row[name] for name in _COPIED_COLUMNS},
    )


def _earlier_job(home: Home, row: RowMapping | dict[str, Any]) -> Job | None:
    if row["earlier"] is None:
        return None
    reset_values = dict.fromkeys(("earlier", "left", "error", "not_before")) | {
        "cancel_requested": False,
        "paused": False,
    }
    return job_from_row(home, {**row, **reset_values, **result_from_json(row["earlier"])})


def row_from_job(home: Home, job: Job) -> dict[str, Any]:
    """Return the column values of `job`, without those of its owner."""
    return {name: getattr(job, name) for name in _COPIED_COLUMNS} | {
        "state": job.state.value,
        "stage": job.stage.value if job.stage else None,
        "started": _to_timestamp(job.started),
        "ended": _to_timestamp(job.ended),
        "source": os.fsencode(job.source).hex(),
        "options": options_to_json(job.options),
        "added": job.added.timestamp(),
        "notices": messages_to_json(job.notices),
        "error": message_to_json(job.error) if job.error else None,
        "stems": stems_to_json(home, job.id, job.stems),
        "earlier": result_to_json(row_from_job(home, job.earlier)) if job.earlier else None,
        "attempt": job.last_attempt.state.value if job.last_attempt else None,
        "attempt_error": message_to_json(job.last_attempt.error)
        if job.last_attempt and job.last_attempt.error
        else None,
        "removed": _to_timestamp(job.removed),
        "sparing": job.low_memory,
        "key": job.key.name if job.key else None,
        "analysed": job.analysed.value if job.analysed else None,
    }


def job_from_record(home: Home, record: dict[str, Any]) -> Job:
    """Return the job of a record that `row_from_job` of this or an earlier version made.

    Raises KeyError, ValueError or TypeError if the record is malformed.
    """
    defaults = {
        "paused": False, "retries": 0, "sparing": False, "runtime": None, "stage": None, "started": None, "ended": None,
        "earlier": None, "attempt": None, "attempt_error": None, "removed": None,
        "digest": None, "tempo_bpm": None, "key": None, "analysed": None,
    }  # fmt: skip
    return job_from_row(home, {"not_before": None} | defaults | record)


def options_to_json(options: JobOptions) -> str:
    """Return the options as JSON, with `out` as the hex digits of the path's bytes."""
    out = None if options.out is None else os.fsencode(options.out).hex()
    return json.dumps(asdict(options) | {"out": out})


def stems_to_json(home: Home, job_id: str, stems: tuple[Stem, ...]) -> str:
    """Return the stems as JSON.

    Paths are relative to the job's folder, so that the library can be moved.
    """
    folder = home.job_folder(job_id).root
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


def _stem_from_json(folder: Path, stem: dict[str, Any]) -> Stem:
    exported = path_from_hex(stem["exported"]) if stem["exported"] else None
    return Stem(stem["name"], folder / stem["path"], folder / stem["peaks"], exported)


def _options_from_json(text: str) -> JobOptions:
    saved = json.loads(text)
    return JobOptions(**saved | {"out": path_from_hex(saved["out"]) if saved["out"] else None})


def path_from_hex(text: str) -> Path:
    """Return the path whose bytes are the hex digits in `text`: a file name need not be valid text."""
    return Path(os.fsdecode(bytes.fromhex(text)))


def messages_to_json(messages: Sequence[Message]) -> str:
    """Return the messages as a JSON list, for the column `notices`."""
    return json.dumps([message_to_json(message) for message in messages])


def messages_from_json(text: str) -> tuple[Message, ...]:
    """Return the messages of `messages_to_json`. Sentences of an earlier version are kept as they are."""
    return tuple(message_from_json(message) for message in json.loads(text))


def _message_or_none(text: str | None) -> Message | None:
    return None if text is None else message_from_json(text)


def _to_timestamp(utc_time: datetime | None) -> float | None:
    return None if utc_time is None else utc_time.timestamp()


def _to_datetime(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


# Columns that hold the result of a completed run.
_RESULT_COLUMNS = (
    *("state", "options", "position", "progress", "elapsed", "seconds", "sample_rate", "channels", "frames"),
    *("model_used", "runtime", "null_dbfs", "notices", "stage", "started", "ended", "stems"),
)


def result_to_json(row: Mapping[Any, Any]) -> str:
    """Return the result in a completed job's row as JSON, for its column `earlier`."""
    return json.dumps({name: row[name] for name in _RESULT_COLUMNS})


def result_from_json(text: str) -> dict[str, Any]:
    """Return the column values in JSON of `result_to_json`. Raises ValueError if it is no JSON."""
    return json.loads(text)


def has_all_stem_files(job: Job) -> bool:
    """Return True if the job has stems and all their files exist."""
    return bool(job.stems) and all(stem.path.exists() for stem in job.stems)


def superseded_run_folders(home: Home, job: Job) -> list[Path]:
    """Return the folders of runs up to the job's token, except the folder with its stems.

    They may be deleted even if `job` is out of date, because later runs have higher tokens.
    """
    kept = {stem.path.parent for stem in job.stems}
    return [run for token, run in home.job_folder(job.id).result_folders() if token <= job.token and run not in kept]
