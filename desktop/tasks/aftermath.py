"""What becomes of a job that failed: it waits for another try, is tried in less memory, or ends with a sentence."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from desktop.errors import UnbraidError
from desktop.jobs.model import Job
from desktop.jobs.store import JobStore
from desktop.jobs.turns import NO_MEMORY
from desktop.tasks.answers import DROPPED, WAITING, Answer, failed
from desktop.tasks.backoff import MOST_RETRIES, rest_before
from desktop.tasks.causes import Cause, cause_of
from desktop.tasks.engine_room import EngineRoom

_NO_ANSWER = "Something that Unbraid needs did not answer; the worker's log says what."
_OUR_FAULT = "Something went wrong in Unbraid itself. The worker's log tells what; then try again."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Aftermath:
    """Decides by the cause, and writes it into the row: that survives whatever happens next."""

    store: JobStore
    engines: EngineRoom
    rest_before: Callable[[int], float] = rest_before
    """Seconds before the retry of this number, from 0."""

    def settle(self, job: Job, error: Exception, elapsed: float) -> Answer:
        """End the caller's claim on `job` after `error`. Raises StorageError."""
        cause = cause_of(error)
        if cause is Cause.PASSING and job.retries < MOST_RETRIES:
            return self._postpone(job, error.what if isinstance(error, UnbraidError) else _NO_ANSWER)
        if cause is Cause.MEMORY and not job.sparing:
            return self._spare(job)
        return self._fail(job, _last_words(job, _sentence(error, cause), cause), elapsed)

    def _postpone(self, job: Job, sentence: str) -> Answer:
        seconds = self.rest_before(job.retries)
        _log.warning("%s is tried again in %.0f s: %s", job.id, seconds, sentence)
        return WAITING if self.store.postpone(job, sentence, seconds) else DROPPED

    def _spare(self, job: Job) -> Answer:
        _log.warning("%s is tried again in less memory", job.id)
        self.engines.clear()
        return WAITING if self.store.spare(job) else DROPPED

    def _fail(self, job: Job, sentence: str, elapsed: float) -> Answer:
        _log.warning("%s failed: %s", job.id, sentence)
        # With a database that just failed, this is a new connection: the store opens one for every call.
        return failed(sentence) if self.store.fail(job, sentence, elapsed) else DROPPED


def _sentence(error: Exception, cause: Cause) -> str:
    if cause is Cause.MEMORY:
        return NO_MEMORY
    if isinstance(error, UnbraidError):
        return str(error)
    return _NO_ANSWER if cause is Cause.PASSING else _OUR_FAULT


def _last_words(job: Job, sentence: str, cause: Cause) -> str:
    return f"{sentence} It was tried {job.retries + 1} times." if cause is Cause.PASSING else sentence
