"""Parts of transactions on the jobs' table."""

from time import time

from sqlalchemy import ColumnElement, Connection, Update, and_, func, or_, select, update

from desktop.audio.names import shown
from desktop.errors import DuplicateTrackError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.jobs.tables import jobs, queue
from desktop.jobs.turns import LONGEST_REST


def in_state(state: JobState) -> ColumnElement[bool]:
    """The row's job is in that state."""
    return jobs.c.state == state.value


def in_library() -> ColumnElement[bool]:
    """The row's job is not in the bin."""
    return jobs.c.removed.is_(None)


def is_due() -> ColumnElement[bool]:
    """The row's job waits, and may be begun now as far as it is concerned."""
    now = time()
    # Further ahead than any rest is only what was written before the clock was set back.
    rested = or_(jobs.c.not_before.is_(None), ~jobs.c.not_before.between(now, now + LONGEST_REST))
    return and_(in_state(JobState.PENDING), in_library(), jobs.c.paused.is_(False), rested)


def update_of(job_id: str) -> Update:
    """An update of one job."""
    return update(jobs).where(jobs.c.id == job_id)


def owned(job: Job) -> Update:
    """An update that changes nothing when the owner who knows the job like this has lost it."""
    return update(jobs).where(and_(jobs.c.id == job.id, jobs.c.token == job.token, in_state(JobState.PROCESSING)))


def is_paused(connection: Connection) -> bool:
    """True while the whole queue is held."""
    return bool(connection.execute(select(queue.c.paused)).scalar_one())


def end_of_queue(connection: Connection) -> int:
    """The place behind all others."""
    return (connection.execute(select(func.max(jobs.c.position))).scalar() or 0) + 1


def unknown(job_id: str) -> UnknownJobError:
    """What to raise when there is no such job, or only in the bin."""
    return UnknownJobError(f"There is no song {job_id} in the library: it was removed.")


def duplicate(job: Job) -> DuplicateTrackError:
    """What to raise when the content of a new track is that of `job`."""
    in_bin = job.removed is not None
    where = "among the removed songs" if in_bin else "already in your library"
    return DuplicateTrackError(f"“{shown(job.title, 60)}” is {where}.", job.id, in_bin)
