"""Outcomes of a run: results of the Celery task, and the classification of failures.

A failure is classified by class and errno, because neither is enough: errors of Redis and SQLite are no OSErrors, and
an OSError may be a missing file or a broken connection. The message is used only if there is nothing else.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

import redis.exceptions
from kombu.exceptions import OperationalError as UnreachableBrokerError

from desktop.errors import DamagedLibraryError, ModelRejectedError, UnusableTrackError
from desktop.jobs.model import Job, JobState
from desktop.text.message import Message


class FailureKind(Enum):
    """Kind of a failure, which determines what happens to the job."""

    PERMANENT = "permanent"
    """A retry would fail again: file missing or damaged, disk full, permission denied."""
    TRANSIENT = "transient"
    """A service did not answer or was busy: a retry may succeed."""
    OUT_OF_MEMORY = "out of memory"
    """Memory ran out: a retry in low memory may succeed."""


TaskResult = dict[str, str]
"""JSON result of the Celery task: the key "status", and "error" for a failed job."""
COMPLETED: TaskResult = {"status": JobState.COMPLETED.value}
CANCELLED: TaskResult = {"status": JobState.CANCELLED.value}
PENDING: TaskResult = {"status": JobState.PENDING.value}
"""The job returned to the queue: it was paused, reached its time limit, or waits for its retry."""
DROPPED: TaskResult = {"status": "dropped"}
"""The library has no such job, or the claim was lost."""
_TRANSIENT_ERRNOS = frozenset((
    errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.ESTALE, errno.ENOLCK,
    errno.EDEADLK, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED,
    errno.ECONNREFUSED, errno.ENOTCONN, errno.ENETDOWN, errno.ENETUNREACH, errno.ENETRESET, errno.EHOSTUNREACH,
    errno.ESHUTDOWN,
))  # fmt: skip
_TRANSIENT_ERRORS = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, UnreachableBrokerError)
# Redis answered, and a retry would get the same answer.
_ACCESS_ERRORS = (redis.exceptions.AuthenticationError, redis.exceptions.AuthorizationError)
_TRANSIENT_SQLITE_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL)
# Permanent whatever their cause: the file is unusable.
_PERMANENT_ERRORS = (UnusableTrackError, ModelRejectedError, DamagedLibraryError)
# torch raises a RuntimeError when memory runs out on the CPU; OpenVINO passes on C++'s bad_alloc.
_OOM_CLASS_NAME, _OOM_MESSAGES = "OutOfMemoryError", ("can't allocate memory", "not enough memory", "bad_alloc")


def make_failed_result(message: Message) -> TaskResult:
    """Return the result of a failed job, with the reason for the user."""
    return {"status": JobState.FAILED.value, "error": str(message)}


def make_job_result(job: Job) -> TaskResult:
    """Return the result of a job that the caller does not own, from its state."""
    if job.state is JobState.FAILED and job.error:
        return make_failed_result(job.error)
    return {"status": job.state.value}


def classify_failure(error: BaseException) -> FailureKind:
    """Return the kind of a failure from `error` and its chain of causes."""
    if isinstance(error, _PERMANENT_ERRORS):
        return FailureKind.PERMANENT
    for cause in _walk_causes(error):
        if _is_out_of_memory(cause):
            return FailureKind.OUT_OF_MEMORY
        if _is_transient(cause):
            return FailureKind.TRANSIENT
    return FailureKind.PERMANENT


def _walk_causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    has_oom_class = any(kind.__name__ == _OOM_CLASS_NAME for kind in type(error).__mro__)
    has_oom_message = isinstance(error, RuntimeError) and any(message in str(error) for message in _OOM_MESSAGES)
    return isinstance(error, MemoryError) or has_oom_class or has_oom_message


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, OSError):
        # Libraries with their own timeouts raise these without an errno.
        return error.errno in _TRANSIENT_ERRNOS or (
            error.errno is None and isinstance(error, (TimeoutError, ConnectionError, InterruptedError))
        )
    if isinstance(error, sqlite3.Error):
        # The low byte of an extended code is the primary code. Errors of the sqlite3 module itself have no code.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TRANSIENT_SQLITE_CODES
    return isinstance(error, _TRANSIENT_ERRORS) and not isinstance(error, _ACCESS_ERRORS)
