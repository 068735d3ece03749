"""Keeps Redis and the worker running: one thread starts them, restarts what dies or hangs, and ends them."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Protocol, TypeVar

from desktop.change_watch import ChangeWatch
from desktop.crashes.watch import watching
from desktop.disk_trouble import reason_of
from desktop.errors import ServiceUnavailableError, StorageError
from desktop.paths import Home
from desktop.settings import external_redis, load_settings
from desktop.supervisor.child import Child
from desktop.supervisor.external_redis import check_external
from desktop.supervisor.redis import RedisServer
from desktop.supervisor.worker import WorkerProcess

# Seconds between looks at the rows, and the longest rest after a failed start.
_TICK = 2.0
_LONGEST_REST = 60.0
# Seconds that the end of all children may take; what hangs for longer is ended by the end of this process.
_LONGEST_STOP = 10.0
# Seconds for which Redis may not answer before the user is told, and before our own one is started anew.
_PATIENCE, _LONGEST_SILENCE = 10.0, 60.0
_UNFORESEEN = "Songs cannot be separated: something went wrong in Unbraid itself. Details: {}. Quit Unbraid, then start it again."
_UNUSABLE = "Songs cannot be separated: {}. Check that file or folder, then start Unbraid again."
_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class Reconciler(Protocol):
    """What makes the queue follow the rows. Each method raises StorageError."""

    def rebuild(self) -> None:
        """Make the queue anew, before a worker starts."""
        ...

    def check(self) -> None:
        """Compare the queue with the rows. Raises ServiceUnavailableError if Redis does not answer, or refuses."""
        ...

    def give_back(self) -> None:
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
        self, home: Home, reconciler: Reconciler, on_trouble: Callable[[str | None], None], drafts: bool
    ) -> None:
        """`on_trouble` gets, from the thread, a sentence when songs cannot be separated, None once they can again.

        `drafts`: somebody looks at songs before they are separated, so a second worker makes drafts of them.
        """
        self._home = home
        self._external = external_redis()
        self._redis = None if self._external else RedisServer(home)
        self._worker = WorkerProcess(home)
        self._drafter = WorkerProcess(home, "draft", "--draft") if drafts else None
        self._reconciler = reconciler
        self._on_trouble = on_trouble
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._first_try = threading.Event()
        self._trouble: str | None = None
        self._silence = ChangeWatch()
        self._failures = 0
        self._rest_until = self._draft_rest_until = 0.0
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start both and wait until they answer, or until `stop` is called.

        Raises ServiceUnavailableError; goes on trying in any case.
        """
        self._thread.start()
        self._first_try.wait()
        if self._trouble and not self._stopping.is_set():
            raise ServiceUnavailableError(self._trouble)

    def stop(self) -> None:
        """End both, and the thread. May be called from any thread, also while another one waits in `start`."""
        self._stopping.set()
        self._first_try.set()
        self._look()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_STOP)
        if self._thread.is_alive():
            _log.warning("What does not end is ended with this process")

    def _run(self) -> None:
        with ExitStack() as ending:
            ending.callback(self._remove_runtime_folder)
            if self._redis:
                ending.callback(self._redis.stop)
            ending.callback(self._reconcile, self._reconciler.give_back)
            ending.callback(self._end_workers)
            while not self._stopping.is_set():
                self._try()
                with suppress(queue.Empty):
                    self._wake.get(timeout=_TICK)

    def _try(self) -> None:
        try:
            self._tell(self._kept_up())
            self._first_try.set()
            if self._trouble is None and not self._stopping.is_set():
                self._keep_drafter_up()
        except Exception as error:  # noqa: BLE001 songs depend on this thread, and `start` waits for it
            watching.record(error)
        finally:
            self._first_try.set()

    def _kept_up(self) -> str | None:
        """Start what does not run, and let the queue follow the rows. Return why songs cannot be separated, if so."""
        if monotonic() < self._rest_until:
            return self._trouble
        try:
            return self._keep_up()
        except ServiceUnavailableError as error:
            trouble = str(error)
        except OSError as error:
            trouble = _UNUSABLE.format(f"{reason_of(error)}{f': {error.filename}' if error.filename else ''}")
        except Exception as error:  # noqa: BLE001 as in `_try`; but the user is to hear of it as well
            report = watching.record(error)
            trouble = _UNFORESEEN.format(report or self._home.logs)
        self._failures += 1
        self._rest_until = monotonic() + min(2.0**self._failures, _LONGEST_REST)
        return trouble

    def _keep_up(self) -> str | None:
        """Everything here may be repeated at any time. Raises ServiceUnavailableError, OSError."""
        started = self._started()
        if not self._worker.alive or not self._redis_lives:
            self._look()  # one of them died while the other was started: at once once more
            return self._trouble
        if not started:
            self._failures = 0
        trouble = self._compare()
        if self._reconcile(self._reconciler.is_stuck):
            _log.warning("The worker takes no songs: it is started anew")
            self._worker.stop()
            self._look()
        return trouble

    def _compare(self) -> str | None:
        """Let the queue follow the rows. Return what keeps Redis from it, once that has lasted."""
        try:
            self._reconcile(self._reconciler.check)
        except ServiceUnavailableError as error:
            silent = self._silence.unchanged(True)
            if self._redis and silent >= _LONGEST_SILENCE:
                _log.warning("Redis does not answer: it is started anew")
                self._redis.stop()
                self._silence.unchanged(False)
            return str(error) if silent >= _PATIENCE else self._trouble
        self._silence.unchanged(False)
        return None

    def _started(self) -> bool:
        """Start Redis, then the worker, if they do not run. True when something was started."""
        started = False
        if self._redis and not self._redis_lives:
            self._redis.stop()
            self._watch(self._redis.start(self._stopping.is_set))
            if self._redis.moved:
                self._end_workers()
            started = True
        if not self._worker.alive and not self._stopping.is_set():
            if self._external:
                check_external(self._external)
            self._worker.stop()
            self._reconcile(self._reconciler.rebuild)
            self._watch(self._worker.start(self._gives_up))
            started = True
        return started

    @property
    def _redis_lives(self) -> bool:
        """True while our own Redis runs, and always with one that somebody else runs."""
        return self._redis is None or (self._redis.child is not None and self._redis.child.alive)

    def _gives_up(self) -> bool:
        """True when no worker needs to be waited for: without Redis none ever comes up."""
        return self._stopping.is_set() or not self._redis_lives

    def _end_workers(self) -> None:
        """They go on looking for Redis where they found it."""
        if self._drafter:
            self._drafter.stop()
        self._worker.stop()

    def _remove_runtime_folder(self) -> None:
        """Delete the folder for the socket and the pidfiles. One that is in use all the same is not empty, and stays."""
        with suppress(OSError):
            self._home.run.rmdir()

    def _watch(self, child: Child | None) -> None:
        if child is not None:
            child.on_exit(self._look)

    def _keep_drafter_up(self) -> None:
        """Start the second worker, or end it, as the settings say."""
        drafter, wanted = self._drafter, load_settings(self._home).draft
        if drafter is None or drafter.alive == wanted:
            return
        drafter.stop()
        if wanted and monotonic() >= self._draft_rest_until:
            try:
                self._watch(drafter.start(lambda: self._gives_up() or not self._worker.alive))
            except ServiceUnavailableError as error:
                # Songs are separated all the same, so nobody is troubled with it.
                _log.warning("There are no drafts: %s", error)
                self._draft_rest_until = monotonic() + _LONGEST_REST

    def _reconcile(self, step: Callable[[], _Result]) -> _Result | None:
        try:
            return step()
        except StorageError as error:
            _log.warning("The queue could not be compared with the library: %s", error)
            return None

    def _look(self) -> None:
        self._wake.put(True)

    def _tell(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
