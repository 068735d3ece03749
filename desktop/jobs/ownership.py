"""Ownership of jobs: claim, heartbeat, end of a run, and recovery from lost owners.

A claim makes a process the owner of a job under a new fencing token. Writes with an older token change nothing, so a
worker that was wrongly declared dead can do no harm.

A job that crashes its workers fails after `MAX_CRASHES` crashes in a row without progress. A crash that leaves more
finished segments than any crash before restarts the count.

An owner on this machine is checked by its process id. An owner on another machine counts as alive until its lease
expires.
"""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from desktop.jobs import transitions
from desktop.jobs.database import Database, jobs
from desktop.jobs.export_job import AutomaticExport
from desktop.jobs.exports import insert_automatic_export
from desktop.jobs.model import Job, JobState, OwnerDirective, Stem
from desktop.jobs.rows import job_from_row, messages_to_json, stems_to_json
from desktop.jobs.transitions import LEASE_S, in_state, is_due, read_queue_paused, select_job, update_job, update_owned
from desktop.paths import Home
from desktop.runtime.process_identity import current_process_identity, has_exited, is_on_this_machine
from desktop.runtime.stall_timer import StallTimer
from desktop.stage import Stage
from desktop.text.message import Message, message_to_json


class LeaseWatch:
    """Detects expired leases of owners on other machines.

    The time is measured here, not read from the row, because the clocks of two machines differ.
    """

    def __init__(self) -> None:
        self._watches: dict[str, StallTimer] = {}

    def expired_jobs(self, heartbeats: Mapping[str, object]) -> set[str]:
        """Return the ids of jobs whose owner sent no heartbeat for `LEASE_S`. Call this every few seconds.

        `heartbeats` maps the id of each job with an owner on another machine to a value that changes at each heartbeat.
        """
        self._watches = {job_id: self._watches.get(job_id) or StallTimer() for job_id in heartbeats}
        return {
            job_id for job_id, value in heartbeats.items() if self._watches[job_id].seconds_unchanged(value) >= LEASE_S
        }


