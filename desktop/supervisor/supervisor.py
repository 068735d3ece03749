"""The supervisor thread, which starts Redis and the workers, restarts them if they die or hang, and stops them."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Protocol, TypeVar

from desktop.errors import ServiceUnavailableError, StorageError
from desktop.paths import Home
from desktop.runtime.crash_handler import process_crash_handler, report_broken_queue
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.stall_timer import StallTimer
from desktop.supervisor.child_process import ChildProcess
from desktop.supervisor.redis_server import RedisServer, check_external_redis
from desktop.supervisor.worker_process import WorkerProcess
from desktop.text.message import Message
from desktop.variables import external_redis

# Seconds between reconciliations, and the longest delay after a failed start.
_POLL_INTERVAL_S = 2.0
_MAX_RETRY_DELAY_S = 60.0
# Seconds that stopping all children may take; children that hang for longer end together with this process.
_STOP_TIMEOUT_S = 10.0
# Seconds without an answer from Redis before the user is notified, and before the library's own Redis is restarted.
_REPORT_AFTER_S, _RESTART_AFTER_S = 10.0, 60.0
_FILE_ERROR = Message("Songs cannot be separated: {reason}. Check that file or folder, then start Unbraid again.")
_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class Reconciler(Protocol):
    """Interface of reconciliation, which keeps the queue consistent with the database. Each method raises StorageError."""

    def rebuild(self) -> None:
        """Rebuild the queue from the database, before a worker starts."""
        ...

    def reconcile(self) -> None:
        """Compare the queue with the database. Raises ServiceUnavailableError if Redis does not answer, or refuses."""
        ...

    def release_ended_jobs(self) -> None:
        """Return the jobs of workers to the queue after an orderly shutdown."""
        ...

    def needs_draft_worker(self) -> bool:
        """Return True if there is work that only the draft worker does, and that users wait for."""
        ...

    def is_stuck(self) -> bool:
        """Return True if jobs are pending, Redis answers, and no worker has taken one for too long."""
        ...


class Supervisor:
    """Thread that keeps Redis and the workers running from `start` to `stop`.

    Linux kills children when the thread that started them ends, so one thread starts them all. Whatever fails in that
    thread, `start` returns, and the thread retries.
    """

    def __init__(
        self, home: Home, reconciler: Reconciler, on_trouble: Callable[[Message | None], None], makes_drafts: bool
    ) -> None:
        """Prepare the supervisor; raises ConfigurationError if the environment names an invalid Redis.

        `on_trouble` is called from the thread with a message if jobs cannot be processed, and with None once they can.
        `makes_drafts`: run a second worker that makes drafts, analyses and exports; otherwise only while exports wait.
        """
        self._home = home
        self._external = external_redis()
        self._redis = None if self._external else RedisServer(home)
        self._worker = WorkerProcess(home)
        self._draft_worker = WorkerProcess(home, "draft", "--draft")
        self._makes_drafts = makes_drafts
        self._reconciler = reconciler
        self._on_trouble = on_trouble
        self._wake_queue: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._first_try_done = threading.Event()
        self._trouble: Message | None = None
        self._redis_silence = StallTimer()
        self._failures = 0
        self._retry_at = self._draft_retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start Redis and the worker and wait until they answer, or until `stop` is called.

        Raises ServiceUnavailableError; retries in the background in either case.
        """
        self._thread.start()
        self._first_try_done.wait()
        if self._trouble and not self._stopping.is_set():
            raise ServiceUnavailableError(self._trouble)

    def stop(self) -> None:
        """Stop the workers, Redis and the thread. May be called from any thread, also during `start`."""
        self._stopping.set()
        self._first_try_done.set()
        self._wake_up()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)
        if self._thread.is_alive():
            _log.warning("Supervisor thread did not end in time; its children end with this process")

    def _run(self) -> None:
        with ExitStack() as cleanup:
            cleanup.callback(self._remove_runtime_dir)
            if self._redis:
                cleanup.callback(self._redis.stop)
            cleanup.callback(self._run_reconciler, self._reconciler.release_ended_jobs)
            cleanup.callback(self._stop_workers)
            while not self._stopping.is_set():
                self._run_once()
                with suppress(queue.Empty):
                    self._wake_queue.get(timeout=_POLL_INTERVAL_S)

    def _run_once(self) -> None:
        try:
            self._set_trouble(self._try_to_keep_running())
            self._first_try_done.set()
            if self._trouble is None and not self._stopping.is_set():
                self._start_missing_draft_worker()
        except Exception as error:  # noqa: BLE001 every job depends on this thread, and `start` waits for it
            process_crash_handler.record_exception(error)
        finally:
            self._first_try_done.set()

    def _try_to_keep_running(self) -> Message | None:
        """Do one round, unless a retry delay is running; return why jobs cannot be processed, or None if they can."""
        if monotonic() < self._retry_at:
            return self._trouble
        try:
            return self._keep_running()
        except ServiceUnavailableError as error:
            trouble = error.message
        except OSError as error:
            trouble = _FILE_ERROR.with_arguments(reason=_describe_file_error(error))
        except Exception as error:  # noqa: BLE001 as in `_run_once`, but the user is notified, too
            trouble = report_broken_queue(error, self._home)
        self._failures += 1
        self._retry_at = monotonic() + min(2.0**self._failures, _MAX_RETRY_DELAY_S)
        return trouble

    def _keep_running(self) -> Message | None:
        """Start missing children and reconcile the queue; may be repeated at any time.

        Raises ServiceUnavailableError, OSError.
        """
        started = self._start_missing()
        if not self._worker.is_alive or not self._is_redis_alive:
            self._wake_up()  # one of them died while the other was starting: retry immediately
            return self._trouble
        if not started:
            self._failures = 0
        trouble = self._check_queue()
        if self._run_reconciler(self._reconciler.is_stuck):
            _log.warning("Worker takes no jobs and is restarted")
            self._worker.stop()
            self._wake_up()
        return trouble

    def _check_queue(self) -> Message | None:
        """Reconcile the queue with the database; return why Redis fails, once that has lasted `_REPORT_AFTER_S`."""
        try:
            self._run_reconciler(self._reconciler.reconcile)
        except ServiceUnavailableError as error:
            silent_s = self._redis_silence.seconds_unchanged(True)
            if self._redis and silent_s >= _RESTART_AFTER_S:
                _log.warning("Redis does not answer and is restarted")
                self._redis.stop()
                self._redis_silence.seconds_unchanged(False)
            return error.message if silent_s >= _REPORT_AFTER_S else self._trouble
        self._redis_silence.seconds_unchanged(False)
        return None

    def _start_missing(self) -> bool:
        """Start Redis, then the worker, if they are not running; return True if one was started."""
        started = False
        if self._redis and not self._is_redis_alive:
            self._redis.stop()
            self._wake_on_exit(self._redis.start(self._stopping.is_set))
            if self._redis.has_moved:
                self._stop_workers()
            started = True
        if not self._worker.is_alive and not self._stopping.is_set():
            if self._external:
                check_external_redis(self._external)
            self._worker.stop()
            self._run_reconciler(self._reconciler.rebuild)
            self._wake_on_exit(self._worker.start(self._should_stop_waiting))
            started = True
        return started

    @property
    def _is_redis_alive(self) -> bool:
        """True while the library's own Redis is running, and always with an external one."""
        return self._redis is None or (self._redis.child is not None and self._redis.child.is_alive)

    def _should_stop_waiting(self) -> bool:
        """Return True if waiting for a worker is pointless: the app stops, or there is no Redis to connect to."""
        return self._stopping.is_set() or not self._is_redis_alive

    def _stop_workers(self) -> None:
        """Stop both workers, for example because Redis has moved: a worker reconnects only to the old endpoint."""
        self._draft_worker.stop()
        self._worker.stop()

    def _remove_runtime_dir(self) -> None:
        """Delete the folder for the socket and the pidfiles, unless it is still in use and so not empty."""
        with suppress(OSError):
            self._home.runtime_dir.rmdir()

    def _wake_on_exit(self, child: ChildProcess | None) -> None:
        if child is not None:
            child.on_exit(self._wake_up)

    def _start_missing_draft_worker(self) -> None:
        # Also if the settings turn drafts off: it makes the analyses and exports.
        draft_worker = self._draft_worker
        is_needed = self._makes_drafts or self._run_reconciler(self._reconciler.needs_draft_worker)
        if draft_worker.is_alive or not is_needed:
            return
        draft_worker.stop()
        if monotonic() >= self._draft_retry_at:
            try:
                self._wake_on_exit(draft_worker.start(lambda: self._should_stop_waiting() or not self._worker.is_alive))
            except ServiceUnavailableError as error:
                # Jobs are processed without it, so the user is not notified.
                _log.warning("Draft worker could not be started, no drafts, analyses and exports are made: %s", error)
                self._draft_retry_at = monotonic() + _MAX_RETRY_DELAY_S

    def _run_reconciler(self, step: Callable[[], _Result]) -> _Result | None:
        try:
            return step()
        except StorageError as error:
            _log.warning("The queue could not be reconciled with the database: %s", error)
            return None

    def _wake_up(self) -> None:
        self._wake_queue.put(True)

    def _set_trouble(self, trouble: Message | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)


def _describe_file_error(error: OSError) -> Message:
    reason = disk_error_reason(error)
    return Message("{reason}: {file}", reason=reason, file=str(error.filename)) if error.filename else reason
