"""The failure policy: whether a failed job is retried, when, and with which message it fails for good."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from desktop.errors import UnbraidError
from desktop.jobs.model import Job
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_RETRY_DELAY_S, OUT_OF_MEMORY_MESSAGE
from desktop.tasks.engine_cache import EngineCache
from desktop.tasks.outcomes import DROPPED, PENDING, FailureKind, TaskResult, classify_failure, make_failed_result
from desktop.text.message import Message

MAX_RETRIES = 3
# Longest delay before the first retry in seconds, and the factor by which it grows for each further retry.
_FIRST_DELAY_S, _DELAY_FACTOR = 15.0, 4.0
_NO_RESPONSE_MESSAGE = Message("A service that Unbraid needs did not answer. The worker's log names it.")
_INTERNAL_ERROR_MESSAGE = Message("An internal error stopped the separation. See the worker's log, then try again.")
_log = logging.getLogger(__name__)


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

    store: JobStore
    engines: EngineCache
    retry_delay: Callable[[int], float] = retry_delay
    """Returns the delay in seconds before a retry, counted from 0."""

    def apply(self, job: Job, error: Exception, elapsed: float) -> TaskResult:
        """End the caller's claim on `job` after `error` and return the result. Raises StorageError.

        `elapsed` is the time since the claim in seconds.
        """
        kind = classify_failure(error)
        if kind is FailureKind.TRANSIENT and job.retries < MAX_RETRIES:
            return self._schedule_retry(job, error.problem if isinstance(error, UnbraidError) else _NO_RESPONSE_MESSAGE)
        if kind is FailureKind.OUT_OF_MEMORY and not job.sparing:
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
