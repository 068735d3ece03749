"""What a failure means for the next try: decided by class and errno, and by words only where there is nothing else.

Redis's and SQLite's errors are no OSErrors, and an OSError may be a missing file as well as a line that was busy; so
neither the class nor the number is enough.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

import redis.exceptions
from kombu.exceptions import OperationalError as UnreachableBrokerError

from desktop.errors import DamagedLibraryError, ModelRejectedError, UnusableTrackError
from desktop.jobs.model import Job, JobState


class FailureKind(Enum):
    """Why a job failed, as far as it matters for what happens next."""

    PERMANENT = "lasting"
    """Another try would end in the same way: missing, damaged, no room, not allowed."""
    TRANSIENT = "passing"
    """Something did not answer, or was busy: another try may do."""
    OUT_OF_MEMORY = "memory"
    """There was not enough memory."""


_TRANSIENT_ERRNOS = frozenset((
    errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.ESTALE, errno.ENOLCK,
    errno.EDEADLK, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED,
    errno.ECONNREFUSED, errno.ENOTCONN, errno.ENETDOWN, errno.ENETUNREACH, errno.ENETRESET, errno.EHOSTUNREACH,
    errno.ESHUTDOWN,
))  # fmt: skip
_TRANSIENT_ERRORS = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, UnreachableBrokerError)
# Redis answers, and would say the same again.
_ACCESS_ERRORS = (redis.exceptions.AuthenticationError, redis.exceptions.AuthorizationError)
_TRANSIENT_SQLITE_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL)
# Whatever made them say so: nothing can be done with this file.
_PERMANENT_ERRORS = (UnusableTrackError, ModelRejectedError, DamagedLibraryError)
# torch says it with a RuntimeError where there is no graphics card, and OpenVINO with C++'s own word.
_OOM_CLASS_NAME, _OOM_MESSAGES = "OutOfMemoryError", ("can't allocate memory", "not enough memory", "bad_alloc")


def classify_failure(error: BaseException) -> FailureKind:
    """Look at an error, and at those that it was raised from."""
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
    has_oom_message = isinstance(error, RuntimeError) and any(words in str(error) for words in _OOM_MESSAGES)
    return isinstance(error, MemoryError) or has_oom_class or has_oom_message


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, OSError):
        # Raised without a number by libraries that count the time themselves.
        return error.errno in _TRANSIENT_ERRNOS or (
            error.errno is None and isinstance(error, (TimeoutError, ConnectionError, InterruptedError))
        )
    if isinstance(error, sqlite3.Error):
        # The lower byte is the kind; the rest says more about it. Errors of the module's own have no code.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TRANSIENT_SQLITE_CODES
    return isinstance(error, _TRANSIENT_ERRORS) and not isinstance(error, _ACCESS_ERRORS)


TaskResult = dict[str, str]

COMPLETED: TaskResult = {"status": JobState.COMPLETED.value}
CANCELLED: TaskResult = {"status": JobState.CANCELLED.value}
PENDING: TaskResult = {"status": JobState.PENDING.value}
"""It was begun, and waits to go on: paused, out of time, or until its next try."""
DROPPED: TaskResult = {"status": "dropped"}
"""The library has no such job, or another process owns it now."""


def make_failed_result(message: str) -> TaskResult:
    """It cannot be done, and why."""
    return {"status": JobState.FAILED.value, "error": message}


def make_job_result(job: Job) -> TaskResult:
    """Return what the row says of a job that another run has ended, or may end."""
    return make_failed_result(job.error or "") if job.state is JobState.FAILED else {"status": job.state.value}
