"""The library's jobs: every transaction there is. The row is the truth; Redis and files follow it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from time import time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from desktop.errors import JobStateError
from desktop.jobs import turns
from desktop.jobs.claims import Claims
from desktop.jobs.model import Job, JobState
from desktop.jobs.queries import duplicate, end_of_queue, in_library, in_state, is_due, is_paused, update_of
from desktop.jobs.results import is_whole
from desktop.jobs.rows import options_text, stems_text, to_job, to_row
from desktop.jobs.tables import jobs, queue

IsDuplicate = Callable[[Job], bool]
"""Whether a job with the same content makes adding the track once more unnecessary."""


def never(_: Job) -> bool:
    """Add the track whatever is in the library."""
    return False


class JobStore(Claims):
    """All that is ever asked of the database. Every method is one short transaction and raises StorageError."""

    def check(self) -> None:
        """Look at the whole database. Raises DamagedLibraryError."""
        self._database.check()

    def insert(self, job: Job, is_duplicate: IsDuplicate = never) -> Job:
        """Add a job at the end of the queue.

        Raises DuplicateTrackError when there is a job of the same content for which `is_duplicate` is true.
        """
        with self._database.write() as connection:
            self._refuse_duplicate(connection, job.digest, is_duplicate)
            row = to_row(self._home, job) | {"position": end_of_queue(connection)}
            connection.execute(insert(jobs).values(row))
            return self._job(connection, job.id, in_bin=True)

    def _refuse_duplicate(self, connection: Connection, digest: str | None, is_duplicate: IsDuplicate) -> None:
        if digest is None:
            return
        # Those of the library first, the newest of them first.
        wanted = select(jobs).where(jobs.c.digest == digest).order_by(~in_library(), jobs.c.added.desc())
        for job in self._jobs(connection, wanted):
            if is_duplicate(job):
                raise duplicate(job)

    def without_digest(self) -> list[Job]:
        """Every job, also in the bin, whose content nobody has counted a digest of."""
        with self._database.read() as connection:
            return self._jobs(connection, select(jobs).where(jobs.c.digest.is_(None)))

    def set_digest(self, job_id: str, digest: str) -> None:
        """Write the digest of a job's track."""
        with self._database.write() as connection:
            connection.execute(update_of(job_id).values(digest=digest))

    def jobs(self) -> list[Job]:
        """Every job that is not in the bin, in the order of the queue."""
        with self._database.read() as connection:
            return self._jobs(connection, select(jobs).where(in_library()).order_by(jobs.c.position))

    def pending(self) -> list[Job]:
        """The jobs that wait, paused ones too, first to run first."""
        with self._database.read() as connection:
            wanted = select(jobs).where(in_state(JobState.PENDING), in_library()).order_by(jobs.c.position)
            return self._jobs(connection, wanted)

    def due(self) -> list[Job]:
        """The jobs that a worker may begin now, first to run first; none while the queue is paused."""
        with self._database.read() as connection:
            if is_paused(connection):
                return []
            return self._jobs(connection, select(jobs).where(is_due()).order_by(jobs.c.position))

    def at_work(self) -> bool:
        """Return True while any job is in work."""
        with self._database.read() as connection:
            return (
                connection.execute(select(jobs.c.id).where(in_state(JobState.PROCESSING)).limit(1)).first() is not None
            )

    def job(self, job_id: str, in_bin: bool = False) -> Job:
        """A job of the library; `in_bin`: or of the bin. Raises UnknownJobError."""
        with self._database.read() as connection:
            return self._job(connection, job_id, in_bin)

    def removed(self) -> list[Job]:
        """Every job in the bin, the one that was removed last first."""
        with self._database.read() as connection:
            wanted = select(jobs).where(~in_library()).order_by(jobs.c.removed.desc(), jobs.c.position)
            return self._jobs(connection, wanted)

    def remove(self, job_ids: Collection[str] | None = None, only_ended: bool = False) -> list[Job]:
        """Move jobs to the bin, or all; those of them that have ended, if only these are asked for. Return all moved.

        They share one time of removal. The owner of a running one stops at its next heartbeat, as for a pause.
        """
        states = [state.value for state in JobState if state.ended or not only_ended]
        asked = and_(_named(job_ids), in_library(), jobs.c.state.in_(states))
        return self._move(asked, removed=time())

    def restore(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Take jobs out of the bin; without ids, all of the last removal. Return them, in the order of the queue."""
        last = jobs.c.removed == select(func.max(jobs.alias().c.removed)).scalar_subquery()
        return self._move(last if job_ids is None else and_(_named(job_ids), ~in_library()), removed=None)

    def _move(self, asked: ColumnElement[bool], removed: float | None) -> list[Job]:
        with self._database.write() as connection:
            moved = self._jobs(connection, select(jobs).where(asked).order_by(jobs.c.position))
            connection.execute(update(jobs).where(asked).values(removed=removed))
            since = None if removed is None else datetime.fromtimestamp(removed, UTC)
            return [replace(job, removed=since) for job in moved]

    def delete(self, job_ids: Collection[str] | None = None, removed_before: float = inf) -> list[str]:
        """Delete the rows of jobs in the bin, or of all that were removed before a time. Return their ids.

        The owner of one that has not stopped yet finds out at its next heartbeat.
        """
        asked = and_(_named(job_ids), jobs.c.removed < removed_before)
        with self._database.write() as connection:
            gone = [row.id for row in connection.execute(select(jobs.c.id).where(asked))]
            connection.execute(delete(jobs).where(asked))
            return gone

    def note_exports(self, job: Job) -> None:
        """Write where copies of a completed job's stems are, unless it has been separated again since."""
        same = and_(jobs.c.id == job.id, jobs.c.token == job.token, in_state(JobState.COMPLETED))
        with self._database.write() as connection:
            connection.execute(update(jobs).where(same).values(stems=stems_text(self._home, job.id, job.stems)))

    def request_cancel(self, job_id: str) -> Job:
        """A pending job is cancelled at once, a running one by its owner. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            job = self._job(connection, job_id)
            if job.state.ended:
                raise JobStateError("This song is done with: there is nothing to cancel.")
            values: dict[str, Any] = {"cancel_requested": True}
            if job.state is JobState.PENDING:
                row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
                values |= turns.ended_without_stems(row, JobState.CANCELLED)
            connection.execute(update_of(job_id).values(values))
            return self._job(connection, job_id)

    def set_job_paused(self, job_id: str, paused: bool) -> Job:
        """Hold one job at its place in line; a running one is stopped by its owner. Or let it go on without a rest.

        Raises UnknownJobError, JobStateError.
        """
        with self._database.write() as connection:
            if self._job(connection, job_id).state.ended:
                raise JobStateError("This song is done with: there is nothing to pause or resume.")
            connection.execute(
                update_of(job_id).values({"paused": True} if paused else {"paused": False, "not_before": None})
            )
            return self._job(connection, job_id)

    def retry(self, job_ids: Sequence[str], model: str | None = None) -> list[Job]:
        """Put the ended ones of these jobs at the end of the queue, in their order, with another model if one is named.

        A completed job keeps its result until another run completes.
        """
        with self._database.write() as connection:
            place = {job_id: number for number, job_id in enumerate(job_ids)}
            found = connection.execute(select(jobs).where(jobs.c.id.in_(place), in_library())).mappings()
            ended = [row for row in found if JobState(row["state"]).ended]
            ended.sort(key=lambda row: place[row["id"]])
            return [self._again(connection, row, model) for row in ended]

    def _jobs(self, connection: Connection, wanted: Select[Any]) -> list[Job]:
        return [to_job(self._home, row) for row in connection.execute(wanted).mappings()]

    def _again(self, connection: Connection, row: RowMapping, model: str | None) -> Job:
        job = to_job(self._home, row)
        options = replace(job.options, model=model or job.options.model)
        values = turns.afresh(row, keep_result=job.state is JobState.COMPLETED and is_whole(job))
        place = {"position": end_of_queue(connection), "options": options_text(options)}
        connection.execute(update_of(job.id).values(values | place))
        return self._job(connection, job.id)

    def move_first(self, job_id: str) -> Job:
        """Let a pending job be the next. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            if self._job(connection, job_id).state is not JobState.PENDING:
                raise JobStateError("This song does not wait in the queue.")
            first = connection.execute(select(func.min(jobs.c.position))).scalar() or 0
            connection.execute(update_of(job_id).values(position=first - 1))
            return self._job(connection, job_id)

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Let a pending job run right before another pending one, or last. Every job whose place that changed.

        Raises UnknownJobError, JobStateError.
        """
        with self._database.write() as connection:
            known = {one: self._job(connection, one).state for one in (job_id, before) if one is not None}
            if any(state is not JobState.PENDING for state in known.values()):
                raise JobStateError("Only queued songs can be moved in the queue.")
            wanted = (in_state(JobState.PENDING), in_library())
            waiting = select(jobs.c.id, jobs.c.position).where(*wanted).order_by(jobs.c.position)
            places = {row.id: row.position for row in connection.execute(waiting)}
            # The places stay, and are given out anew: jobs that do not wait keep theirs.
            order = dict(zip(_moved(list(places), job_id, before), places.values(), strict=True))
            changed = [one for one, place in order.items() if place != places[one]]
            for one in changed:
                connection.execute(update_of(one).values(position=order[one]))
            return [self._job(connection, one) for one in changed]

    def paused(self) -> bool:
        """True while no job may be separated."""
        with self._database.read() as connection:
            return is_paused(connection)

    def set_paused(self, paused: bool) -> None:
        """Hold the queue, or let it go on. What runs is stopped by its owner, and waits."""
        with self._database.write() as connection:
            connection.execute(update(queue).values(paused=paused))


def _named(job_ids: Collection[str] | None) -> ColumnElement[bool]:
    """The row's job is one of these; None: any."""
    return true() if job_ids is None else jobs.c.id.in_(job_ids)


def _moved(ids: list[str], job_id: str, before: str | None) -> list[str]:
    if job_id == before:
        return ids
    rest = [one for one in ids if one != job_id]
    place = len(rest) if before is None else rest.index(before)
    return [*rest[:place], job_id, *rest[place:]]
