"""The job store: all transactions on the library. The row is the truth; Redis and files follow it."""

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
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
from desktop.jobs.analyses import AnalysisRecords
from desktop.jobs.database import Database, jobs, queue
from desktop.jobs.exports import ExportRecords
from desktop.jobs.model import Job, JobState
from desktop.jobs.ownership import Ownership
from desktop.jobs.rows import has_all_stem_files, job_from_row, options_to_json, row_from_job, stems_to_json
from desktop.jobs.transitions import (
    duplicate_track_error,
    in_library,
    in_state,
    is_due,
    next_position,
    read_queue_paused,
    select_job,
    update_job,
)
from desktop.paths import Home
from desktop.text.message import Message

IsDuplicate = Callable[[Job], bool]
"""Returns whether this job with the same content makes a new track a duplicate."""


def never_duplicate(_: Job) -> bool:
    """Return False: accept every new track."""
    return False


class JobStore:
    """All transactions on the library's jobs.

    Every method is one short transaction and raises StorageError if the database cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        """Open, create or migrate the database. Raises StorageError if that fails or the schema is newer."""
        self._home = home
        self._database = Database(home)
        self.ownership = Ownership(home, self._database)
        """The transactions of the processes that own jobs."""
        self.analyses = AnalysisRecords(home, self._database)
        """The transactions about the analyses of songs."""
        self.exports = ExportRecords(self._database)
        """The transactions about exports."""

    def check_integrity(self) -> None:
        """Check the whole database. Raises DamagedLibraryError if it is damaged."""
        self._database.check_integrity()

    def insert(self, job: Job, is_duplicate: IsDuplicate = never_duplicate) -> Job:
        """Insert a job at the end of the queue and return it.

        Raises DuplicateTrackError if `is_duplicate` returns True for a job with the same content.
        """
        with self._database.write() as connection:
            self._reject_duplicate(connection, job.digest, is_duplicate)
            row = row_from_job(self._home, job) | {"position": next_position(connection)}
            connection.execute(insert(jobs).values(row))
            return self._select_job(connection, job.id, include_bin=True)

    def _reject_duplicate(self, connection: Connection, digest: str | None, is_duplicate: IsDuplicate) -> None:
        if digest is None:
            return
        # Jobs of the library before jobs in the bin, the newest first.
        query = select(jobs).where(jobs.c.digest == digest).order_by(~in_library(), jobs.c.added.desc())
        for job in self._select_jobs(connection, query):
            if is_duplicate(job):
                raise duplicate_track_error(job)

    def jobs_without_digest(self) -> list[Job]:
        """Return all jobs without a digest, including jobs in the bin."""
        with self._database.read() as connection:
            return self._select_jobs(connection, select(jobs).where(jobs.c.digest.is_(None)))

    def set_digest(self, job_id: str, digest: str) -> None:
        """Store the SHA-256 of a job's track, in hexadecimal digits."""
        with self._database.write() as connection:
            connection.execute(update_job(job_id).values(digest=digest))

    def jobs(self) -> list[Job]:
        """Return all jobs that are not in the bin, in queue order."""
        with self._database.read() as connection:
            return self._select_jobs(connection, select(jobs).where(in_library()).order_by(jobs.c.position))

    def pending_jobs(self) -> list[Job]:
        """Return the pending jobs, including paused jobs, in queue order."""
        with self._database.read() as connection:
            query = select(jobs).where(in_state(JobState.PENDING), in_library()).order_by(jobs.c.position)
            return self._select_jobs(connection, query)

    def due_jobs(self) -> list[Job]:
        """Return the jobs that a worker may start now, in queue order; none while the queue is paused."""
        with self._database.read() as connection:
            if read_queue_paused(connection):
                return []
            return self._select_jobs(connection, select(jobs).where(is_due()).order_by(jobs.c.position))

    def has_processing_jobs(self) -> bool:
        """Return True if any job is processing."""
        with self._database.read() as connection:
            return (
                connection.execute(select(jobs.c.id).where(in_state(JobState.PROCESSING)).limit(1)).first() is not None
            )

    def job(self, job_id: str, include_bin: bool = False) -> Job:
        """Return a job of the library, or also of the bin if `include_bin`. Raises UnknownJobError."""
        with self._database.read() as connection:
            return self._select_job(connection, job_id, include_bin)

    def jobs_in_bin(self) -> list[Job]:
        """Return the jobs in the bin, the most recently removed first."""
        with self._database.read() as connection:
            query = select(jobs).where(~in_library()).order_by(jobs.c.removed.desc(), jobs.c.position)
            return self._select_jobs(connection, query)

    @contextmanager
    def idle_jobs(self) -> Generator[list[Job]]:
        """Yield all jobs that no process owns, including jobs in the bin; none of them is claimed in the block."""
        with self._database.write() as connection:
            yield self._select_jobs(connection, select(jobs).where(~in_state(JobState.PROCESSING)))

    def move_to_bin(self, job_ids: Collection[str] | None = None, only_ended: bool = False) -> list[Job]:
        """Move jobs to the bin, with a common time of removal, and return them.

        `job_ids` None means all jobs of the library. `only_ended` leaves out jobs that have not ended. The owner of a
        processing job stops at its next heartbeat, as for a pause.
        """
        states = [state.value for state in JobState if state.has_ended or not only_ended]
        condition = and_(_has_id_in(job_ids), in_library(), jobs.c.state.in_(states))
        return self._set_removed(condition, removed=time())

    def restore_from_bin(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Move jobs out of the bin and return them in queue order.

        `job_ids` None means all jobs of the last removal.
        """
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
        """Delete the rows of jobs in the bin that were removed before a Unix time, and return their ids.

        `job_ids` None means all jobs in the bin. An owner that has not stopped yet stops at its next heartbeat.
        """
        condition = and_(_has_id_in(job_ids), jobs.c.removed < removed_before)
        with self._database.write() as connection:
            deleted_ids = [row.id for row in connection.execute(select(jobs.c.id).where(condition))]
            connection.execute(delete(jobs).where(condition))
            return deleted_ids

    def record_exports(self, job: Job) -> None:
        """Store the `exported` paths of a completed job's stems, unless the job has been separated again since."""
        unchanged = and_(jobs.c.id == job.id, jobs.c.token == job.token, in_state(JobState.COMPLETED))
        with self._database.write() as connection:
            connection.execute(update(jobs).where(unchanged).values(stems=stems_to_json(self._home, job.id, job.stems)))

    def request_cancel(self, job_id: str) -> Job:
        """Cancel a pending job at once, or ask the owner of a processing job to cancel it. Return the job.

        Raises UnknownJobError, and JobStateError if the job has ended.
        """
        with self._database.write() as connection:
            job = self._select_job(connection, job_id)
            if job.state.has_ended:
                raise JobStateError(Message("This song is not in the queue, so there is nothing to cancel."))
            values: dict[str, Any] = {"cancel_requested": True}
            if job.state is JobState.PENDING:
                row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
                values |= transitions.ended_without_stems_values(row, JobState.CANCELLED)
            connection.execute(update_job(job_id).values(values))
            return self._select_job(connection, job_id)

    def set_job_paused(self, job_id: str, paused: bool) -> Job:
        """Pause a job, or resume it without waiting for its retry time. Return the job.

        The owner of a processing job stops it. Raises UnknownJobError, and JobStateError if the job has ended.
        """
        with self._database.write() as connection:
            if self._select_job(connection, job_id).state.has_ended:
                raise JobStateError(Message("This song is not in the queue, so there is nothing to pause or resume."))
            connection.execute(
                update_job(job_id).values({"paused": True} if paused else {"paused": False, "not_before": None})
            )
            return self._select_job(connection, job_id)

    def separate_again(self, job_ids: Sequence[str], model: str | None = None) -> list[Job]:
        """Put those of `job_ids` that have ended at the end of the queue, with `model` if given, and return them.

        They keep the order of `job_ids`. A completed job keeps its result until another run completes.
        """
        with self._database.write() as connection:
            order = {job_id: index for index, job_id in enumerate(job_ids)}
            rows = connection.execute(select(jobs).where(jobs.c.id.in_(order), in_library())).mappings()
            ended = [row for row in rows if JobState(row["state"]).has_ended]
            ended.sort(key=lambda row: order[row["id"]])
            return [self._requeue(connection, row, model) for row in ended]

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
        """Move a pending job to the front of the queue and return it. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            if self._select_job(connection, job_id).state is not JobState.PENDING:
                raise JobStateError(Message("This song is not waiting in the queue."))
            first = connection.execute(select(func.min(jobs.c.position))).scalar() or 0
            connection.execute(update_job(job_id).values(position=first - 1))
            return self._select_job(connection, job_id)

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Move a pending job right before the pending job `before`, or to the end if None.

        Return all jobs whose position changed. Raises UnknownJobError, and JobStateError if either job is not pending.
        """
        with self._database.write() as connection:
            states = [self._select_job(connection, id_).state for id_ in (job_id, before) if id_ is not None]
            if any(state is not JobState.PENDING for state in states):
                raise JobStateError(Message("Only queued songs can be moved in the queue."))
            conditions = (in_state(JobState.PENDING), in_library())
            query = select(jobs.c.id, jobs.c.position).where(*conditions).order_by(jobs.c.position)
            positions = {row.id: row.position for row in connection.execute(query)}
            # Only positions of pending jobs are redistributed, so that other jobs keep theirs.
            new_positions = dict(zip(_reorder(list(positions), job_id, before), positions.values(), strict=True))
            changed_ids = [id_ for id_, position in new_positions.items() if position != positions[id_]]
            for changed_id in changed_ids:
                connection.execute(update_job(changed_id).values(position=new_positions[changed_id]))
            return [self._select_job(connection, changed_id) for changed_id in changed_ids]

    def is_queue_paused(self) -> bool:
        """Return whether the queue is paused."""
        with self._database.read() as connection:
            return read_queue_paused(connection)

    def set_queue_paused(self, paused: bool) -> None:
        """Pause or resume the queue. Owners stop their jobs and return them to the queue."""
        with self._database.write() as connection:
            connection.execute(update(queue).values(paused=paused))

    def _select_job(self, connection: Connection, job_id: str, include_bin: bool = False) -> Job:
        return select_job(connection, self._home, job_id, include_bin)

    def _select_jobs(self, connection: Connection, query: Select[Any]) -> list[Job]:
        return [job_from_row(self._home, row) for row in connection.execute(query).mappings()]


def _has_id_in(job_ids: Collection[str] | None) -> ColumnElement[bool]:
    """Return the condition that the job is one of `job_ids`; always true if None."""
    return true() if job_ids is None else jobs.c.id.in_(job_ids)


def _reorder(ids: list[str], job_id: str, before: str | None) -> list[str]:
    if job_id == before:
        return ids
    others = [other_id for other_id in ids if other_id != job_id]
    index = len(others) if before is None else others.index(before)
    return [*others[:index], job_id, *others[index:]]
