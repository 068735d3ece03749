"""What a job's owner writes: it claims the job, gives signs of life, and says how it ended.

A claim makes a worker the owner of a job under a new fencing token; only under that token may it write. So a worker
that was thought dead, and was not, can do no harm.

A song that kills its workers is given up; one whose workers are killed, and which comes further each time, is not. So
crashes count from the last one on that left more finished segments behind than there ever were.
"""

import json
from collections.abc import Sequence
from time import time
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from desktop.jobs import turns
from desktop.jobs.database import Database
from desktop.jobs.model import Duty, Job, JobState, Stage, Stem
from desktop.jobs.owner import LEASE, LeaseWatch, is_gone, is_visible
from desktop.jobs.queries import in_state, is_due, is_paused, owned, unknown, update_of
from desktop.jobs.rows import stems_text, to_job
from desktop.jobs.tables import jobs
from desktop.paths import Home
from desktop.process_identity import this_process


class Claims:
    """The transactions of owners, and those that find out about lost ones. Each raises StorageError."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._database = Database(home)
        self._leases = LeaseWatch()

    def claim(self, job_id: str) -> Job | None:
        """Make the calling process the owner of a job that waits, or whose owner is lost.

        None when there is nothing to do: it runs elsewhere, has ended, has just been given up or cancelled with its
        lost owner, waits for its next try, or it or the queue is paused.
        """
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
            if row is None or is_paused(connection):
                return None
            if turns.is_orphan(row):
                self._after_crash(connection, row)
            begun = update_of(job_id).where(is_due()).values(turns.claimed(row.token + 1))
            return self._job(connection, job_id) if connection.execute(begun).rowcount else None

    def heartbeat(self, job: Job, stage: Stage | None, progress: float, elapsed: float, left: float | None) -> Duty:
        """Renew the owner's lease; what it is to do from now on."""
        values: dict[str, Any] = {"progress": progress, "elapsed": elapsed, "left": left}
        values["lease_until"] = time() + LEASE
        if stage is not None:
            values["stage"] = stage.value
        with self._database.write() as connection:
            if not connection.execute(owned(job).values(values)).rowcount:
                return Duty.LET_GO
            wishes = select(jobs.c.cancel_requested, jobs.c.paused, jobs.c.removed).where(jobs.c.id == job.id)
            row = connection.execute(wishes).one()
            if row.cancel_requested:
                return Duty.CANCEL
            waits = row.paused or row.removed is not None or is_paused(connection)
            return Duty.PAUSE if waits else Duty.GO_ON

    def describe(self, job: Job, **known: Any) -> bool:
        """Write what the owner found out (`model_used`, `runtime` …). False when the claim is lost."""
        return self._owner_writes(job, known)

    def complete(self, job: Job, stems: tuple[Stem, ...], notices: tuple[str, ...], **known: Any) -> bool:
        """Publish the stems. False when the claim is lost: then they must be thrown away."""
        published = {"stems": stems_text(self._home, job.id, stems), "notices": json.dumps(notices), "progress": 1.0}
        return self._owner_writes(job, published | known | turns.completed())

    def fail(self, job: Job, error: str, elapsed: float) -> bool:
        """Record why this run made no stems. False when the claim is lost."""
        with self._database.write() as connection:
            return self._end_without_stems(connection, job, JobState.FAILED, elapsed, error)

    def held(self, job_id: str) -> Job | None:
        """The job, if it is the calling process that works on it."""
        with self._database.read() as connection:
            ours = and_(jobs.c.id == job_id, in_state(JobState.PROCESSING), jobs.c.owner == this_process())
            row = connection.execute(select(jobs).where(ours)).mappings().first()
            return to_job(self._home, row) if row else None

    def stopped(self, job: Job, elapsed: float) -> JobState | None:
        """Record that the owner stopped as it was asked to. Return `cancelled`, `pending`, or None: the claim is lost."""
        with self._database.write() as connection:
            asked = select(jobs.c.cancel_requested).where(jobs.c.id == job.id)
            if connection.execute(asked).scalar():
                written = self._end_without_stems(connection, job, JobState.CANCELLED, elapsed)
                return JobState.CANCELLED if written else None
            written = bool(connection.execute(owned(job).values(turns.waiting())).rowcount)
            return JobState.PENDING if written else None

    def release(self, job: Job) -> bool:
        """Let a job wait again that its owner leaves unfinished. False when the claim is lost."""
        return self._give_back(job, {})

    def postpone(self, job: Job, error: str, seconds: float) -> bool:
        """Let a job wait so long for its next try, which is counted. False when the claim is lost."""
        try_again = {"error": error, "retries": job.retries + 1, "not_before": time() + seconds}
        return self._give_back(job, try_again)

    def spare(self, job: Job) -> bool:
        """Let a job wait again, to be separated in less memory from now on. False when the claim is lost."""
        return self._give_back(job, {"sparing": True})

    def release_held(self) -> None:
        """Give back, unharmed, what the calling process has in work: it is about to end."""
        ours = and_(in_state(JobState.PROCESSING), jobs.c.owner == this_process())
        with self._database.write() as connection:
            for row in connection.execute(select(jobs).where(ours)).all():
                connection.execute(update_of(row.id).values(turns.given_back(row)))

    def release_ended(self) -> None:
        """Give back, unharmed, the jobs of processes that were just ended in order."""
        with self._database.write() as connection:
            for row in connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all():
                if row.owner and is_gone(row.owner):
                    connection.execute(update_of(row.id).values(turns.given_back(row)))

    def release_orphans(self) -> list[str]:
        """Give back every job whose owner is lost; at the crash bound it fails. Return the ids of all of them."""
        with self._database.read() as connection:
            in_work = connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all()
        lost = {(row.id, row.token, row.lease_until) for row in self._lost(in_work)}
        if not lost:
            return []
        with self._database.write() as connection:
            rows = connection.execute(select(jobs).where(in_state(JobState.PROCESSING))).all()
            # One that has given a sign of life meanwhile is not lost.
            still_lost = [row for row in rows if (row.id, row.token, row.lease_until) in lost]
            for row in still_lost:
                self._after_crash(connection, row)
            return [row.id for row in still_lost]

    def _lost(self, in_work: Sequence[Row[Any]]) -> list[Row[Any]]:
        unseen = {row.id: (row.token, row.lease_until) for row in in_work if row.owner and not is_visible(row.owner)}
        expired = self._leases.expired(unseen)
        return [row for row in in_work if row.id in expired or turns.is_orphan(row)]

    def _after_crash(self, connection: Connection, row: Row[Any]) -> None:
        """Count the crash, and let a lost owner's job wait again, or end."""
        kept = self._home.job(row.id).finished_segments()
        connection.execute(update_of(row.id).values(turns.after_crash(row, kept)))

    def _give_back(self, job: Job, values: dict[str, Any]) -> bool:
        """Let the owner's job wait with these values, or cancel it if that was asked for. False if the claim is lost."""
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job.id)).first()
            if row is None:
                return False
            back = turns.given_back(row) | ({} if row.cancel_requested else values)
            return bool(connection.execute(owned(job).values(back)).rowcount)

    def _end_without_stems(
        self, connection: Connection, job: Job, state: JobState, elapsed: float, error: str | None = None
    ) -> bool:
        row = connection.execute(select(jobs).where(jobs.c.id == job.id)).first()
        if row is None:
            return False
        values = {"elapsed": elapsed} | turns.ended_without_stems(row, state, error)
        return bool(connection.execute(owned(job).values(values)).rowcount)

    def _owner_writes(self, job: Job, values: dict[str, Any]) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(owned(job).values(values)).rowcount)

    def _job(self, connection: Connection, job_id: str, in_bin: bool = False) -> Job:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None or (row["removed"] is not None and not in_bin):
            raise unknown(job_id)
        return to_job(self._home, row)
