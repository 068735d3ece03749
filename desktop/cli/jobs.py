"""`unbraid jobs`, `cancel`, `retry`, `move`, `pause` and `resume`: list and control the library's jobs."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.backend import Backend
from desktop.cli.formatting import format_paused, format_status, format_title, job_to_json
from desktop.cli.output import CommandOutput, TextResultWriter
from desktop.cli.separate import AddedTracks, follow_to_end
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.jobs.service import JobService
from desktop.runtime.library import open_library
from desktop.text.durations import UNKNOWN_DURATION, format_duration
from desktop.text.message import Message, count_message, tr


def list_jobs(as_json: bool) -> int:
    """Print every job of the library. Return the exit status."""
    jobs = open_backend().service.jobs()
    if as_json:
        print(json.dumps([job_to_json(job) for job in jobs]))
        return 0
    if not jobs:
        print(tr("The library is empty. Add a song: unbraid separate FILE"))
        return 0
    Console(soft_wrap=True).print(_job_table(jobs))
    return 0


def cancel_or_separate_again(command: str, id_prefix: str, model: str | None) -> int:
    """Cancel the job whose id begins with `id_prefix`, or separate it again and wait for its end.

    Return 0, or 1 if a job that was separated again did not complete. Raises UnknownJobError if there is no such job,
    JobStateError if the prefix is ambiguous or the job's state forbids the command, ModelUnavailableError for an
    unknown model.
    """
    backend = open_backend()
    job = find_job(backend.service, id_prefix)
    if command == "retry":
        added = AddedTracks()
        added.add(backend.service.separate_again(job.id, model), job.source)
        output = CommandOutput()
        return 0 if follow_to_end(backend, added, TextResultWriter(output), output) else 1
    backend.service.cancel(job.id)
    print(tr("Cancelled: {title}", title=format_title(job)))
    return 0


def move_job(id_prefix: str, place: int) -> int:
    """Move a pending job to a place in the queue: 1 is next, a place beyond the end is last.

    Return the exit status. Raises UnknownJobError if there is no such job, JobStateError if the prefix is ambiguous or
    the job is not pending.
    """
    service = open_backend().service
    job = find_job(service, id_prefix)
    others = [other.id for other in service.pending_jobs() if other.id != job.id]
    service.move(job.id, others[place - 1] if place <= len(others) else None)
    print(_place_text(job, [other.id for other in service.pending_jobs()]))
    return 0


def open_backend() -> Backend:
    """Return the backend of the user's library, without starting Redis and the worker."""
    library = open_library("terminal")
    return Backend(library)


def find_job(service: JobService, id_prefix: str) -> Job:
    """Return the job of the library whose id begins with `id_prefix`.

    Raises UnknownJobError if there is none, JobStateError if there are several.
    """
    return select_by_id_prefix(service.jobs(), id_prefix)


def select_by_id_prefix(jobs: Sequence[Job], id_prefix: str, list_command: str = "jobs") -> Job:
    """Return the one of `jobs` whose id begins with `id_prefix`.

    The error message names `list_command`, the command that lists these jobs. Raises UnknownJobError if there is none,
    JobStateError if there are several.
    """
    found = [job for job in jobs if job.id.startswith(id_prefix.lower())]
    if not found:
        raise UnknownJobError(
            Message("No song has the id {id}.", id=id_prefix),
            Message("`unbraid {list_command}` lists all ids.", list_command=list_command),
        )
    if len(found) > 1:
        raise JobStateError(
            count_message(
                "The id of {count} song begins with {id}.",
                "The ids of {count} songs begin with {id}.",
                len(found),
                id=id_prefix,
            ),
            Message("Type more of the id."),
        )
    return found[0]


def pause_or_resume_queue(command: str) -> int:
    """Pause or resume the queue; `command` is "pause" or "resume". Return the exit status."""
    service = open_backend().service
    if command == "pause":
        service.pause_queue()
        print(tr("The queue is paused: nothing is separated. To resume: unbraid resume"))
    else:
        service.resume_queue()
        print(tr("The queue was resumed."))
    return 0


def pause_or_resume_jobs(command: str, id_prefixes: Sequence[str]) -> int:
    """Pause or resume the jobs whose ids begin with `id_prefixes`. Return the exit status.

    `command` is "pause" or "resume". Raises UnknownJobError if there is no such job, JobStateError if a prefix is
    ambiguous or the job has ended.
    """
    service = open_backend().service
    ids = [find_job(service, id_prefix).id for id_prefix in id_prefixes]
    change_jobs, describe = (
        (service.pause_jobs, format_paused) if command == "pause" else (service.resume_jobs, _resumed_text)
    )
    for job in change_jobs(ids):
        print(describe(job))
    if command == "resume" and service.is_queue_paused():
        print(tr("The queue is paused, so nothing is separated yet. To resume it: unbraid resume"))
    return 0


def _place_text(job: Job, pending_ids: Sequence[str]) -> str:
    """Return a sentence with the place of `job` among the pending job ids.

    The queue may have advanced since the move, so the job may not be pending any more.
    """
    title = format_title(job)
    if job.id not in pending_ids:
        return tr("No longer in the queue: {title}", title=title)
    place = pending_ids.index(job.id) + 1
    if place == 1:
        return tr("Up next: {title}", title=title)
    return tr("Place {place} in the queue: {title}", place=place, title=title)


def _job_table(jobs: Sequence[Job]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading, no_wrap in (
        (tr("ID"), True),
        (tr("Song"), False),
        (tr("Length"), True),
        (tr("Model"), False),
        (tr("Status"), False),
    ):
        table.add_column(Text(heading), no_wrap=no_wrap)
    for job in jobs:
        cells = (
            job.id[:8],
            format_title(job),
            format_duration(job.seconds) if job.seconds else UNKNOWN_DURATION,
            job.model,
            format_status(job),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _resumed_text(job: Job) -> str:
    # A job that is resumed before it has stopped goes on without returning to the queue.
    if job.state is JobState.PROCESSING:
        return tr("Resumed: {title}", title=format_title(job))
    return tr("Resumed, waiting for its turn: {title}", title=format_title(job))
