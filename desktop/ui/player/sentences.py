"""What the player says about a job, in a musician's words."""

from desktop.jobs.model import Job, JobState, Stage
from desktop.jobs.queue import JobProgress
from desktop.ui.waveform.clock import clock

NULL_EXACT = -250.0
"""Below this, source minus sum of stems has no difference at all."""
COUNTED = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
MODEL_TITLES = {
    "htdemucs": "HT Demucs",
    "htdemucs_ft": "HT Demucs · fine-tuned",
    "htdemucs_6s": "HT Demucs · six stems",
    "sketch": "Sketch · draft quality",
}


def model_title(job: Job) -> str:
    """Return the name of the model that separated the job, or is to."""
    name = job.model_used or job.options.model
    return MODEL_TITLES.get(name, name)


def sum_words(job: Job) -> tuple[str, bool]:
    """Return how well the stems add up to the song, and whether exactly."""
    stems = f"{COUNTED[len(job.stems)]} stems" if len(job.stems) < len(COUNTED) else f"{len(job.stems)} stems"
    if job.null_dbfs is None:
        return stems, False
    if job.null_dbfs <= NULL_EXACT:
        return f"{stems} sum exactly to the song", True
    return f"{stems} sum to the song within {job.null_dbfs:.0f} dB".replace("-", "−"), False


def waiting_words(job: Job) -> str:
    """Return where a job stands that has no stems yet."""
    if job.state is JobState.PENDING:
        return "Waiting in line"
    if job.state is JobState.CANCELLED:
        return "Cancelled"
    return _stage_words(job.stage, job.progress, job.left)


def progress_words(progress: JobProgress) -> str:
    """Return what a processing job is doing."""
    return _stage_words(progress.stage, progress.progress, progress.left)


def _stage_words(stage: Stage | None, progress: float, left: float | None) -> str:
    percent = f"{int(progress * 100)} %"
    words = {
        Stage.DOWNLOADING: "Downloading the model",
        Stage.DECODING: "Reading the song",
        Stage.SEPARATING: f"Separating {percent}",
        Stage.WRITING: f"Writing the stems {percent}",
    }.get(stage, "Starting") if stage else "Starting"  # fmt: skip
    return f"{words} · about {clock(left)} left" if left and left >= 1 else words
