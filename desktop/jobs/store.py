"""The library's jobs: every transaction there is. The row is the truth; Redis and files follow it.

A claim makes a worker the owner of a job under a new fencing token; only under that token may it write. So a worker
that was thought dead, and was not, can do no harm.

A song that kills its workers is given up; one whose workers are killed, and which comes further each time, is not. So
crashes count from the last one on that left more finished segments behind than there ever were.
"""

import json
from collections.abc import Collection
from time import time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, and_, delete, func, insert, select, update

from desktop.audio.names import shown
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.database import Database
from desktop.jobs.model import Job, JobOptions, JobState, Stage, Stem
from desktop.jobs.owner import is_gone, this_process
from desktop.jobs.rows import options_text, stems_text, to_job, to_row
from desktop.jobs.tables import jobs, queue
from desktop.paths import Home

# Seconds that an owner is believed to live after its last sign.
LEASE = 30.0
CRASH_BOUND = 3
CRASHED = "This song stopped the worker {crashes} times and was given up. The log may tell why; then try again."
UNDECODABLE = (
    "{name} stopped its decoder {crashes} times and was given up: it is damaged, or made to do harm. Convert it to WAV "
    "with another program, then add that."
)
_FRESH: dict[str, Any] = {
    "cancel_requested": False, "stage": None, "progress": 0.0, "elapsed": 0.0, "left": None, "model_used": None,
    "null_dbfs": None, "notices": "[]", "error": None, "started": None, "ended": None, "stems": "[]",
    "owner": None, "lease_until": None,
}  # fmt: skip


