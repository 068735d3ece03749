"""Keeps Redis and the worker running: one thread starts them, restarts what dies or hangs, and ends them."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Protocol, TypeVar

from desktop.errors import ServiceUnavailableError, StorageError
from desktop.paths import Home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.stall_timer import StallTimer
from desktop.settings import external_redis, load_settings
from desktop.supervisor.child_process import ChildProcess
from desktop.supervisor.redis_server import RedisServer, check_external_redis
from desktop.supervisor.worker_process import WorkerProcess

# Seconds between looks at the rows, and the longest rest after a failed start.
_POLL_INTERVAL_S = 2.0
_MAX_RETRY_DELAY_S = 60.0
# Seconds that the end of all children may take; what hangs for longer is ended by the end of this process.
_STOP_TIMEOUT_S = 10.0
# Seconds for which Redis may not answer before the user is told, and before our own one is started anew.
_REPORT_AFTER_S, _RESTART_AFTER_S = 10.0, 60.0
_UNEXPECTED_ERROR = (
    "Songs cannot be separated: something went wrong in Unbraid itself. Details: {}. Quit Unbraid, then start it again."
)
_FILE_ERROR = "Songs cannot be separated: {}. Check that file or folder, then start Unbraid again."
_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class Reconciler(Protocol):
    """What makes the queue follow the rows. Each method raises StorageError."""

    def rebuild(self) -> None:
        """Make the queue anew, before a worker starts."""
        ...

    def reconcile(self) -> None:
        """Compare the queue with the rows. Raises ServiceUnavailableError if Redis does not answer, or refuses."""
        ...

    def release_ended_jobs(self) -> None:
        """Let the jobs of a worker wait that was ended in order."""
        ...

    def is_stuck(self) -> bool:
        """Return True if songs wait, Redis answers, and no worker has taken any for too long."""
        ...


class Supervisor:
    """Runs in a thread of its own from `start` to `stop`: Linux ends children together with the thread that began them.

    Whatever happens in that thread, `start` returns, and the thread goes on trying.
    """

    def __init__(
        self, home: Home, reconciler: Reconciler, on_trouble: Callable[[str | None], None], makes_drafts: bool
    ) -> None:
        """`on_trouble` gets, from the thread, a sentence when songs cannot be separated, None once they can again.

        `drafts`: somebody looks at songs before they are separated, so a second worker makes drafts of them.
        """
        self._home = home
        self._external = external_redis()
        self._redis = None if self._external else RedisServer(home)
        self._worker = WorkerProcess(home)
        self._draft_worker = WorkerProcess(home, "draft", "--draft") if makes_drafts else None
        self._reconciler = reconciler
        self._on_trouble = on_trouble
        self._wake_queue: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._first_try_done = threading.Event()
        self._trouble: str | None = None
        self._redis_silence = StallTimer()
        self._failures = 0
        self._retry_at = self._draft_retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start both and wait until they answer, or until `stop` is called.

        Raises ServiceUnavailableError; goes on trying in any case.
        """
        self._thread.start()
        self._first_try_done.wait()
        if self._trouble and not self._stopping.is_set():
            raise ServiceUnavailableError(self._trouble)

    def stop(self) -> None:
        """End both, and the thread. May be called from any thread, also while another one waits in `start`."""
        self._stopping.set()
        self._first_try_done.set()
        self._wake_up()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)
        if self._thread.is_alive():
            _log.warning("What does not end is ended with this process")

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
                self._update_draft_worker()
        except Exception as error:  # noqa: BLE001 songs depend on this thread, and `start` waits for it
            process_crash_handler.record_exception(error)
        finally:
            self._first_try_done.set()

    def _try_to_keep_running(self) -> str | None:
        """Start what does not run, and let the queue follow the rows. Return why songs cannot be separated, if so."""
        if monotonic() < self._retry_at:
            return self._trouble
        try:
            return self._keep_running()
        except ServiceUnavailableError as error:
            trouble = str(error)
        except OSError as error:
            trouble = _FILE_ERROR.format(f"{disk_error_reason(error)}{f': {error.filename}' if error.filename else ''}")
        except Exception as error:  # noqa: BLE001 as in `_run_once`; but the user is to hear of it as well
            report = process_crash_handler.record_exception(error)
            trouble = _UNEXPECTED_ERROR.format(report or self._home.logs)
        self._failures += 1
        self._retry_at = monotonic() + min(2.0**self._failures, _MAX_RETRY_DELAY_S)
        return trouble

    def _keep_running(self) -> str | None:
        """Everything here may be repeated at any time. Raises ServiceUnavailableError, OSError."""
        started = self._start_missing()
        if not self._worker.is_alive or not self._is_redis_alive:
            self._wake_up()  # one of them died while the other was started: at once once more
            return self._trouble
        if not started:
            self._failures = 0
        trouble = self._check_queue()
        if self._run_reconciler(self._reconciler.is_stuck):
            _log.warning("The worker takes no songs: it is started anew")
            self._worker.stop()
            self._wake_up()
        return trouble

    def _check_queue(self) -> str | None:
        """Let the queue follow the rows. Return what keeps Redis from it, once that has lasted."""
        try:
            self._run_reconciler(self._reconciler.reconcile)
        except ServiceUnavailableError as error:
            silent_s = self._redis_silence.seconds_unchanged(True)
            if self._redis and silent_s >= _RESTART_AFTER_S:
                _log.warning("Redis does not answer: it is started anew")
                self._redis.stop()
                self._redis_silence.seconds_unchanged(False)
            return str(error) if silent_s >= _REPORT_AFTER_S else self._trouble
        self._redis_silence.seconds_unchanged(False)
        return None

    def _start_missing(self) -> bool:
        """Start Redis, then the worker, if they do not run. True when something was started."""
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
        """True while our own Redis runs, and always with one that somebody else runs."""
        return self._redis is None or (self._redis.child is not None and self._redis.child.is_alive)

    def _should_stop_waiting(self) -> bool:
        """True when no worker needs to be waited for: without Redis none ever comes up."""
        return self._stopping.is_set() or not self._is_redis_alive

    def _stop_workers(self) -> None:
        """They go on looking for Redis where they found it."""
        if self._draft_worker:
            self._draft_worker.stop()
        self._worker.stop()

    def _remove_runtime_dir(self) -> None:
        """Delete the folder for the socket and the pidfiles. One that is in use all the same is not empty, and stays."""
        with suppress(OSError):
            self._home.runtime_dir.rmdir()

    def _wake_on_exit(self, child: ChildProcess | None) -> None:
        if child is not None:
            child.on_exit(self._wake_up)

    def _update_draft_worker(self) -> None:
        """Start the second worker, or end it, as the settings say."""
        drafter, wanted = self._draft_worker, load_settings(self._home).draft
        if drafter is None or drafter.is_alive == wanted:
            return
        drafter.stop()
        if wanted and monotonic() >= self._draft_retry_at:
            try:
                self._wake_on_exit(drafter.start(lambda: self._should_stop_waiting() or not self._worker.is_alive))
            except ServiceUnavailableError as error:
                # Songs are separated all the same, so nobody is troubled with it.
                _log.warning("There are no drafts: %s", error)
                self._draft_retry_at = monotonic() + _MAX_RETRY_DELAY_S

    def _run_reconciler(self, step: Callable[[], _Result]) -> _Result | None:
        try:
            return step()
        except StorageError as error:
            _log.warning("The queue could not be compared with the library: %s", error)
            return None

    def _wake_up(self) -> None:
        self._wake_queue.put(True)

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
