"""Texts about a job's names, model, runtime, status and time left, for users."""

from collections.abc import Iterable
from datetime import UTC, datetime

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.stage import Stage
from desktop.text.durations import format_retry_delay, format_time_left

MAX_NAME_LENGTH = 300
"""Number of characters of a title, an artist or a path that is shown."""
STEMS_PENDING_TEXT = "The stems appear here when they are ready"
SEPARATING_HERE_TEXT = "Separating this part"
MODEL_TITLES = {
    "htdemucs": "HT Demucs",
    "htdemucs_ft": "HT Demucs · fine-tuned",
    "htdemucs_6s": "HT Demucs · six stems",
    "sketch": "Sketch · draft quality",
}
RUNTIME_TITLES = {
    "openvino": "OpenVINO on the processor",
    "openvino bf16": "OpenVINO on the processor, in 16 bits",
    "torch": "PyTorch on the processor",
    "torch bf16": "PyTorch on the processor, in 16 bits",
    "cuda fp16": "the NVIDIA GPU",
    "mps fp16": "the Apple GPU",
}


def format_title(job: Job) -> str:
    """Return the track's title, at most `MAX_NAME_LENGTH` characters, with invisible characters escaped."""
    return printable(job.title, MAX_NAME_LENGTH)


def format_artist(job: Job) -> str:
    """Return the track's artist in the same way; empty for a track without tags."""
    return printable(job.artist, MAX_NAME_LENGTH)


def model_title(job: Job) -> str:
    """Return the title of the model that separated the job, or that was requested if none did."""
    name = job.model_used or job.options.model
    return MODEL_TITLES.get(name, name)


def format_runtime(name: str | None) -> str:
    """Return a sentence about the runtime with the engine's `name`; empty if it is unknown or needs no mention."""
    return f"Computed by {RUNTIME_TITLES[name]}." if name in RUNTIME_TITLES else ""


def format_last_runtime(jobs: Iterable[Job]) -> str:
    """Return a sentence about the runtime of the job started last, among jobs with a known runtime; empty if none."""
    jobs_with_runtime = [job for job in jobs if job.runtime in RUNTIME_TITLES and job.started]
    last = max(jobs_with_runtime, key=lambda job: job.started or job.added, default=None)
    return f"The last song: {RUNTIME_TITLES[last.runtime or '']}." if last else ""


def format_job_status(job: Job, is_queue_paused: bool = False) -> str:
    """Return the status text of a pending or processing job."""
    is_repeat = job.earlier is not None
    if job.state is JobState.PENDING:
        return format_pending_status(job, is_queue_paused) or (
            "Queued to be separated again" if is_repeat else "Queued"
        )
    return format_stage(job.stage, job.progress, is_repeat)


def format_pending_status(job: Job, is_queue_paused: bool = False) -> str:
    """Return why a pending job is held, or its progress; empty for a job that only waits for its turn."""
    retry_delay = job.retry_delay(datetime.now(UTC))
    if retry_delay:
        return f"Trying again in {format_retry_delay(retry_delay)}"
    progress_text = f" at {int(job.progress * 100)} %" if job.progress else ""
    if job.paused or (progress_text and is_queue_paused):
        return f"Paused{progress_text}"
    return f"Queued{progress_text}" if progress_text else ""


def format_stage(stage: Stage | None, progress: float, is_repeat: bool = False) -> str:
    """Return what a processing job does now; `is_repeat` tells whether it has stems from an earlier run."""
    percent = f"{int(progress * 100)} %"
    match stage:
        case Stage.DOWNLOADING:
            return "Downloading the model"
        case Stage.DECODING:
            return "Reading the song"
        case Stage.SEPARATING:
            return f"Separating again {percent}" if is_repeat else f"Separating {percent}"
        case Stage.WRITING:
            return f"Writing the stems {percent}"
        case None:
            return "Loading the model"


def format_partial_results(job: Job, has_draft: bool) -> str:
    """Return the text shown over the unfinished parts of a track: status and time left."""
    parts = [
        f"Draft · {format_job_status(job).lower()}" if has_draft else format_job_status(job),
        format_time_left(job.left),
    ]
    return ", ".join(filter(None, parts))
