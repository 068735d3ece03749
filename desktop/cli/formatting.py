"""Formatting of jobs for the command line: JSON objects and text."""

from datetime import UTC, datetime
from typing import Any

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.jobs.text import STAGE_TEXTS, UNKNOWN_REASON
from desktop.text.message import Message, tr

_STATE_TEXTS = {
    JobState.PENDING: Message("pending"),
    JobState.PROCESSING: Message("processing"),
    JobState.COMPLETED: Message("completed"),
    JobState.FAILED: Message("failed"),
    JobState.CANCELLED: Message("cancelled"),
}


def job_to_json(job: Job) -> dict[str, Any]:
    """Return the JSON object of a job; `null_dbfs` is -300 if the stems sum to the mixture exactly.

    Sentences are in the language of this process; states and other keys are the same in every language.
    """
    return {
        "id": job.id,
        "source": str(job.source),
        "status": job.state.value,
        "paused": job.paused,
        "error": _text_or_none(job.error),
        "last_attempt": _attempt_to_json(job),
        "model": job.model_used or job.options.model,
        "runtime": job.runtime,
        "sample_rate": job.sample_rate,
        "channels": job.channels,
        "frames": job.frames,
        "seconds": job.seconds,
        "tempo": job.tempo_bpm,
        "key": job.key.name if job.key else None,
        "null_dbfs": job.null_dbfs,
        "notices": [str(notice) for notice in job.notices],
        "stems": {stem.name: str(stem.exported or stem.path) for stem in job.stems},
    }


def refused_to_json(source: object, reason: str) -> dict[str, Any]:
    """Return an object of the same form for a track that was refused and has no job."""
    empty = dict.fromkeys(
        (
            "last_attempt",
            "model",
            "runtime",
            "sample_rate",
            "channels",
            "frames",
            "seconds",
            "tempo",
            "key",
            "null_dbfs",
        )
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
        text = tr("{stage} {progress:.0%}", stage=STAGE_TEXTS[job.stage], progress=job.progress)
        return _mark_again(text) if job.earlier else text
    if job.state is JobState.FAILED:
        return tr("failed: {error}", error=job.error or UNKNOWN_REASON)
    if job.state is JobState.PENDING:
        return format_waiting(job)
    state = _STATE_TEXTS[job.state]
    return tr("{state}, not separated again", state=state) if job.last_attempt else str(state)


def format_waiting(job: Job) -> str:
    """Return why a pending job waits, and its progress so far."""
    delay_s = job.retry_delay(datetime.now(UTC))
    if delay_s:
        return tr("trying again in {delay:.0f} s: {error}", delay=delay_s, error=job.error or UNKNOWN_REASON)
    text = tr("paused") if job.paused else str(_STATE_TEXTS[job.state])
    if job.earlier:
        text = _mark_again(text)
    return tr("{state} at {progress:.0%}", state=text, progress=job.progress) if job.progress else text


def format_paused(job: Job) -> str:
    """Return a line that names a paused job and says how to resume it."""
    return tr("Paused: {title}. To resume: unbraid resume {id}", title=format_title(job), id=job.id[:8])


def format_title(job: Job) -> str:
    """Return title and artist, safe to print."""
    return printable(f"{job.title} · {job.artist}" if job.artist else job.title)


def _mark_again(text: str) -> str:
    """Return the status `text` of a track that is separated again."""
    return tr("again: {status}", status=text)


def _attempt_to_json(job: Job) -> dict[str, str | None] | None:
    attempt = job.last_attempt
    return {"status": attempt.state.value, "error": _text_or_none(attempt.error)} if attempt else None


def _text_or_none(message: Message | None) -> str | None:
    return None if message is None else str(message)
