"""The Celery task. Everything it does is in `run_job`."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from reprlib import Repr
from typing import TYPE_CHECKING

from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery.signals import task_failure, worker_process_init

from desktop.crashes.watch import watching
from desktop.errors import StorageError, UnbraidError
from desktop.lifetime import end_with_parent
from desktop.paths import home
from desktop.tasks.answers import Answer, failed
from desktop.tasks.causes import Cause, cause_of
from desktop.tasks.celery_app import TASK, app
from desktop.tasks.job_id import parse_job_id

if TYPE_CHECKING:
    from desktop.tasks.run_job import JobRunner

# A full disk, a child that was killed or took too long: nothing that a report could tell more of.
_NO_FAULTS = (UnbraidError, WorkerLostError, TimeLimitExceeded, SoftTimeLimitExceeded)
# Of what a stranger sent, so much is shown in errors and logs.
_shortly = Repr()
_shortly.maxstring = _shortly.maxother = 60
_log = logging.getLogger(__name__)


# Callers may ask for the result, for an hour. The app's own messages say that nobody will.
@app.task(name=TASK, ignore_result=False)
def process_audio_job(job_id: object = None, *_: object, **__: object) -> Answer:
    """Separate one job of the library.

    `job_id` is its UUID. Anything else is answered and never raised, whoever sent it: `{"status": "failed", "error": …}`.
    `{"status": "completed"}`, `{"status": "failed", "error": …}` or `{"status": "cancelled"}` say how the job ended, in
    this run or before; `{"status": "pending"}` and `{"status": "processing"}` that it waits, or that another process has
    it; `{"status": "dropped"}` that this library has no such job, or has it no more. Raises StorageError when the
    library's database cannot be written.
    """
    known = parse_job_id(job_id)
    if known is None:
        return failed(f"{_shortly.repr(job_id)} is no job id: it must be a UUID.")
    answer = _runner().run(known)
    _log.info("%s %s", known, answer["status"])
    return answer


@task_failure.connect
def _record(
    task_id: str, exception: Exception, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None, **_: object
) -> None:
    """What nobody foresaw ends the claim: else the job would be tried again as if its worker had died."""
    _log.error("%s failed in a way that was not foreseen", task_id, exc_info=exception)
    if cause_of(exception) is Cause.LASTING and not isinstance(exception, _NO_FAULTS):
        watching.record(exception)
    job_id = parse_job_id(next(iter(args), (kwargs or {}).get("job_id")))
    if job_id is not None:
        _runner().give_up(job_id, exception)


@worker_process_init.connect
def _begin_child(**_: object) -> None:
    end_with_parent()
    watching.begin(home(), "worker")
    watching.look_back()
    _runner()
    if sys.platform != "win32":
        _end_in_order_when_asked()


def _end_in_order_when_asked() -> None:
    """Have SIGTERM give back what this process has in work, before it ends: no crash is counted.

    The worker sends it when it ends itself, and systemd sends it to all processes at once. A thread waits for it,
    because a handler has to wait for the segment in work.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # else no byte is written for it
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_end_at_sigterm, args=(read,), name="end", daemon=True).start()


def _end_at_sigterm(numbers: int) -> None:
    while signal.SIGTERM not in os.read(numbers, 64):
        pass
    try:
        _runner().store.release_held()
    except StorageError as error:
        _log.warning("What was in work could not be given back: %s", error)
    finally:
        watching.end()
        os._exit(1)


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
