"""`unbraid pause` and `unbraid resume`: the whole queue, or single jobs."""

from collections.abc import Sequence

from desktop.cli.jobs import backend, find
from desktop.cli.report import title_words
from desktop.jobs.model import Job, JobState


def hold_queue(word: str) -> int:
    """Pause the queue, or let it go on."""
    service = backend().service
    if word == "pause":
        service.pause()
        print("Paused: nothing is separated. To go on from there: unbraid resume")
    else:
        service.resume()
        print("The queue goes on.")
    return 0


def hold(word: str, beginnings: Sequence[str]) -> int:
    """Pause the jobs whose ids begin so, or let them go on. Raises UnknownJobError, JobStateError."""
    service = backend().service
    ids = [find(service, beginning).id for beginning in beginnings]
    act, told = (service.pause_jobs, _paused) if word == "pause" else (service.resume_jobs, _resumed)
    for job in act(ids):
        print(told(job))
    if word == "resume" and service.paused():
        print("The queue is paused, so nothing is separated yet. To go on: unbraid resume")
    return 0


def _paused(job: Job) -> str:
    return f"Paused: {title_words(job)}. To go on from there: unbraid resume {job.id[:8]}"


def _resumed(job: Job) -> str:
    # One that was paused and resumed before it had stopped has never stood still.
    where = "" if job.state is JobState.PROCESSING else ", when it is its turn"
    return f"Goes on{where}: {title_words(job)}"
