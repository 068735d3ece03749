"""What the player says about a job, in a musician's words."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil

from desktop.jobs.model import Job, JobState, Stage
from desktop.ui.waveform.clock import clock

COMING = "The stems appear here when they are ready"
HERE = "Separating here"
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


def model_title(job: Job) -> str:
    """Return the title of the model that separated the job, or is to, also of one that failed."""
    name = job.model_used or job.options.model
    return MODEL_TITLES.get(name, name)


def runtime_words(name: str | None) -> str:
    """Return what computed a song, by the engine's name for it; empty where that is not known, or not worth a word."""
    return f"Computed by {RUNTIME_TITLES[name]}." if name in RUNTIME_TITLES else ""


def last_computed(jobs: Iterable[Job]) -> str:
    """Return what computed the song that was begun last, of those where that is known."""
    known = [job for job in jobs if job.runtime in RUNTIME_TITLES and job.started]
    last = max(known, key=lambda job: job.started or job.added, default=None)
    return f"The last song: {RUNTIME_TITLES[last.runtime or '']}." if last else ""


def waiting_words(job: Job, queue_paused: bool = False) -> str:
    """Return where a job stands that is to be separated."""
    again = job.earlier is not None
    if job.state is JobState.PENDING:
        return standing_words(job, queue_paused) or ("Queued to be separated again" if again else "Queued")
    return stage_words(job.stage, job.progress, again)


def standing_words(job: Job, queue_paused: bool = False) -> str:
    """Return why a pending job stands still, or how far it is already; empty for one that simply waits."""
    rest = job.rest(datetime.now(UTC))
    if rest:
        return f"Trying again in {rest_words(rest)}"
    part = f" at {int(job.progress * 100)} %" if job.progress else ""
    if job.paused or (part and queue_paused):
        return f"Paused{part}"
    return f"Queued{part}" if part else ""


def rest_words(seconds: float) -> str:
    """Return "40 s" or "6 min", rounded up."""
    return f"{ceil(seconds)} s" if seconds <= 90 else f"{ceil(seconds / 60)} min"


def stage_words(stage: Stage | None, progress: float, again: bool = False) -> str:
    """Return what a processing job is doing; `again`: it has stems already."""
    percent = f"{int(progress * 100)} %"
    match stage:
        case Stage.DOWNLOADING:
            return "Downloading the model"
        case Stage.DECODING:
            return "Reading the song"
        case Stage.SEPARATING:
            return f"Separating again {percent}" if again else f"Separating {percent}"
        case Stage.WRITING:
            return f"Writing the stems {percent}"
        case None:
            return "Loading the model"


def growing_words(job: Job, draft: bool) -> str:
    """Return what to say over the parts of a song that are not finished."""
    words = [f"Draft · {waiting_words(job).lower()}" if draft else waiting_words(job), left_words(job.left)]
    return ", ".join(filter(None, words))


def left_words(left: float | None) -> str:
    """Return how long it takes yet, once that is known."""
    return f"about {clock(left)} left" if left and left >= 1 else ""