class JobStore:
    """All that is ever asked of the database. Every method is one short transaction and raises StorageError."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._database = Database(home)

    def check(self) -> None:
        """Look at the whole database. Raises DamagedLibraryError."""
        self._database.check()

    def insert(self, job: Job) -> Job:
        """Add a job at the end of the queue."""
        with self._database.write() as connection:
            row = to_row(self._home, job) | {"position": _end_of_queue(connection)}
            connection.execute(insert(jobs).values(row))
            return self._job(connection, job.id)

    def jobs(self) -> list[Job]:
        """Every job in the order of the queue."""
        with self._database.read() as connection:
            rows = connection.execute(select(jobs).order_by(jobs.c.position)).mappings()
            return [to_job(self._home, row) for row in rows]

    def pending(self) -> list[Job]:
        """The jobs that wait for a worker, first to run first."""
        with self._database.read() as connection:
            rows = connection.execute(select(jobs).where(_in(JobState.PENDING)).order_by(jobs.c.position)).mappings()
            return [to_job(self._home, row) for row in rows]

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError."""
        with self._database.read() as connection:
            return self._job(connection, job_id)

    def remove(self, job_id: str) -> None:
        """Forget a job; its owner, if any, finds out at its next heartbeat. Raises UnknownJobError."""
        with self._database.write() as connection:
            if not connection.execute(delete(jobs).where(jobs.c.id == job_id)).rowcount:
                raise _unknown(job_id)

    def remove_ended(self, job_ids: Collection[str]) -> list[str]:
        """Forget those of these jobs that have ended. The ids of all that were forgotten."""
        with self._database.write() as connection:
            known = connection.execute(select(jobs.c.id, jobs.c.state)).all()
            ended = [row.id for row in known if row.id in job_ids and JobState(row.state).ended]
            for job_id in ended:
                connection.execute(delete(jobs).where(jobs.c.id == job_id))
            return ended

    def request_cancel(self, job_id: str) -> Job:
        """A pending job is cancelled at once, a running one by its owner. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            job = self._job(connection, job_id)
            if job.state.ended:
                raise JobStateError("This song is done with: there is nothing to cancel.")
            values: dict[str, Any] = {"cancel_requested": True}
            if job.state is JobState.PENDING:
                values |= {"state": JobState.CANCELLED.value, "ended": time()}
            connection.execute(_update(job_id).values(values))
            return self._job(connection, job_id)

    def retry(self, job_id: str, options: JobOptions) -> Job:
        """Put an ended job at the end of the queue. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            if not self._job(connection, job_id).state.ended:
                raise JobStateError("This song is still in the queue: there is nothing to repeat.")
            place = {"position": _end_of_queue(connection), "options": options_text(options)}
            state = {"state": JobState.PENDING.value, "crashes": 0, "kept": 0}
            connection.execute(_update(job_id).values(_FRESH | place | state))
            return self._job(connection, job_id)

    def move_first(self, job_id: str) -> Job:
        """Let a pending job be the next. Raises UnknownJobError, JobStateError."""
        with self._database.write() as connection:
            if self._job(connection, job_id).state is not JobState.PENDING:
                raise JobStateError("This song does not wait in the queue.")
            first = connection.execute(select(func.min(jobs.c.position))).scalar() or 0
            connection.execute(_update(job_id).values(position=first - 1))
            return self._job(connection, job_id)

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Let a pending job run right before another pending one, or last. Every job whose place that changed.

        Raises UnknownJobError, JobStateError.
        """
        with self._database.write() as connection:
            known = {one: self._job(connection, one).state for one in (job_id, before) if one is not None}
            if any(state is not JobState.PENDING for state in known.values()):
                raise JobStateError("Only songs that wait in the queue can be put in another order.")
            waiting = select(jobs.c.id, jobs.c.position).where(_in(JobState.PENDING)).order_by(jobs.c.position)
            places = {row.id: row.position for row in connection.execute(waiting)}
            # The places stay, and are given out anew: jobs that do not wait keep theirs.
            order = dict(zip(_moved(list(places), job_id, before), places.values(), strict=True))
            changed = [one for one, place in order.items() if place != places[one]]
            for one in changed:
                connection.execute(_update(one).values(position=order[one]))
            return [self._job(connection, one) for one in changed]

    def paused(self) -> bool:
        """True while no waiting job may be begun."""
        with self._database.read() as connection:
            return bool(connection.execute(select(queue.c.paused)).scalar_one())

    def set_paused(self, paused: bool) -> None:
        """Hold the queue, or let it go on. What runs is not touched."""
        with self._database.write() as connection:
            connection.execute(update(queue).values(paused=paused))

    def claim(self, job_id: str) -> Job | None:
        """Make the calling process the owner of a job that waits, or whose owner is lost.

        None when there is nothing to do: it runs elsewhere, has ended, has just been given up or cancelled with its
        lost owner, or the queue is paused.
        """
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
            if connection.execute(select(queue.c.paused)).scalar_one():
                return None
            if row is None or (row.state != JobState.PENDING and not _is_orphan(row)):
                return None
            if row.state == JobState.PROCESSING and self._after_crash(connection, row).ended:
                return None
            connection.execute(_update(job_id).values(_FRESH | _claimed(row.token + 1)))
            return self._job(connection, job_id)

    def heartbeat(
        self, job: Job, stage: Stage | None, progress: float, elapsed: float, left: float | None
    ) -> bool | None:
        """Renew the owner's lease. True when it shall stop because the user cancelled, None when the claim is lost."""
        values: dict[str, Any] = {"lease_until": time() + LEASE, "progress": progress, "elapsed": elapsed, "left": left}
        with self._database.write() as connection:
            if stage is not None:
                values["stage"] = stage.value
            if not connection.execute(_owned(job).values(values)).rowcount:
                return None
            return bool(connection.execute(select(jobs.c.cancel_requested).where(jobs.c.id == job.id)).scalar_one())

    def describe(self, job: Job, **known: Any) -> bool:
        """Write what the owner found out (`model_used`, `seconds` …). False when the claim is lost."""
        return self._owner_writes(job, known)

    def complete(self, job: Job, stems: tuple[Stem, ...], notices: tuple[str, ...], **known: Any) -> bool:
        """Publish the stems. False when the claim is lost: then they must be thrown away."""
        published = {"stems": stems_text(self._home, job.id, stems), "notices": json.dumps(notices), "progress": 1.0}
        return self._owner_writes(job, published | known | _ended(JobState.COMPLETED))

    def fail(self, job: Job, error: str, elapsed: float) -> bool:
        """Record why the job cannot be done. False when the claim is lost."""
        return self._owner_writes(job, {"error": error, "elapsed": elapsed} | _ended(JobState.FAILED))

    def give_up(self, job_id: str, error: str) -> None:
        """Record a failure of the job that the calling process owns, whatever its token."""
        with self._database.write() as connection:
            ours = and_(_in(JobState.PROCESSING), jobs.c.owner == this_process())
            connection.execute(_update(job_id).where(ours).values({"error": error} | _ended(JobState.FAILED)))

    def cancelled(self, job: Job, elapsed: float) -> bool:
        """Record that the job stopped as it was asked to. False when the claim is lost."""
        return self._owner_writes(job, {"elapsed": elapsed} | _ended(JobState.CANCELLED))

    def release(self, job: Job) -> bool:
        """Let a job wait again that its owner leaves unfinished. False when the claim is lost."""
        return self._owner_writes(job, _FRESH | {"state": JobState.PENDING.value})

    def release_ended(self) -> None:
        """Give back, unharmed, the jobs of processes that were just ended in order."""
        with self._database.write() as connection:
            for row in connection.execute(select(jobs).where(_in(JobState.PROCESSING))).all():
                if row.owner and is_gone(row.owner):
                    connection.execute(_update(row.id).values(_FRESH | {"state": JobState.PENDING.value}))

    def release_orphans(self) -> list[str]:
        """Give back every job whose owner is lost; at the crash bound it fails. The ids of all of them."""
        with self._database.read() as connection:
            if not any(_is_orphan(row) for row in connection.execute(select(jobs).where(_in(JobState.PROCESSING)))):
                return []
        with self._database.write() as connection:
            rows = connection.execute(select(jobs).where(_in(JobState.PROCESSING))).all()
            lost = [row for row in rows if _is_orphan(row)]
            for row in lost:
                self._after_crash(connection, row)
            return [row.id for row in lost]

    def _after_crash(self, connection: Connection, row: Row[Any]) -> JobState:
        """Count the crash, and let a lost owner's job wait again, or end."""
        kept = self._home.job(row.id).finished_segments()
        crashes = 1 if kept > row.kept else row.crashes + 1
        values: dict[str, Any] = _FRESH | {"crashes": crashes, "kept": max(kept, row.kept)}
        if row.cancel_requested:
            values |= _ended(JobState.CANCELLED)
        elif crashes >= CRASH_BOUND:
            values |= _ended(JobState.FAILED) | {"error": _crashed(self._job(connection, row.id), crashes)}
        else:
            values["state"] = JobState.PENDING.value
        connection.execute(_update(row.id).values(values))
        return JobState(values["state"])

    def _owner_writes(self, job: Job, values: dict[str, Any]) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(_owned(job).values(values)).rowcount)

    def _job(self, connection: Connection, job_id: str) -> Job:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if row is None:
            raise _unknown(job_id)
        return to_job(self._home, row)


