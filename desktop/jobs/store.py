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
from desktop.jobs import transitions
from desktop.jobs.model import Job, JobState
from desktop.jobs.ownership import OwnershipStore
from desktop.jobs.rows import has_all_stem_files, job_from_row, options_to_json, row_from_job, stems_to_json
from desktop.jobs.tables import jobs, queue
from desktop.jobs.transitions import (
    duplicate_track_error,
    in_library,
    in_state,
    is_due,
    next_position,
    read_queue_paused,
    update_job,
)

IsDuplicate = Callable[[Job], bool]
"""Whether a job with the same content makes adding the track once more unnecessary."""


def never_duplicate(_: Job) -> bool:
    """Add the track whatever is in the library."""
    return False


class JobStore(OwnershipStore):
    """All that is ever asked of the database. Every method is one short transaction and raises StorageError."""

    def check_integrity(self) -> None:
        """Look at the whole database. Raises DamagedLibraryError."""
        self._database.check_integrity()

    def insert(self, job: Job, is_duplicate: IsDuplicate = never_duplicate) -> Job:
        """Add a job at the end of the queue.

        Raises DuplicateTrackError when there is a job of the same content for which `is_duplicate` is true.
        """
        with self._database.write() as connection:
            self._reject_duplicate(connection, job.digest, is_duplicate)
            row = row_from_job(self._home, job) | {"position": next_position(connection)}
            connection.execute(insert(jobs).values(row))
            return self._select_job(connection, job.id, include_bin=True)

    def _reject_duplicate(self, connection: Connection, digest: str | None, is_duplicate: IsDuplicate) -> None:
        if digest is None:
            return
        # Those of the library first, the newest of them first.
        query = select(jobs).where(jobs.c.digest == digest).order_by(~in_library(), jobs.c.added.desc())
        for job in self._select_jobs(connection, query):
            if is_duplicate(job):
                raise duplicate_track_error(job)

    def jobs_without_digest(self) -> list[Job]:
        """Every job, also in the bin, whose content nobody has counted a digest of."""
        with self._database.read() as connection:
            return self._select_jobs(connection, select(jobs).where(jobs.c.digest.is_(None)))

    def set_digest(self, job_id: str, digest: str) -> None:
        """Write the digest of a job's track."""
        with self._database.write() as connection:
            connection.execute(update_job(job_id).values(digest=digest))

    def jobs(self) -> list[Job]:
        """Every job that is not in the bin, in the order of the queue."""
        with self._database.read() as connection:
            return self._select_jobs(connection, select(jobs).where(in_library()).order_by(jobs.c.position))

    def pending_jobs(self) -> list[Job]:
        """The jobs that wait, paused ones too, first to run first."""
        with self._database.read() as connection:
            query = select(jobs).where(in_state(JobState.PENDING), in_library()).order_by(jobs.c.position)
            return self._select_jobs(connection, query)

    def due_jobs(self) -> list[Job]:
        """The jobs that a worker may begin now, first to run first; none while the queue is paused."""
        with self._database.read() as connection:
            if read_queue_paused(connection):
                return []
            return self._select_jobs(connection, select(jobs).where(is_due()).order_by(jobs.c.position))

    def has_processing_jobs(self) -> bool:
        """Return True while any job is in work."""
        with self._database.read() as connection:
            return (
                connection.execute(select(jobs.c.id).where(in_state(JobState.PROCESSING)).limit(1)).first() is not None
            )

    def job(self, job_id: str, include_bin: bool = False) -> Job:
        """A job of the library; `in_bin`: or of the bin. Raises UnknownJobError."""
        with self._database.read() as connection:
            return self._select_job(connection, job_id, include_bin)

    def jobs_in_bin(self) -> list[Job]:
        """Every job in the bin, the one that was removed last first."""
        with self._database.read() as connection:
            query = select(jobs).where(~in_library()).order_by(jobs.c.removed.desc(), jobs.c.position)
            return self._select_jobs(connection, query)

    def move_to_bin(self, job_ids: Collection[str] | None = None, only_ended: bool = False) -> list[Job]:
        """Move jobs to the bin, or all; those of them that have ended, if only these are asked for. Return all moved.

        They share one time of removal. The owner of a running one stops at its next heartbeat, as for a pause.
        """
        states = [state.value for state in JobState if state.has_ended or not only_ended]
        condition = and_(_has_id_in(job_ids), in_library(), jobs.c.state.in_(states))
        return self._set_removed(condition, removed=time())

    def restore_from_bin(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Take jobs out of the bin; without ids, all of the last removal. Return them, in the order of the queue."""
        last_removal = jobs.c.removed == select(func.max(jobs.alias().c.removed)).scalar_subquery()
        return self._set_removed(
            last_removal if job_ids is None else and_(_has_id_in(job_ids), ~in_library()), removed=None
        )

    def _set_removed(self, condition: ColumnElement[bool], removed: float | None) -> list[Job]:
        with self._database.write() as connection:
            moved = self._select_jobs(connection, select(jobs).where(condition).order_by(jobs.c.position))
            connection.execute(update(jobs).where(condition).values(removed=removed))
            removal_time = None if removed is None else datetime.fromtimestamp(removed, UTC)
            return [replace(job, removed=removal_time) for job in moved]

    def delete_from_bin(self, job_ids: Collection[str] | None = None, removed_before: float = inf) -> list[str]:
        """Delete the rows of jobs in the bin, or of all that were removed before a time. Return their ids.

        The owner of one that has not stopped yet finds out at its next heartbeat.
        """
        condition = and_(_has_id_in(job_ids), jobs.c.removed < removed_before)
        with self._database.write() as connection:
            deleted_ids = [row.id for row in connection.execute(select(jobs.c.id).where(condition))]
            connection.execute(delete(jobs).where(condition))
            return deleted_ids

    def record_exports(self, job: Job) -> None:
        """Write where copies of a completed job's stems are, unless it has been separated again since."""
        unchanged = and_(jobs.c.id == job.id, jobs.c.token == job.token, in_state(JobState.COMPLETED))
        with self._database.write() as connection:
            connection.execute(update(jobs).where(unchanged).values(stems=stems_to_json(self._home, job.id, job.stems)))

    def request_cancel(self, job_id: str) -> Job:
        """A pending job is cancelled at once, a running one by its owner. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            job = self._select_job(connection, job_id)
            if job.state.has_ended:
                raise JobStateError("This song is done with: there is nothing to cancel.")
            values: dict[str, Any] = {"cancel_requested": True}
            if job.state is JobState.PENDING:
                row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
                values |= transitions.ended_without_stems_values(row, JobState.CANCELLED)
            connection.execute(update_job(job_id).values(values))
            return self._select_job(connection, job_id)

    def set_job_paused(self, job_id: str, paused: bool) -> Job:
        """Hold one job at its place in line; a running one is stopped by its owner. Or let it go on without a rest.

        Raises UnknownJobError, JobStateError.
        """
        with self._database.write() as connection:
            if self._select_job(connection, job_id).state.has_ended:
                raise JobStateError("This song is done with: there is nothing to pause or resume.")
            connection.execute(
                update_job(job_id).values({"paused": True} if paused else {"paused": False, "not_before": None})
            )
            return self._select_job(connection, job_id)

    def separate_again(self, job_ids: Sequence[str], model: str | None = None) -> list[Job]:
        """Put the ended ones of these jobs at the end of the queue, in their order, with another model if one is named.

        A completed job keeps its result until another run completes.
        """
        with self._database.write() as connection:
            order = {job_id: number for number, job_id in enumerate(job_ids)}
            found = connection.execute(select(jobs).where(jobs.c.id.in_(order), in_library())).mappings()
            ended = [row for row in found if JobState(row["state"]).has_ended]
            ended.sort(key=lambda row: order[row["id"]])
            return [self._requeue(connection, row, model) for row in ended]

    def _select_jobs(self, connection: Connection, query: Select[Any]) -> list[Job]:
        return [job_from_row(self._home, row) for row in connection.execute(query).mappings()]

    def _requeue(self, connection: Connection, row: RowMapping, model: str | None) -> Job:
        job = job_from_row(self._home, row)
        options = replace(job.options, model=model or job.options.model)
        values = transitions.restarted_values(
            row, keep_result=job.state is JobState.COMPLETED and has_all_stem_files(job)
        )
        queue_values = {"position": next_position(connection), "options": options_to_json(options)}
        connection.execute(update_job(job.id).values(values | queue_values))
        return self._select_job(connection, job.id)

    def move_to_front(self, job_id: str) -> Job:
        """Let a pending job be the next. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            if self._select_job(connection, job_id).state is not JobState.PENDING:
                raise JobStateError("This song does not wait in the queue.")
            first = connection.execute(select(func.min(jobs.c.position))).scalar() or 0
            connection.execute(update_job(job_id).values(position=first - 1))
            return self._select_job(connection, job_id)

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Let a pending job run right before another pending one, or last. Every job whose place that changed.

        Raises UnknownJobError, JobStateError.
        """
        with self._database.write() as connection:
            states = {one: self._select_job(connection, one).state for one in (job_id, before) if one is not None}
            if any(state is not JobState.PENDING for state in states.values()):
                raise JobStateError("Only queued songs can be moved in the queue.")
            conditions = (in_state(JobState.PENDING), in_library())
            query = select(jobs.c.id, jobs.c.position).where(*conditions).order_by(jobs.c.position)
            positions = {row.id: row.position for row in connection.execute(query)}
            # The places stay, and are given out anew: jobs that do not wait keep theirs.
            new_positions = dict(zip(_reorder(list(positions), job_id, before), positions.values(), strict=True))
            changed = [one for one, place in new_positions.items() if place != positions[one]]
            for one in changed:
                connection.execute(update_job(one).values(position=new_positions[one]))
            return [self._select_job(connection, one) for one in changed]

    def is_queue_paused(self) -> bool:
        """True while no job may be separated."""
        with self._database.read() as connection:
            return read_queue_paused(connection)

    def set_queue_paused(self, paused: bool) -> None:
        """Hold the queue, or let it go on. What runs is stopped by its owner, and waits."""
        with self._database.write() as connection:
            connection.execute(update(queue).values(paused=paused))


def _has_id_in(job_ids: Collection[str] | None) -> ColumnElement[bool]:
    """The row's job is one of these; None: any."""
    return true() if job_ids is None else jobs.c.id.in_(job_ids)


def _reorder(ids: list[str], job_id: str, before: str | None) -> list[str]:
    if job_id == before:
        return ids
    others = [one for one in ids if one != job_id]
    place = len(others) if before is None else others.index(before)
    return [*others[:place], job_id, *others[place:]]