class Ownership:
    """Transactions of job owners and of the recovery from lost owners.

    Every method is one short transaction and raises StorageError if the database cannot be read or written.
    """

    def __init__(self, home: Home, database: Database) -> None:
        self._home = home
        self._database = database
        self._lease_watch = LeaseWatch()

    def claim(self, job_id: str) -> Job | None:
        """Make the calling process the owner of a pending job, or of a job whose owner is lost, and return the job.

        Return None if the job cannot be claimed: it is unknown, in the bin, owned by a live process, ended or paused,
        it waits for its retry, the queue is paused, or it failed or was cancelled because its owner is lost.
        """
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
            if row is None or read_queue_paused(connection):
                return None
            if transitions.is_orphan(row):
                self._record_crash(connection, row)
            claim_update = update_job(job_id).where(is_due()).values(transitions.claimed_values(row.token + 1))
            return select_job(connection, self._home, job_id) if connection.execute(claim_update).rowcount else None

    def heartbeat(
        self, job: Job, stage: Stage | None, progress: float, elapsed: float, left: float | None
    ) -> OwnerDirective:
        """Renew the lease, store stage, progress (0 to 1) and times (seconds), and return what the owner must do."""
        values: dict[str, Any] = {"progress": progress, "elapsed": elapsed, "left": left}
        values["lease_until"] = time() + LEASE_S
        if stage is not None:
            values["stage"] = stage.value
        with self._database.write() as connection:
            if not connection.execute(update_owned(job).values(values)).rowcount:
                return OwnerDirective.ABANDON
            requests_query = select(jobs.c.cancel_requested, jobs.c.paused, jobs.c.removed).where(jobs.c.id == job.id)
            row = connection.execute(requests_query).one()
            if row.cancel_requested:
                return OwnerDirective.CANCEL
            should_pause = row.paused or row.removed is not None or read_queue_paused(connection)
            return OwnerDirective.PAUSE if should_pause else OwnerDirective.CONTINUE

    def record_details(self, job: Job, **details: Any) -> bool:
        """Write columns that the owner knows now (`model_used`, `runtime` …). Return False if the claim is lost."""
        return self._update_owned_row(job, details)

    def complete(
        self,
        job: Job,
        stems: tuple[Stem, ...],
        notices: tuple[Message, ...],
        export: AutomaticExport | None = None,
        **details: Any,
    ) -> bool:
        """Publish the stems, and queue their automatic export, if any.

        Return False if the claim is lost: then nothing is queued, and the caller must delete the stems.
        """
        published = {
            "stems": stems_to_json(self._home, job.id, stems),
            "notices": messages_to_json(notices),
            "progress": 1.0,
        }
        values = published | details | transitions.completed_values()
        with self._database.write() as connection:
            is_owner = bool(connection.execute(update_owned(job).values(values)).rowcount)
            if is_owner and export is not None:
                insert_automatic_export(connection, job, export)
            return is_owner

    def fail(self, job: Job, error: Message, elapsed: float) -> bool:
        """Record why this run made no stems. Return False if the claim is lost."""
        with self._database.write() as connection:
            return self._end_without_stems(connection, job, JobState.FAILED, elapsed, error)

    def find_own_job(self, job_id: str) -> Job | None:
        """Return the job if the calling process owns it, else None."""
        with self._database.read() as connection:
            owned_by_this_process = and_(
                jobs.c.id == job_id, in_state(JobState.PROCESSING), jobs.c.owner == current_process_identity()
            )
            row = connection.execute(select(jobs).where(owned_by_this_process)).mappings().first()
            return job_from_row(self._home, row) if row else None

    def record_stop(self, job: Job, elapsed: float) -> JobState | None:
        """Record that the owner stopped on request. Return `CANCELLED` or `PENDING`, or None if the claim is lost."""
        with self._database.write() as connection:
            cancel_query = select(jobs.c.cancel_requested).where(jobs.c.id == job.id)
            if connection.execute(cancel_query).scalar():
                written = self._end_without_stems(connection, job, JobState.CANCELLED, elapsed)
                return JobState.CANCELLED if written else None
            written = bool(connection.execute(update_owned(job).values(transitions.pending_values())).rowcount)
            return JobState.PENDING if written else None

    def release(self, job: Job) -> bool:
        """Return an unfinished job to the queue. Return False if the claim is lost."""
        return self._release_with(job, {})

    def schedule_retry(self, job: Job, error: Message, delay_s: float) -> bool:
        """Return the job to the queue, count a retry, and make it due after `delay_s` seconds.

        Return False if the claim is lost.
        """
        retry_values = {"error": message_to_json(error), "retries": job.retries + 1, "not_before": time() + delay_s}
        return self._release_with(job, retry_values)

    def retry_in_low_memory(self, job: Job) -> bool:
        """Return the job to the queue, from now on in low memory. Return False if the claim is lost."""
        return self._release_with(job, {"sparing": True})

    def release_own_jobs(self) -> None:
        """Return the jobs that the calling process owns to the queue, without counting a crash."""
        owned_by_this_process = and_(in_state(JobState.PROCESSING), jobs.c.owner == current_process_identity())
        with self._database.write() as connection:
            for row in connection.execute(select(jobs).where(owned_by_this_process)).all():
                connection.execute(update_job(row.id).values(transitions.released_values(row)))

    def release_jobs_of_exited_owners(self) -> None:
        """Return the jobs of exited processes to the queue, without counting crashes. Use after an orderly shutdown."""
        with self._database.write() as connection:
            for row in connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all():
                if row.owner and has_exited(row.owner):
                    connection.execute(update_job(row.id).values(transitions.released_values(row)))

    def release_orphans(self) -> list[str]:
        """Count a crash for each job whose owner is lost, and return the ids of these jobs.

        Each job returns to the queue, or fails at `MAX_CRASHES`.
        """
        with self._database.read() as connection:
            processing_rows = connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all()
        orphans = {(row.id, row.token, row.lease_until) for row in self._find_orphans(processing_rows)}
        if not orphans:
            return []
        with self._database.write() as connection:
            rows = connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all()
            # An owner that has sent a heartbeat meanwhile is not lost.
            still_orphaned = [row for row in rows if (row.id, row.token, row.lease_until) in orphans]
            for row in still_orphaned:
                self._record_crash(connection, row)
            return [row.id for row in still_orphaned]

    def _find_orphans(self, processing_rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        remote_heartbeats = {
            row.id: (row.token, row.lease_until)
            for row in processing_rows
            if row.owner and not is_on_this_machine(row.owner)
        }
        expired = self._lease_watch.expired_jobs(remote_heartbeats)
        return [row for row in processing_rows if row.id in expired or transitions.is_orphan(row)]

    def _record_crash(self, connection: Connection, row: Row[Any]) -> None:
        """Count a crash of the lost owner, and return its job to the queue or end it."""
        finished_segments = self._home.job_folder(row.id).count_finished_segments()
        connection.execute(update_job(row.id).values(transitions.crashed_values(row, finished_segments)))

    def _release_with(self, job: Job, values: dict[str, Any]) -> bool:
        """Return the job to the queue with `values`, or cancel it if requested. Return False if the claim is lost."""
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job.id)).first()
            if row is None:
                return False
            release_values = transitions.released_values(row) | ({} if row.cancel_requested else values)
            return bool(connection.execute(update_owned(job).values(release_values)).rowcount)

    def _end_without_stems(
        self, connection: Connection, job: Job, state: JobState, elapsed: float, error: Message | None = None
    ) -> bool:
        row = connection.execute(select(jobs).where(jobs.c.id == job.id)).first()
        if row is None:
            return False
        values = {"elapsed": elapsed} | transitions.ended_without_stems_values(row, state, error)
        return bool(connection.execute(update_owned(job).values(values)).rowcount)

    def _update_owned_row(self, job: Job, values: dict[str, Any]) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(update_owned(job).values(values)).rowcount)
