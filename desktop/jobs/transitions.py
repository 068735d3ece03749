"""State transitions of jobs: column values, row conditions, and errors."""

from time import time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Update, and_, case, func, or_, select, update

from desktop.audio.names import printable
from desktop.errors import DuplicateTrackError, UnknownJobError
from desktop.jobs.database import jobs, queue
from desktop.jobs.model import MAX_RETRY_DELAY_S, Job, JobState
from desktop.jobs.rows import job_from_row, path_from_hex, result_from_json, result_to_json
from desktop.jobs.text import OUT_OF_MEMORY_MESSAGE
from desktop.paths import Home
from desktop.runtime.process_identity import current_process_identity, has_exited, oom_kill_count
from desktop.stage import Stage
from desktop.text.message import Message, message_to_json

LEASE_S = 30.0
"""Seconds without a heartbeat after which an owner on another machine counts as lost."""
MAX_CRASHES = 3
CRASHED_MESSAGE = Message(
    "This song crashed the worker {crashes} times, so Unbraid gave up on it. See the worker's log, then try again."
)
UNDECODABLE_MESSAGE = Message(
    "{name} crashed its decoder {crashes} times, so Unbraid gave up on it: the file is damaged or malicious. Convert it "
    "to WAV with another program, then add the WAV file."
)
_IN_BIN = Message("“{title}” is among the removed songs.")
_IN_LIBRARY = Message("“{title}” is already in your library.")
_CLEARED_RUN: dict[str, Any] = {
    "cancel_requested": False, "stage": None, "elapsed": 0.0, "left": None, "model_used": None, "null_dbfs": None,
    "notices": "[]", "error": None, "started": None, "ended": None, "stems": "[]", "owner": None, "lease_until": None,
    "not_before": None, "runtime": None,
}  # fmt: skip
_CLEARED_ATTEMPT: dict[str, Any] = {"earlier": None, "attempt": None, "attempt_error": None}


def restarted_values(row: RowMapping, keep_result: bool) -> dict[str, Any]:
    """Return the values that put the ended job of `row` back in the queue, with progress and counters reset.

    `keep_result`: keep the result of the completed run in `row` until another run completes.
    """
    counters = {"crashes": 0, "kept": 0, "retries": 0, "sparing": False, "analysis_attempts": 0}
    result = {"earlier": result_to_json(row) if keep_result else None}
    pending = {"state": JobState.PENDING.value, "paused": False, "progress": 0.0}
    return _CLEARED_RUN | _CLEARED_ATTEMPT | counters | result | pending


def pending_values() -> dict[str, Any]:
    """Return the values that put a started job back in the queue, with its progress."""
    # Progress of a download says nothing about the track.
    kept_progress = case((jobs.c.stage == Stage.DOWNLOADING.value, 0.0), else_=jobs.c.progress)
    return _CLEARED_RUN | {"state": JobState.PENDING.value, "progress": kept_progress}


def claimed_values(token: int) -> dict[str, Any]:
    """Return the values that make the calling process the owner under `token`."""
    now = time()
    return _CLEARED_RUN | {
        "state": JobState.PROCESSING.value, "token": token, "owner": current_process_identity(), "lease_until": now + LEASE_S,
        "started": now, "memory_kills": oom_kill_count(),
    }  # fmt: skip


def released_values(row: Row[Any]) -> dict[str, Any]:
    """Return the values that put the unfinished job of `row` back in the queue, or cancel it if requested."""
    return (
        pending_values() | ended_without_stems_values(row, JobState.CANCELLED)
        if row.cancel_requested
        else pending_values()
    )


def ended_values(state: JobState) -> dict[str, Any]:
    """Return the values that end a job in `state`."""
    return {
        "state": state.value, "ended": time(), "left": None, "owner": None, "lease_until": None, "not_before": None,
        "paused": False,
    }  # fmt: skip


def completed_values() -> dict[str, Any]:
    """Return the values that end a run with stems, whose result replaces an earlier one."""
    return _CLEARED_ATTEMPT | ended_values(JobState.COMPLETED) | {"analysis_attempts": 0}


