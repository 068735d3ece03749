"""What the database says of a job, beside the job's files: out of these a damaged library is made anew."""

import json
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from desktop.audio.names import as_text
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.results import is_whole
from desktop.jobs.rows import from_record, to_row
from desktop.paths import Home
from desktop.settings import write_atomically

_log = logging.getLogger(__name__)


def write_record(home: Home, job: Job) -> None:
    """Note what is known of a job. A record that cannot be written is missed only when the database is damaged."""
    try:
        write_atomically(home.job(job.id).record, json.dumps(to_row(home, job)).encode())
    except OSError as error:
        _log.warning("No record of %s could be written: %s", job.id, error)


def recorded_jobs(home: Home) -> list[Job]:
    """The jobs whose folders are there, in the order in which they were added: done ones as they are, others waiting."""
    jobs = [job for folder in home.jobs.iterdir() if (job := _job(home, folder)) is not None]
    return sorted(jobs, key=lambda job: job.added)


def _job(home: Home, folder: Path) -> Job | None:
    with suppress(ValueError):
        if str(UUID(folder.name)) == folder.name:
            return _recorded(home, folder) or _found(home, folder)
    return None


def _recorded(home: Home, folder: Path) -> Job | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        job = from_record(home, json.loads((folder / "job.json").read_text(encoding="utf-8")))
        if job.result is not None and is_whole(job):
            return job.result
        return replace(job, state=JobState.PENDING, stems=(), earlier=None, last_attempt=None, token=0)
    return None


def _found(home: Home, folder: Path) -> Job | None:
    """A job of the track that lies in the folder, when nothing else is known of it."""
    with suppress(OSError):
        for track in home.job(folder.name).source.iterdir():
            return Job(
                id=folder.name,
                state=JobState.PENDING,
                title=as_text(track.stem or track.name),
                artist="",
                album="",
                source=track,
                options=JobOptions(),
                position=0,
                added=datetime.fromtimestamp(folder.stat().st_mtime, UTC),
            )
    return None
