"""`unbraid jobs`, `cancel`, `retry`, `move`: the library from the terminal."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.backend import Backend
from desktop.cli.report import as_object, clock, status_words, title_words
from desktop.cli.results import Lines
from desktop.cli.screen import Screen
from desktop.cli.separate import Added, see_to_the_end
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.opening import open_home


def list_jobs(as_json: bool) -> int:
    """Print every job of the library."""
    jobs = backend().service.jobs()
    if as_json:
        print(json.dumps([as_object(job) for job in jobs]))
        return 0
    if not jobs:
        print("The library is empty. Add a song: unbraid separate FILE")
        return 0
    Console(soft_wrap=True).print(_table(jobs))
    return 0


def act(word: str, beginning: str, model: str | None) -> int:
    """Cancel or retry the job whose id begins with `beginning`. A retried job is followed to its end.

    Raises UnknownJobError, JobStateError, ModelUnavailableError.
    """
    library = backend()
    job = find(library.service, beginning)
    if word == "retry":
        added = Added()
        added.note(library.service.retry(job.id, model), job.source)
        screen = Screen()
        return 0 if see_to_the_end(library, added, Lines(screen), screen) else 1
    library.service.cancel(job.id)
    print(f"Cancelled: {title_words(job)}")
    return 0


def move(beginning: str, place: int) -> int:
    """Give a waiting job its place among those that wait, 1 for the next; beyond the end: last.

    Raises UnknownJobError, JobStateError.
    """
    service = backend().service
    job = find(service, beginning)
    others = [other.id for other in service.waiting() if other.id != job.id]
    service.move(job.id, others[place - 1] if place <= len(others) else None)
    print(_place_words(job, [other.id for other in service.waiting()]))
    return 0


def _place_words(job: Job, waiting: Sequence[str]) -> str:
    """Say where `job` stands among the ids of the jobs that wait now: the queue may have got on since it was moved."""
    if job.id not in waiting:
        return f"No longer queued, because its turn came: {title_words(job)}"
    place = waiting.index(job.id) + 1
    return f"Up next: {title_words(job)}" if place == 1 else f"Place {place} in the queue: {title_words(job)}"


def backend() -> Backend:
    """The library of this computer's user; nothing is started."""
    library = open_home("terminal")
    return Backend(library)


def find(service: JobService, beginning: str) -> Job:
    """The job of the library whose id begins so. Raises UnknownJobError, JobStateError when there are several."""
    return the_one(service.jobs(), beginning)


def the_one(jobs: Sequence[Job], beginning: str, command: str = "jobs") -> Job:
    """The one of these jobs whose id begins so; `command` lists them.

    Raises UnknownJobError, JobStateError when there are several.
    """
    found = [job for job in jobs if job.id.startswith(beginning.lower())]
    if not found:
        raise UnknownJobError(f"There is no job {beginning}. `unbraid {command}` lists them all.")
    if len(found) > 1:
        raise JobStateError(f"{len(found)} jobs begin with {beginning}. Give more of the id.")
    return found[0]


def _table(jobs: list[Job]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "Song", "Length", "Model", "Status"):
        table.add_column(heading, no_wrap=heading in ("ID", "Length"))
    for job in jobs:
        cells = (
            job.id[:8],
            title_words(job),
            clock(job.seconds),
            job.model,
            status_words(job),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table