def ended_without_stems_values(row: Row[Any], state: JobState, error: Message | None = None) -> dict[str, Any]:
    """Return the values that end a run without stems in `state`.

    A job with an earlier result becomes `completed` again, and the run becomes its last attempt.
    """
    stored_error = message_to_json(error) if error else None
    if row.earlier is None:
        return {"error": stored_error} | ended_values(state)
    attempt = {"earlier": None, "attempt": state.value, "attempt_error": stored_error}
    return _CLEARED_RUN | ended_values(JobState.COMPLETED) | attempt | result_from_json(row.earlier)


def crashed_values(row: Row[Any], finished_segments: int) -> dict[str, Any]:
    """Return the values for a job whose owner is lost: it returns to the queue, or ends.

    `finished_segments` is the number of finished segments that the owner left.
    """
    crashes = 1 if finished_segments > row.kept else row.crashes + 1
    out_of_memory = _was_oom_killed(row)
    counters = {"crashes": crashes, "kept": max(finished_segments, row.kept), "sparing": row.sparing or out_of_memory}
    if row.cancel_requested:
        return pending_values() | counters | ended_without_stems_values(row, JobState.CANCELLED)
    if out_of_memory and row.sparing:
        return pending_values() | counters | ended_without_stems_values(row, JobState.FAILED, OUT_OF_MEMORY_MESSAGE)
    if crashes >= MAX_CRASHES:
        return (
            pending_values() | counters | ended_without_stems_values(row, JobState.FAILED, _crash_message(row, crashes))
        )
    return pending_values() | counters


def is_orphan(row: Row[Any]) -> bool:
    """Return True if the job of `row` is processing and its owner is known to have exited."""
    return row.state == JobState.PROCESSING and (row.owner is None or has_exited(row.owner))


def in_state(state: JobState) -> ColumnElement[bool]:
    """Return the condition that the job is in `state`."""
    return jobs.c.state == state.value


def in_library() -> ColumnElement[bool]:
    """Return the condition that the job is not in the bin."""
    return jobs.c.removed.is_(None)


def is_due() -> ColumnElement[bool]:
    """Return the condition that a worker may start the job now, unless the queue is paused."""
    now = time()
    # A time further ahead than the longest delay was written before the clock was set back.
    retry_delay_over = or_(jobs.c.not_before.is_(None), ~jobs.c.not_before.between(now, now + MAX_RETRY_DELAY_S))
    return and_(in_state(JobState.PENDING), in_library(), jobs.c.paused.is_(False), retry_delay_over)


def update_job(job_id: str) -> Update:
    """Return an UPDATE statement for one job."""
    return update(jobs).where(jobs.c.id == job_id)


def update_owned(job: Job) -> Update:
    """Return an UPDATE statement that matches only if the claim with the token of `job` still holds."""
    return update(jobs).where(and_(jobs.c.id == job.id, jobs.c.token == job.token, in_state(JobState.PROCESSING)))


def read_queue_paused(connection: Connection) -> bool:
    """Return whether the queue is paused."""
    return bool(connection.execute(select(queue.c.paused)).scalar_one())


def next_position(connection: Connection) -> int:
    """Return the position after all others."""
    return (connection.execute(select(func.max(jobs.c.position))).scalar() or 0) + 1


def select_job(connection: Connection, home: Home, job_id: str, include_bin: bool = False) -> Job:
    """Return a job of the library, or also of the bin if `include_bin`. Raises UnknownJobError."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
    if row is None or (row["removed"] is not None and not include_bin):
        raise UnknownJobError(Message("There is no song {job_id} in the library: it was removed.", job_id=job_id))
    return job_from_row(home, row)


def duplicate_track_error(job: Job) -> DuplicateTrackError:
    """Return the error for a new track with the same content as `job`."""
    in_bin = job.removed is not None
    template = _IN_BIN if in_bin else _IN_LIBRARY
    return DuplicateTrackError(template.with_arguments(title=printable(job.title, 60)), job.id, in_bin)


def _crash_message(row: Row[Any], crashes: int) -> Message:
    """Return why the job failed, by the stage at which its last owner crashed."""
    message = UNDECODABLE_MESSAGE if row.stage == Stage.DECODING.value else CRASHED_MESSAGE
    return message.with_arguments(name=printable(path_from_hex(row.source).name), crashes=crashes)


def _was_oom_killed(row: Row[Any]) -> bool:
    """Return True if the owner has exited and the system killed a process for lack of memory since the claim."""
    current_count = oom_kill_count()
    if current_count is None or row.memory_kills is None or row.owner is None:
        return False
    return current_count > row.memory_kills and has_exited(row.owner)
