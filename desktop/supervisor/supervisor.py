"""Keeps Redis and the worker running: one thread starts them, restarts what dies, and ends them."""

import logging
import queue
import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol

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
_log = logging.getLogger(__name__)


class Reconciler(Protocol):
    """What makes the queue follow the rows."""

    def rebuild(self) -> None:
        """Before a worker starts."""
        ...

    def check(self) -> None:
        """From time to time."""
        ...

    def give_back(self) -> None:
        """After the worker was ended in order."""
        ...


class Supervisor:
    """Runs in a thread of its own from `start` to `stop`: Linux ends children together with the thread that began them."""

    def __init__(
        self, home: Home, reconciler: Reconciler, on_trouble: Callable[[str | None], None], drafts: bool
    ) -> None:
        """`on_trouble` is told, from the thread, a sentence when songs cannot be separated, None once they can again.

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
        self._failures = 0
        self._rest_until = self._draft_rest_until = 0.0
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start both and wait until they answer. Raises ServiceUnavailableError; goes on trying in any case."""
        self._thread.start()
        self._first_try.wait()
        if self._trouble:
            raise ServiceUnavailableError(self._trouble)

    def stop(self) -> None:
        """End both, and the thread."""
        self._stopping.set()
        self._wake.put(True)
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._keep_up()
            self._first_try.set()
            try:
                self._wake.get(timeout=_TICK)
            except queue.Empty:
                continue
        self._end_workers()
        self._reconcile(self._reconciler.give_back)
        if self._redis:
            self._redis.stop()

    def _keep_up(self) -> None:
        """Start what does not run, then let the queue follow the rows. Everything here may be repeated."""
        if monotonic() < self._rest_until:
            return
        try:
            started = self._started()
        except ServiceUnavailableError as error:
            self._failures += 1
            self._rest_until = monotonic() + min(2.0**self._failures, _LONGEST_REST)
            self._tell(str(error))
            return
        if not self._worker.alive or not self._redis_lives:
            self._look()  # one of them died while the other was started: at once once more
            return
        if not started:
            self._failures = 0
        self._reconcile(self._reconciler.check)
        self._tell(None)

    def _started(self) -> bool:
        """Start Redis, then the worker, if they do not run. True when something was started."""
        started = False
        if self._redis and not self._redis_lives:
            self._redis.stop()
            self._redis.start().on_exit(self._look)
            if self._redis.moved:
                self._end_workers()
            started = True
        if not self._worker.alive:
            if self._external:
                check_external(self._external)
            self._worker.stop()
            self._reconcile(self._reconciler.rebuild)
            self._watch(self._worker.start(self._gives_up))
            started = True
        return self._drafter_started() or started

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

    def _watch(self, child: Child | None) -> None:
        if child is not None:
            child.on_exit(self._look)

    def _drafter_started(self) -> bool:
        """Start the second worker, or end it, as the settings say. True when it was started."""
        drafter, wanted = self._drafter, load_settings(self._home).draft
        if drafter is None or drafter.alive == wanted:
            return False
        drafter.stop()
        if wanted and monotonic() >= self._draft_rest_until:
            try:
                self._watch(drafter.start(self._gives_up))
            except ServiceUnavailableError as error:
                # Songs are separated all the same, so nobody is troubled with it.
                _log.warning("There are no drafts: %s", error)
                self._draft_rest_until = monotonic() + _LONGEST_REST
        return drafter.alive

    def _reconcile(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StorageError as error:
            _log.warning("The queue could not be compared with the library: %s", error)

    def _look(self) -> None:
        self._wake.put(True)

    def _tell(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
