"""A library of its own with the real Redis and the real worker, and waiting for what happens in it."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import numpy as np
import psutil
import soundfile

from desktop.audio.names import native_path
from desktop.backend import Backend
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import DraftChanged, JobEvent, JobProgress
from desktop.paths import Home

# Seconds for a cold start of everything on a busy machine.
TIMEOUT_S = 90.0


class RunningLibrary:
    """A backend, and all it has told."""

    def __init__(self, backend: Backend, home: Home) -> None:
        self.backend = backend
        self.service = backend.service
        self.home = home
        self.progress: list[JobProgress] = []
        self.drafts: list[DraftChanged] = []
        self._changed = threading.Condition()
        backend.subscribe(self._on_event, self._notify_waiters)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
        """Wait for events until `true()`."""
        with self._changed:
            # Events may be lost in a gap, so the rows are looked at from time to time as well.
            for _ in range(int(timeout_s / 0.25)):
                if condition():
                    return
                self._changed.wait(0.25)
        raise AssertionError(f"not within {timeout_s} s: {[(job.state, job.error) for job in self.service.jobs()]}")

    def wait_for(self, job: Job, *states: JobState) -> Job:
        """Wait until the job is in one of `states`."""
        self.wait_until(lambda: self.service.job(job.id).state in states)
        return self.service.job(job.id)

    def wait_for_progress(self, job: Job) -> None:
        """Wait until the job's owner has told of progress."""
        self.wait_until(lambda: any(event.job_id == job.id for event in self.progress))

    def _on_event(self, event: JobEvent) -> None:
        with self._changed:
            if isinstance(event, JobProgress):
                self.progress.append(event)
            elif isinstance(event, DraftChanged):
                self.drafts.append(event)
            self._changed.notify_all()

    def _notify_waiters(self) -> None:
        with self._changed:
            self._changed.notify_all()


def wait_until(condition: Callable[[], bool], timeout_s: float = TIMEOUT_S, interval_s: float = 0.1) -> None:
    """Wait for what another process does."""
    never_set = threading.Event()
    for _ in range(int(timeout_s / interval_s)):
        if condition():
            return
        never_set.wait(interval_s)
    raise AssertionError(f"not within {timeout_s} s")


@contextmanager
def running_library(root: Path, drafts: bool = False) -> Generator[RunningLibrary]:
    """A started backend on the library at `root`, for this process and its children; stopped at the end.

    `drafts`: with the second worker that makes them.
    """
    before = os.environ.get("UNBRAID_HOME")
    os.environ["UNBRAID_HOME"] = str(root)
    home = Home(root).create_folders()
    backend = Backend(home, drafts)
    library = RunningLibrary(backend, home)
    try:
        backend.start()
        yield library
    finally:
        backend.stop()
        if before is None:
            del os.environ["UNBRAID_HOME"]
        else:
            os.environ["UNBRAID_HOME"] = before


def find_processes(root: Path) -> list[psutil.Process]:
    """Every process but this one that works on the library at `root`."""
    found: list[psutil.Process] = []
    run = str(Home(root).runtime_dir)
    for process in psutil.process_iter():
        try:
            # Redis writes its title over its environment, and its socket's path into it.
            ours = process.environ().get("UNBRAID_HOME") == str(root) or run in " ".join(process.cmdline())
            if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def assert_all_ended(root: Path, timeout_s: float = 10) -> None:
    """Wait `patience` seconds at most for every process on the library at `root` to end.

    A process that billiard was just starting, and its semaphore tracker, notice by a closed pipe that their worker has
    gone: a moment after that has ended.
    """
    wait_until(lambda: not find_processes(root), timeout_s)


def write_song(path: Path, seconds: float = 5.0, sample_rate: int = 44100) -> Path:
    """A stereo song of noise in 16 bit, different for each name."""
    random = np.random.default_rng(crc32(os.fsencode(path.name)))  # a string's hash differs from run to run
    soundfile.write(
        native_path(path), random.normal(0, 0.1, (int(seconds * sample_rate), 2)), sample_rate, subtype="PCM_16"
    )
    return path
