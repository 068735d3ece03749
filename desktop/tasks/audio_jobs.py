"""The Celery task that separates a job, and the setup of its worker process. The work is in `run_job`."""

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

from desktop.errors import StorageError, UnbraidError
from desktop.paths import find_home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.processes import end_with_parent
from desktop.tasks.celery_app import SEPARATE_TASK, app
from desktop.tasks.outcomes import COMPLETED, FailureKind, TaskResult, classify_failure, make_failed_result
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.redis_client import parse_job_id
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.tasks.run_job import JobRunner

# A full disk, or a child process that was killed or timed out: a crash report would add nothing.
_EXPECTED_ERRORS = (UnbraidError, WorkerLostError, TimeLimitExceeded, SoftTimeLimitExceeded)
# Shortens untrusted arguments in errors and logs.
_short_repr = Repr()
_short_repr.maxstring = _short_repr.maxother = 60
_log = logging.getLogger(__name__)


# Callers can read the result for an hour. The app's own messages turn results off.
@app.task(name=SEPARATE_TASK, ignore_result=False)
def process_audio_job(job_id: object = None, *_: object, **__: object) -> TaskResult:
    """Separate one job of the library and return its status.

    `job_id` is the UUID of the job. Any other value returns `{"status": "failed", "error": …}` and raises nothing.
    `{"status": "completed"}`, `{"status": "failed", "error": …}` and `{"status": "cancelled"}` report how the job
    ended, in this run or before. `{"status": "pending"}` means that the job waits, `{"status": "processing"}` that
    another process owns it, and `{"status": "dropped"}` that the library has no such job, or that the claim was lost.
    Raises StorageError if the library's database cannot be written.
    """
    parsed_id = parse_job_id(job_id)
    if parsed_id is None:
        return make_failed_result(
            Message("{value} is not a job id: it must be a UUID.", value=_short_repr.repr(job_id))
        )
    result = _get_runner().run(parsed_id)
    if result == COMPLETED:
        CeleryQueue().publish_analysis(parsed_id)
    _log.info("Job %s: %s", parsed_id, result["status"])
    return result


@task_failure.connect
def _handle_task_failure(
    task_id: str,
    exception: Exception,
    args: Sequence[object] = (),
    kwargs: Mapping[str, object] | None = None,
    **_: object,
) -> None:
    """End the claim after an unexpected error. Otherwise the job would be retried as if its worker had died."""
    _log.error("Task %s failed with an unexpected error", task_id, exc_info=exception)
    if classify_failure(exception) is FailureKind.PERMANENT and not isinstance(exception, _EXPECTED_ERRORS):
        process_crash_handler.record_exception(exception)
    job_id = parse_job_id(next(iter(args), (kwargs or {}).get("job_id")))
    if job_id is not None:
        _get_runner().handle_unexpected_error(job_id, exception)


@worker_process_init.connect
def _init_child_process(**_: object) -> None:
    end_with_parent()
    process_crash_handler.install(find_home(), "worker")
    process_crash_handler.collect_reports()
    _get_runner()
    if sys.platform != "win32":
        _handle_sigterm()


def _handle_sigterm() -> None:
    """Make SIGTERM return this process's jobs to the queue before it exits, without counting a crash.

    The worker sends SIGTERM when it shuts down, and systemd sends it to all processes at once. A thread waits for the
    signal, because a Python signal handler would only run after the current segment.
    """
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # without a handler no byte is written to the pipe
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    threading.Thread(target=_release_jobs_at_sigterm, args=(read_fd,), name="sigterm", daemon=True).start()


def _release_jobs_at_sigterm(signal_fd: int) -> None:
    while signal.SIGTERM not in os.read(signal_fd, 64):
        pass
    try:
        _get_runner().store.ownership.release_own_jobs()
    except StorageError as error:
        _log.warning("Running jobs could not be returned to the queue: %s", error)
    finally:
        process_crash_handler.uninstall()
        os._exit(1)


@cache
def _get_runner() -> "JobRunner":
    """Return the runner of this process, which keeps the engine loaded between jobs."""
    # Imported late: the worker's main process only distributes jobs and does not need numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.models.store import ModelStore
    from desktop.tasks.engine_cache import EngineCache
    from desktop.tasks.events import RedisEventPublisher
    from desktop.tasks.run_job import JobRunner

    library = find_home().create_folders()
    return JobRunner(
        library,
        JobStore(library),
        RedisEventPublisher(),
        EngineCache(ModelStore(library), library),
        publish_export=CeleryQueue().publish_export,
    )
