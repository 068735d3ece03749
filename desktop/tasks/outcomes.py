"""Outcomes of a run: results of the Celery task, the kinds of failures, and the failure policy.

A failure is classified by class and errno, because neither is enough: errors of Redis and SQLite are no OSErrors, and
an OSError may be a missing file or a broken connection. The message is used only if there is nothing else.

The worker's main process imports this module, so it imports no database and no engine.
"""

import errno
import logging
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import redis.exceptions
from kombu.exceptions import OperationalError as UnreachableBrokerError

from desktop.errors import DamagedLibraryError, ModelRejectedError, UnbraidError, UnusableTrackError
from desktop.jobs.model import MAX_RETRY_DELAY_S, Job, JobState
from desktop.jobs.text import OUT_OF_MEMORY_MESSAGE
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.jobs.store import JobStore
    from desktop.tasks.engine_cache import EngineCache

_log = logging.getLogger(__name__)


class FailureKind(Enum):
    """Kind of a failure, which determines what happens to the job."""

    PERMANENT = "permanent"
    """A retry would fail again: file missing or damaged, disk full, permission denied."""
    TRANSIENT = "transient"
    """A service did not answer or was busy: a retry may succeed."""
    OUT_OF_MEMORY = "out of memory"
    """Memory ran out: a retry in low memory may succeed."""


MAX_RETRIES = 3
# Longest delay before the first retry in seconds, and the factor by which it grows for each further retry.
_FIRST_DELAY_S, _DELAY_FACTOR = 15.0, 4.0
_NO_RESPONSE_MESSAGE = Message("A service that Unbraid needs did not answer. The worker's log names it.")
_INTERNAL_ERROR_MESSAGE = Message("An internal error stopped the separation. See the worker's log, then try again.")
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


def retry_delay(retry: int) -> float:
    """Return the delay in seconds before a retry, counted from 0: exponential backoff with jitter.

    The jitter keeps jobs that failed together from retrying together.
    """
    max_delay_s = min(_FIRST_DELAY_S * _DELAY_FACTOR**retry, MAX_RETRY_DELAY_S)
    return random.uniform(max_delay_s / 2, max_delay_s)


@dataclass(frozen=True)
class FailurePolicy:
    """Ends a failed run by the kind of its failure: schedules a retry, retries in low memory, or fails the job.

    The decision is stored in the row, so that it survives restarts.
    """

    store: "JobStore"
    engines: "EngineCache"
    retry_delay: Callable[[int], float] = retry_delay
    """Returns the delay in seconds before a retry, counted from 0."""

    def apply(self, job: Job, error: Exception, elapsed: float) -> TaskResult:
        """End the caller's claim on `job` after `error` and return the result. Raises StorageError.

        `elapsed` is the time since the claim in seconds.
        """
        kind = classify_failure(error)
        if kind is FailureKind.TRANSIENT and job.retries < MAX_RETRIES:
            return self._schedule_retry(job, error.problem if isinstance(error, UnbraidError) else _NO_RESPONSE_MESSAGE)
        if kind is FailureKind.OUT_OF_MEMORY and not job.low_memory:
            return self._retry_in_low_memory(job)
        return self._fail(job, _with_attempt_count(job, _error_message(error, kind), kind), elapsed)

    def _schedule_retry(self, job: Job, message: Message) -> TaskResult:
        delay_s = self.retry_delay(job.retries)
        _log.warning("Job %s is retried in %.0f s: %s", job.id, delay_s, message)
        return PENDING if self.store.ownership.schedule_retry(job, message, delay_s) else DROPPED

    def _retry_in_low_memory(self, job: Job) -> TaskResult:
        _log.warning("Job %s is retried in low memory", job.id)
        self.engines.clear()
        return PENDING if self.store.ownership.retry_in_low_memory(job) else DROPPED

    def _fail(self, job: Job, message: Message, elapsed: float) -> TaskResult:
        _log.warning("Job %s failed: %s", job.id, message)
        # This works even if the database has just failed: the store opens a new connection for each call.
        return make_failed_result(message) if self.store.ownership.fail(job, message, elapsed) else DROPPED


def _error_message(error: Exception, kind: FailureKind) -> Message:
    if kind is FailureKind.OUT_OF_MEMORY:
        return OUT_OF_MEMORY_MESSAGE
    if isinstance(error, UnbraidError):
        return error.message
    return _NO_RESPONSE_MESSAGE if kind is FailureKind.TRANSIENT else _INTERNAL_ERROR_MESSAGE


def _with_attempt_count(job: Job, message: Message, kind: FailureKind) -> Message:
    if kind is not FailureKind.TRANSIENT:
        return message
    return Message("{problem} Unbraid tried {attempts} times.", problem=message, attempts=job.retries + 1)


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
