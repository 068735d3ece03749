"""The Celery task. Everything it does is in `run_job`."""

import logging
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery.signals import task_failure, worker_process_init

from desktop.crashes.watch import watching
from desktop.errors import UnbraidError
from desktop.lifetime import end_with_parent
from desktop.paths import home
from desktop.tasks.celery_app import TASK, app
from desktop.tasks.job_id import is_job_id

if TYPE_CHECKING:
    from desktop.tasks.answers import Answer
    from desktop.tasks.run_job import JobRunner

# A full disk, a child that was killed or took too long: nothing that a report could tell more of.
_NO_FAULTS = (UnbraidError, WorkerLostError, TimeLimitExceeded, SoftTimeLimitExceeded)
_log = logging.getLogger(__name__)


@app.task(name=TASK)
def process_audio_job(job_id: str) -> "Answer":
    """Separate one job of the library.

    `{"status": "completed"}`, `{"status": "failed", "error": …}`, `{"status": "cancelled"}`, `{"status": "pending"}`
    when it was begun and waits to go on, or `{"status": "dropped"}` when there was nothing to do. Raises StorageError
    when the library's database cannot be written.
    """
    if not is_job_id(job_id):
        return {"status": "failed", "error": f"{job_id!r} is no job id: it must be a UUID."}
    answer = _runner().run(job_id)
    _log.info("%s %s", job_id, answer["status"])
    return answer


@task_failure.connect
def _record(task_id: str, exception: Exception, args: Sequence[object], **_: object) -> None:
    """What nobody foresaw ends the claim: else the job would be tried again as if its worker had died."""
    _log.error("%s failed in a way that was not foreseen", task_id, exc_info=exception)
    if not isinstance(exception, _NO_FAULTS):
        watching.record(exception)
    _runner().give_up(str(args[0]), exception)


@worker_process_init.connect
def _begin_child(**_: object) -> None:
    end_with_parent()
    watching.begin(home(), "worker")
    watching.look_back()
    _runner()


@cache
def _runner() -> "JobRunner":
    """One a process, so that the engine stays loaded between jobs."""
    # Here and not above: the worker's main process only hands out jobs, and can do without numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.models.shelf import Shelf
    from desktop.tasks.engine_room import EngineRoom
    from desktop.tasks.progress import RedisEvents
    from desktop.tasks.run_job import JobRunner

    library = home().prepare()
    return JobRunner(library, JobStore(library), RedisEvents(), EngineRoom(Shelf(library), library))