def _crashed(job: Job, crashes: int) -> str:
    """Why a job was given up, by what its last owner was doing."""
    sentence = UNDECODABLE if job.stage is Stage.DECODING else CRASHED
    return sentence.format(name=shown(job.source.name), crashes=crashes)


def _in(state: JobState) -> ColumnElement[bool]:
    return jobs.c.state == state.value


def _update(job_id: str) -> Update:
    return update(jobs).where(jobs.c.id == job_id)


def _owned(job: Job) -> Update:
    return update(jobs).where(and_(jobs.c.id == job.id, jobs.c.token == job.token, _in(JobState.PROCESSING)))


def _claimed(token: int) -> dict[str, Any]:
    now = time()
    return {
        "state": JobState.PROCESSING.value, "token": token, "owner": this_process(), "lease_until": now + LEASE,
        "started": now,
    }  # fmt: skip


def _ended(state: JobState) -> dict[str, Any]:
    return {"state": state.value, "ended": time(), "left": None, "owner": None, "lease_until": None}


def _is_orphan(row: Row[Any]) -> bool:
    if row.state != JobState.PROCESSING:
        return False
    return row.owner is None or row.lease_until < time() or is_gone(row.owner)


def _moved(ids: list[str], job_id: str, before: str | None) -> list[str]:
    if job_id == before:
        return ids
    rest = [one for one in ids if one != job_id]
    place = len(rest) if before is None else rest.index(before)
    return [*rest[:place], job_id, *rest[place:]]


def _end_of_queue(connection: Connection) -> int:
    return (connection.execute(select(func.max(jobs.c.position))).scalar() or 0) + 1


def _unknown(job_id: str) -> UnknownJobError:
    return UnknownJobError(f"There is no song {job_id} in the library: it was removed.")
