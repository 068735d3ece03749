"""What is written into a job's row at each turn of its life."""

from time import time
from typing import Any

from sqlalchemy import Row, RowMapping, case

from desktop.audio.names import shown
from desktop.jobs.memory import memory_kills
from desktop.jobs.model import JobState, Stage
from desktop.jobs.owner import LEASE, is_gone
from desktop.jobs.results import result_text, result_values
from desktop.jobs.rows import path_of
from desktop.jobs.tables import jobs
from desktop.process_identity import this_process

# Seconds that a job waits for its next try at most.
LONGEST_REST = 600.0
CRASH_BOUND = 3
CRASHED = "This song stopped the worker {crashes} times and was given up. The worker's log may tell why; then try again."
UNDECODABLE = (
    "{name} stopped its decoder {crashes} times and was given up: it is damaged, or made to do harm. Convert it to WAV "
    "with another program, then add that."
)
NO_MEMORY = "There was not enough memory to separate this song, in shorter segments either. Close other programs, then try again."
_UNKNOWN: dict[str, Any] = {
    "cancel_requested": False, "stage": None, "elapsed": 0.0, "left": None, "model_used": None, "null_dbfs": None,
    "notices": "[]", "error": None, "started": None, "ended": None, "stems": "[]", "owner": None, "lease_until": None,
    "not_before": None, "runtime": None,
}  # fmt: skip


_NO_ATTEMPT: dict[str, Any] = {"earlier": None, "attempt": None, "attempt_error": None}


def afresh(row: RowMapping, keep_result: bool) -> dict[str, Any]:
    """Return the values that put the ended job of `row` back in the queue, from the beginning and with all its tries.

    `keep_result`: the row holds the result of a completed run, which stays until another run completes.
    """
    tries = {"crashes": 0, "kept": 0, "retries": 0, "sparing": False}
    result = {"earlier": result_text(row) if keep_result else None}
    pending = {"state": JobState.PENDING.value, "paused": False, "progress": 0.0}
    return _UNKNOWN | _NO_ATTEMPT | tries | result | pending


def waiting() -> dict[str, Any]:
    """A job that was begun waits to go on, as far as it is."""
    # How much of the model was downloaded says nothing of the song.
    far = case((jobs.c.stage == Stage.DOWNLOADING.value, 0.0), else_=jobs.c.progress)
    return _UNKNOWN | {"state": JobState.PENDING.value, "progress": far}


def claimed(token: int) -> dict[str, Any]:
    """The calling process begins a job, or goes on with it."""
    now = time()
    return _UNKNOWN | {
        "state": JobState.PROCESSING.value, "token": token, "owner": this_process(), "lease_until": now + LEASE,
        "started": now, "memory_kills": memory_kills(),
    }  # fmt: skip


def given_back(row: Row[Any]) -> dict[str, Any]:
    """Return the values that put the unfinished job of `row` back in the queue, or cancel it if that was asked for."""
    return waiting() | ended_without_stems(row, JobState.CANCELLED) if row.cancel_requested else waiting()


def ended(state: JobState) -> dict[str, Any]:
    """Nothing more happens to the job unless the user asks."""
    return {
        "state": state.value, "ended": time(), "left": None, "owner": None, "lease_until": None, "not_before": None,
        "paused": False,
    }  # fmt: skip


def completed() -> dict[str, Any]:
    """Return the values of a run that made stems: its result takes the place of an earlier one."""
    return _NO_ATTEMPT | ended(JobState.COMPLETED)


def ended_without_stems(row: Row[Any], state: JobState, error: str | None = None) -> dict[str, Any]:
    """Return the values of a run that failed or was cancelled: a job with an earlier result is completed, as before."""
    if row.earlier is None:
        return {"error": error} | ended(state)
    attempt = {"earlier": None, "attempt": state.value, "attempt_error": error}
    return _UNKNOWN | ended(JobState.COMPLETED) | attempt | result_values(row.earlier)


def after_crash(row: Row[Any], kept: int) -> dict[str, Any]:
    """The owner of `row` was lost, and left so many finished segments: the job waits again, or ends."""
    crashes = 1 if kept > row.kept else row.crashes + 1
    starved = _ran_out_of_memory(row)
    count = {"crashes": crashes, "kept": max(kept, row.kept), "sparing": row.sparing or starved}
    if row.cancel_requested:
        return waiting() | count | ended_without_stems(row, JobState.CANCELLED)
    if starved and row.sparing:
        return waiting() | count | ended_without_stems(row, JobState.FAILED, NO_MEMORY)
    if crashes >= CRASH_BOUND:
        return waiting() | count | ended_without_stems(row, JobState.FAILED, _crashed(row, crashes))
    return waiting() | count


def is_orphan(row: Row[Any]) -> bool:
    """Return True for a job in work whose owner can be seen to have ended."""
    return row.state == JobState.PROCESSING and (row.owner is None or is_gone(row.owner))


def _crashed(row: Row[Any], crashes: int) -> str:
    """Why a job was given up, by what its last owner was doing."""
    sentence = UNDECODABLE if row.stage == Stage.DECODING.value else CRASHED
    return sentence.format(name=shown(path_of(row.source).name), crashes=crashes)


def _ran_out_of_memory(row: Row[Any]) -> bool:
    """True when the owner is dead, and since it took the job the system has ended a process for want of memory."""
    now = memory_kills()
    if now is None or row.memory_kills is None or row.owner is None:
        return False
    return now > row.memory_kills and is_gone(row.owner)
