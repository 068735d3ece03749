"""A separate library with real Redis and a real worker, and functions that wait for its events."""

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
from desktop.jobs.export_job import ExportJob, ExportProgress
from desktop.jobs.model import Job, JobProgress, JobState
from desktop.jobs.queue import AnalysisChanged, DraftChanged, JobEvent
from desktop.paths import Home

# Seconds for a cold start of everything on a busy machine.
TIMEOUT_S = 90.0
# Seconds for every process to end, once it was asked to.
END_TIMEOUT_S = 30.0


class RunningLibrary:
    """A backend that records its events."""

    def __init__(self, backend: Backend, home: Home) -> None:
        self.backend = backend
        self.service = backend.service
        self.home = home
        self.progress: list[JobProgress] = []
        self.drafts: list[DraftChanged] = []
        self.analyses: list[AnalysisChanged] = []
        self.export_progress: list[ExportProgress] = []
        self._changed = threading.Condition()
        backend.subscribe(self._on_event, self._notify_waiters)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
        """Wait until `condition()` is true, checking it after each event; raise AssertionError after `timeout_s`."""
        with self._changed:
            # Events may be lost in a gap, so check every 0.25 s as well.
            for _ in range(int(timeout_s / 0.25)):
                if condition():
                    return
                self._changed.wait(0.25)
        raise AssertionError(f"not within {timeout_s} s: {[(job.state, job.error) for job in self.service.jobs()]}")

    def wait_for(self, job: Job, *states: JobState) -> Job:
        """Wait until the job is in one of `states`, and return it."""
        self.wait_until(lambda: self.service.job(job.id).state in states)
        return self.service.job(job.id)

    def export(self, export: ExportJob) -> ExportJob:
        """Return an export as its row is now."""
        return next(other for other in self.service.exports() if other.id == export.id)

    def wait_for_export(self, export: ExportJob) -> ExportJob:
        """Wait until an export has ended, and return it."""
        self.wait_until(lambda: self.export(export).state.has_ended)
        return self.export(export)

    def wait_for_progress(self, job: Job) -> None:
        """Wait until a progress event of the job has arrived."""
        self.wait_until(lambda: any(event.job_id == job.id for event in self.progress))

    def _on_event(self, event: JobEvent) -> None:
        with self._changed:
            if isinstance(event, JobProgress):
                self.progress.append(event)
            elif isinstance(event, DraftChanged):
                self.drafts.append(event)
            elif isinstance(event, AnalysisChanged):
                self.analyses.append(event)
            elif isinstance(event, ExportProgress):
                self.export_progress.append(event)
            self._changed.notify_all()

    def _notify_waiters(self) -> None:
        with self._changed:
            self._changed.notify_all()


def wait_until(condition: Callable[[], bool], timeout_s: float = TIMEOUT_S, interval_s: float = 0.1) -> None:
    """Poll until `condition()` is true; raise AssertionError after `timeout_s`."""
    never_set = threading.Event()
    for _ in range(int(timeout_s / interval_s)):
        if condition():
            return
        never_set.wait(interval_s)
    raise AssertionError(f"not within {timeout_s} s")


@contextmanager
def running_library(root: Path, drafts: bool = False) -> Generator[RunningLibrary]:
    """Run a backend on the library at `root`, for this process and its children; stop it at the end.

    `drafts` also starts the draft worker.
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
    """Return all processes except this one that use the library at `root`."""
    found: list[psutil.Process] = []
    runtime_dir = str(Home(root).runtime_dir)
    for process in psutil.process_iter():
        try:
            # Redis overwrites its environment with its process title, which contains the path of its socket.
            ours = process.environ().get("UNBRAID_HOME") == str(root) or runtime_dir in " ".join(process.cmdline())
            if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def assert_all_ended(root: Path, timeout_s: float = END_TIMEOUT_S) -> None:
    """Wait at most `timeout_s` for every process on the library at `root` to end; raise AssertionError otherwise.

    A process that billiard was just starting, and its semaphore tracker, notice the end of their worker by a closed
    pipe, a moment after it has ended.
    """
    wait_until(lambda: not find_processes(root), timeout_s)


def write_song(path: Path, seconds: float = 5.0, sample_rate: int = 44100) -> Path:
    """Write 16-bit stereo noise, different for each file name, and return `path`."""
    random = np.random.default_rng(crc32(os.fsencode(path.name)))  # a string's hash differs from run to run
    soundfile.write(
        native_path(path), random.normal(0, 0.1, (int(seconds * sample_rate), 2)), sample_rate, subtype="PCM_16"
    )
    return path
