"""Formatting of jobs for the command line: JSON objects and text."""

from datetime import UTC, datetime
from typing import Any

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.stage import Stage

STAGE_TEXTS = {
    Stage.DOWNLOADING: "downloading the model",
    Stage.DECODING: "decoding",
    Stage.SEPARATING: "separating",
    Stage.WRITING: "writing",
}


def job_to_json(job: Job) -> dict[str, Any]:
    """Return the JSON object of a job; `null_dbfs` is -300 if the stems sum to the mixture exactly."""
    return {
        "id": job.id,
        "source": str(job.source),
        "status": job.state.value,
        "paused": job.paused,
        "error": job.error,
        "last_attempt": _attempt_to_json(job),
        "model": job.model_used or job.options.model,
        "runtime": job.runtime,
        "sample_rate": job.sample_rate,
        "channels": job.channels,
        "frames": job.frames,
        "seconds": job.seconds,
        "null_dbfs": job.null_dbfs,
        "notices": list(job.notices),
        "stems": {stem.name: str(stem.exported or stem.path) for stem in job.stems},
    }


def refused_to_json(source: object, reason: str) -> dict[str, Any]:
    """Return an object of the same form for a track that was refused and has no job."""
    empty = dict.fromkeys(
        ("last_attempt", "model", "runtime", "sample_rate", "channels", "frames", "seconds", "null_dbfs")
    )
    return {
        "id": None,
        "source": str(source),
        "status": JobState.FAILED.value,
        "paused": False,
        "error": reason,
        **empty,
        "notices": [],
        "stems": {},
    }


def format_status(job: Job) -> str:
    """Return the status of a job in a few words."""
    if job.state is JobState.PROCESSING and job.stage:
        prefix = "again: " if job.earlier else ""
        return f"{prefix}{STAGE_TEXTS[job.stage]} {job.progress:.0%}"
    if job.state is JobState.FAILED:
        return f"failed: {job.error}"
    if job.state is JobState.PENDING:
        return format_waiting(job)
    return f"{job.state.value}, not separated again" if job.last_attempt else job.state.value


def format_waiting(job: Job) -> str:
    """Return why a pending job waits, and its progress so far."""
    delay_s = job.retry_delay(datetime.now(UTC))
    if delay_s:
        return f"trying again in {delay_s:.0f} s: {job.error}"
    text = "paused" if job.paused else job.state.value
    if job.earlier:
        text = f"again: {text}"
    return f"{text} at {job.progress:.0%}" if job.progress else text


def format_title(job: Job) -> str:
    """Return title and artist, safe to print."""
    return printable(f"{job.title} · {job.artist}" if job.artist else job.title)


def _attempt_to_json(job: Job) -> dict[str, str | None] | None:
    attempt = job.last_attempt
    return {"status": attempt.state.value, "error": attempt.error} if attempt else None
