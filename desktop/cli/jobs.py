"""`unbraid jobs`, `cancel`, `retry`, `move`: the library from the terminal."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.backend import Backend
from desktop.cli.formatting import format_duration, format_status, format_title, job_to_json
from desktop.cli.output import CommandOutput, TextResultWriter
from desktop.cli.separate import AddedTracks, follow_to_end
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.jobs.service import JobService
from desktop.runtime.library import open_library


def list_jobs(as_json: bool) -> int:
    """Print every job of the library."""
    jobs = open_backend().service.jobs()
    if as_json:
        print(json.dumps([job_to_json(job) for job in jobs]))
        return 0
    if not jobs:
        print("The library is empty. Add a song: unbraid separate FILE")
        return 0
    Console(soft_wrap=True).print(_job_table(jobs))
    return 0


def cancel_or_retry(command: str, id_prefix: str, model: str | None) -> int:
    """Cancel or retry the job whose id begins with `beginning`. A retried job is followed to its end.

    Raises UnknownJobError, JobStateError, ModelUnavailableError.
    """
    library = open_backend()
    job = find_job(library.service, id_prefix)
    if command == "retry":
        added = AddedTracks()
        added.add(library.service.separate_again(job.id, model), job.source)
        output = CommandOutput()
        return 0 if follow_to_end(library, added, TextResultWriter(output), output) else 1
    library.service.cancel(job.id)
    print(f"Cancelled: {format_title(job)}")
    return 0


def move_job(id_prefix: str, place: int) -> int:
    """Give a waiting job its place among those that wait, 1 for the next; beyond the end: last.

    Raises UnknownJobError, JobStateError.
    """
    service = open_backend().service
    job = find_job(service, id_prefix)
    others = [other.id for other in service.pending_jobs() if other.id != job.id]
    service.move(job.id, others[place - 1] if place <= len(others) else None)
    print(_place_text(job, [other.id for other in service.pending_jobs()]))
    return 0


def _place_text(job: Job, waiting: Sequence[str]) -> str:
    """Say where `job` stands among the ids of the jobs that wait now: the queue may have got on since it was moved."""
    if job.id not in waiting:
        return f"No longer queued, because its turn came: {format_title(job)}"
    place = waiting.index(job.id) + 1
    return f"Up next: {format_title(job)}" if place == 1 else f"Place {place} in the queue: {format_title(job)}"


def open_backend() -> Backend:
    """The library of this computer's user; nothing is started."""
    library = open_library("terminal")
    return Backend(library)


def find_job(service: JobService, id_prefix: str) -> Job:
    """The job of the library whose id begins so. Raises UnknownJobError, JobStateError when there are several."""
    return select_by_id_prefix(service.jobs(), id_prefix)


def select_by_id_prefix(jobs: Sequence[Job], id_prefix: str, list_command: str = "jobs") -> Job:
    """The one of these jobs whose id begins so; `command` lists them.

    Raises UnknownJobError, JobStateError when there are several.
    """
    found = [job for job in jobs if job.id.startswith(id_prefix.lower())]
    if not found:
        raise UnknownJobError(f"There is no job {id_prefix}. `unbraid {list_command}` lists them all.")
    if len(found) > 1:
        raise JobStateError(f"{len(found)} jobs begin with {id_prefix}. Give more of the id.")
    return found[0]


def _job_table(jobs: list[Job]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "Song", "Length", "Model", "Status"):
        table.add_column(heading, no_wrap=heading in ("ID", "Length"))
    for job in jobs:
        cells = (
            job.id[:8],
            format_title(job),
            format_duration(job.seconds),
            job.model,
            format_status(job),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def pause_or_resume_queue(command: str) -> int:
    """Pause the queue, or let it go on."""
    service = open_backend().service
    if command == "pause":
        service.pause_queue()
        print("Paused: nothing is separated. To go on from there: unbraid resume")
    else:
        service.resume_queue()
        print("The queue goes on.")
    return 0


def pause_or_resume_jobs(command: str, id_prefixes: Sequence[str]) -> int:
    """Pause the jobs whose ids begin so, or let them go on. Raises UnknownJobError, JobStateError."""
    service = open_backend().service
    ids = [find_job(service, beginning).id for beginning in id_prefixes]
    change_jobs, describe = (
        (service.pause_jobs, _paused_text) if command == "pause" else (service.resume_jobs, _resumed_text)
    )
    for job in change_jobs(ids):
        print(describe(job))
    if command == "resume" and service.is_queue_paused():
        print("The queue is paused, so nothing is separated yet. To go on: unbraid resume")
    return 0


def _paused_text(job: Job) -> str:
    return f"Paused: {format_title(job)}. To go on from there: unbraid resume {job.id[:8]}"


def _resumed_text(job: Job) -> str:
    # One that was paused and resumed before it had stopped has never stood still.
    where = "" if job.state is JobState.PROCESSING else ", when it is its turn"
    return f"Goes on{where}: {format_title(job)}"
