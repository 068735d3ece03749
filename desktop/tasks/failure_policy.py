"""How long a job waits before it is tried again."""

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

MAX_RETRIES = 3
# Seconds before the first retry, and how much longer each next one waits.
_FIRST_DELAY_S, _DELAY_FACTOR = 15.0, 4.0


def retry_delay(retry: int) -> float:
    """Seconds before the retry of this number, from 0: longer each time, and never the same for two jobs.

    Whatever made several jobs fail in one moment shall not be asked again by all of them in one moment.
    """
    max_delay_s = min(_FIRST_DELAY_S * _DELAY_FACTOR**retry, MAX_RETRY_DELAY_S)
    return random.uniform(max_delay_s / 2, max_delay_s)


_NO_RESPONSE_MESSAGE = "Something that Unbraid needs did not answer; the worker's log says what."
_INTERNAL_ERROR_MESSAGE = "Something went wrong in Unbraid itself. The worker's log tells what; then try again."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailurePolicy:
    """Decides by the cause, and writes it into the row: that survives whatever happens next."""

    store: JobStore
    engines: EngineCache
    retry_delay: Callable[[int], float] = retry_delay
    """Seconds before the retry of this number, from 0."""

    def apply(self, job: Job, error: Exception, elapsed: float) -> TaskResult:
        """End the caller's claim on `job` after `error`. Raises StorageError."""
        kind = classify_failure(error)
        if kind is FailureKind.TRANSIENT and job.retries < MAX_RETRIES:
            return self._schedule_retry(job, error.problem if isinstance(error, UnbraidError) else _NO_RESPONSE_MESSAGE)
        if kind is FailureKind.OUT_OF_MEMORY and not job.sparing:
            return self._retry_in_low_memory(job)
        return self._fail(job, _with_attempt_count(job, _error_message(error, kind), kind), elapsed)

    def _schedule_retry(self, job: Job, message: str) -> TaskResult:
        delay_s = self.retry_delay(job.retries)
        _log.warning("%s is tried again in %.0f s: %s", job.id, delay_s, message)
        return PENDING if self.store.schedule_retry(job, message, delay_s) else DROPPED

    def _retry_in_low_memory(self, job: Job) -> TaskResult:
        _log.warning("%s is tried again in less memory", job.id)
        self.engines.clear()
        return PENDING if self.store.retry_in_low_memory(job) else DROPPED

    def _fail(self, job: Job, message: str, elapsed: float) -> TaskResult:
        _log.warning("%s failed: %s", job.id, message)
        # With a database that just failed, this is a new connection: the store opens one for every call.
        return make_failed_result(message) if self.store.fail(job, message, elapsed) else DROPPED


def _error_message(error: Exception, kind: FailureKind) -> str:
    if kind is FailureKind.OUT_OF_MEMORY:
        return OUT_OF_MEMORY_MESSAGE
    if isinstance(error, UnbraidError):
        return str(error)
    return _NO_RESPONSE_MESSAGE if kind is FailureKind.TRANSIENT else _INTERNAL_ERROR_MESSAGE


def _with_attempt_count(job: Job, message: str, kind: FailureKind) -> str:
    return f"{message} It was tried {job.retries + 1} times." if kind is FailureKind.TRANSIENT else message
