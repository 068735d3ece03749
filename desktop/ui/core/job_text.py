"""Texts about a job's names, model, runtime, status and time left, for users."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.models.titles import find_model_title
from desktop.stage import Stage
from desktop.text.durations import format_retry_delay, format_time_left
from desktop.text.message import Message, tr

MAX_NAME_LENGTH = 300
"""Number of characters of a title, an artist or a path that is shown."""
STEMS_PENDING_TEXT = Message("The stems appear here when they are ready")
SEPARATING_HERE_TEXT = Message("Separating this part")
_RUNTIME_TEXTS = {
    "openvino": Message("Computed by OpenVINO on the processor."),
    "openvino bf16": Message("Computed by OpenVINO on the processor, in 16 bits."),
    "torch": Message("Computed by PyTorch on the processor."),
    "torch bf16": Message("Computed by PyTorch on the processor, in 16 bits."),
    "cuda fp16": Message("Computed by the NVIDIA GPU."),
    "mps fp16": Message("Computed by the Apple GPU."),
}
_LAST_RUNTIME_TEXTS = {
    "openvino": Message("The last song: OpenVINO on the processor."),
    "openvino bf16": Message("The last song: OpenVINO on the processor, in 16 bits."),
    "torch": Message("The last song: PyTorch on the processor."),
    "torch bf16": Message("The last song: PyTorch on the processor, in 16 bits."),
    "cuda fp16": Message("The last song: the NVIDIA GPU."),
    "mps fp16": Message("The last song: the Apple GPU."),
}


@dataclass(frozen=True)
class _Status:
    """Text about what happens to a job."""

    text: Message
    draft_text: Message
    """The same, for a job whose draft can be played."""


def format_title(job: Job) -> str:
    """Return the track's title, at most `MAX_NAME_LENGTH` characters, with invisible characters escaped."""
    return printable(job.title, MAX_NAME_LENGTH)


def format_artist(job: Job) -> str:
    """Return the track's artist in the same way; empty for a track without tags."""
    return printable(job.artist, MAX_NAME_LENGTH)


def model_title(job: Job) -> str:
    """Return the title of the model that separated the job, or that was requested if none did."""
    return str(find_model_title(job.model_used or job.options.model))


def format_runtime(name: str | None) -> str:
    """Return a sentence about the runtime with the engine's `name`; empty if it is unknown or needs no mention."""
    return str(_RUNTIME_TEXTS.get(name or "", ""))


def format_last_runtime(jobs: Iterable[Job]) -> str:
    """Return a sentence about the runtime of the job started last, among jobs with a known runtime; empty if none."""
    jobs_with_runtime = [job for job in jobs if job.runtime in _LAST_RUNTIME_TEXTS and job.started]
    last = max(jobs_with_runtime, key=lambda job: job.started or job.added, default=None)
    return str(_LAST_RUNTIME_TEXTS[last.runtime or ""]) if last else ""


def format_job_status(job: Job, is_queue_paused: bool = False) -> str:
    """Return the status text of a pending or processing job."""
    return str(_job_status(job, is_queue_paused).text)


def format_pending_status(job: Job, is_queue_paused: bool = False) -> str:
    """Return why a pending job is waiting, or its progress; empty for a job that only waits for its turn."""
    status = _pending_status(job, is_queue_paused)
    return str(status.text) if status else ""


def format_stage(stage: Stage | None, progress: float, is_repeat: bool = False) -> str:
    """Return what a processing job does now; `is_repeat`: it has stems from an earlier run."""
    return str(_stage_status(stage, progress, is_repeat).text)


def format_partial_results(job: Job, has_draft: bool) -> str:
    """Return the text shown over the unfinished parts of a track: status and time left."""
    job_status = _job_status(job)
    status = job_status.draft_text if has_draft else job_status.text
    time_left = format_time_left(job.left)
    return tr("{status}, {time_left}", status=status, time_left=time_left) if time_left else str(status)


def _job_status(job: Job, is_queue_paused: bool = False) -> _Status:
    is_repeat = job.earlier is not None
    if job.state is not JobState.PENDING:
        return _stage_status(job.stage, job.progress, is_repeat)
    status = _pending_status(job, is_queue_paused)
    if status is not None:
        return status
    if is_repeat:
        return _Status(Message("Queued to be separated again"), Message("Draft · queued to be separated again"))
    return _Status(Message("Queued"), Message("Draft · queued"))


def _pending_status(job: Job, is_queue_paused: bool) -> _Status | None:
    """Return why a pending job is waiting, or its progress; None for a job that only waits for its turn."""
    retry_delay = job.retry_delay(datetime.now(UTC))
    if retry_delay:
        delay = format_retry_delay(retry_delay)
        return _Status(
            Message("Trying again in {delay}", delay=delay), Message("Draft · trying again in {delay}", delay=delay)
        )
    percent = int(job.progress * 100)
    if job.progress and (job.paused or is_queue_paused):
        return _Status(
            Message("Paused at {percent} %", percent=percent), Message("Draft · paused at {percent} %", percent=percent)
        )
    if job.paused:
        return _Status(Message("Paused"), Message("Draft · paused"))
    if job.progress:
        return _Status(
            Message("Queued at {percent} %", percent=percent), Message("Draft · queued at {percent} %", percent=percent)
        )
    return None


def _stage_status(stage: Stage | None, progress: float, is_repeat: bool) -> _Status:
    percent = int(progress * 100)
    match stage:
        case Stage.DOWNLOADING:
            return _Status(Message("Downloading the model"), Message("Draft · downloading the model"))
        case Stage.DECODING:
            return _Status(Message("Reading the song"), Message("Draft · reading the song"))
        case Stage.SEPARATING if is_repeat:
            return _Status(
                Message("Separating again {percent} %", percent=percent),
                Message("Draft · separating again {percent} %", percent=percent),
            )
        case Stage.SEPARATING:
            return _Status(
                Message("Separating {percent} %", percent=percent),
                Message("Draft · separating {percent} %", percent=percent),
            )
        case Stage.WRITING:
            return _Status(
                Message("Writing the stems {percent} %", percent=percent),
                Message("Draft · writing the stems {percent} %", percent=percent),
            )
        case None:
            return _Status(Message("Loading the model"), Message("Draft · loading the model"))
