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

from desktop.audio.names import system_name
from desktop.backend import Backend
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import DraftGrew, JobEvent, JobProgress
from desktop.paths import Home

# Seconds for a cold start of everything on a busy machine.
PATIENCE = 90.0


class Library:
    """A backend, and all it has told."""

    def __init__(self, backend: Backend, home: Home) -> None:
        self.backend = backend
        self.service = backend.service
        self.home = home
        self.progress: list[JobProgress] = []
        self.drafts: list[DraftGrew] = []
        self._news = threading.Condition()
        backend.subscribe(self._hear, self._wake)

    def wait_until(self, true: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for events until `true()`."""
        with self._news:
            # Events may be lost in a gap, so the rows are looked at from time to time as well.
            for _ in range(int(patience / 0.25)):
                if true():
                    return
                self._news.wait(0.25)
        raise AssertionError(f"not within {patience} s: {[(job.state, job.error) for job in self.service.jobs()]}")

    def wait_for(self, job: Job, *states: JobState) -> Job:
        """Wait until the job is in one of `states`."""
        self.wait_until(lambda: self.service.job(job.id).state in states)
        return self.service.job(job.id)

    def wait_for_progress(self, job: Job) -> None:
        """Wait until the job's owner has told of progress."""
        self.wait_until(lambda: any(event.job_id == job.id for event in self.progress))

    def _hear(self, event: JobEvent) -> None:
        with self._news:
            if isinstance(event, JobProgress):
                self.progress.append(event)
            elif isinstance(event, DraftGrew):
                self.drafts.append(event)
            self._news.notify_all()

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()


def until(true: Callable[[], bool], patience: float = PATIENCE, every: float = 0.1) -> None:
    """Wait for what another process does."""
    moment = threading.Event()
    for _ in range(int(patience / every)):
        if true():
            return
        moment.wait(every)
    raise AssertionError(f"not within {patience} s")


@contextmanager
def running_library(root: Path, drafts: bool = False) -> Generator[Library]:
    """A started backend on the library at `root`, for this process and its children; stopped at the end.

    `drafts`: with the second worker that makes them.
    """
    before = os.environ.get("UNBRAID_HOME")
    os.environ["UNBRAID_HOME"] = str(root)
    home = Home(root).prepare()
    backend = Backend(home, drafts)
    library = Library(backend, home)
    try:
        backend.start()
        yield library
    finally:
        backend.stop()
        if before is None:
            del os.environ["UNBRAID_HOME"]
        else:
            os.environ["UNBRAID_HOME"] = before


def processes_of(root: Path) -> list[psutil.Process]:
    """Every process but this one that works on the library at `root`."""
    found: list[psutil.Process] = []
    run = str(Home(root).run)
    for process in psutil.process_iter():
        try:
            # Redis writes its title over its environment, and its socket's path into it.
            ours = process.environ().get("UNBRAID_HOME") == str(root) or run in " ".join(process.cmdline())
            if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def assert_all_ended(root: Path, patience: float = 10) -> None:
    """Wait `patience` seconds at most for every process on the library at `root` to end.

    A process that billiard was just starting, and its semaphore tracker, notice by a closed pipe that their worker has
    gone: a moment after that has ended.
    """
    until(lambda: not processes_of(root), patience)


def write_song(path: Path, seconds: float = 5.0, rate: int = 44100) -> Path:
    """A stereo song of noise in 16 bit, different for each name."""
    random = np.random.default_rng(crc32(os.fsencode(path.name)))  # a string's hash differs from run to run
    soundfile.write(system_name(path), random.normal(0, 0.1, (int(seconds * rate), 2)), rate, subtype="PCM_16")
    return path
