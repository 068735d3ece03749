"""What a killed process left behind: folders of no job, and the work of jobs that have ended."""

import shutil
from time import time

from desktop.jobs.model import Job
from desktop.jobs.records import write_record
from desktop.jobs.results import superseded_runs
from desktop.jobs.store import JobStore
from desktop.paths import Home

# Another process may be adding a song right now: its folder comes before its row (seconds).
_SURELY_LEFT = 3600.0


def remove_strays(home: Home, store: JobStore) -> None:
    """Delete the job folders that no row knows, and what ended jobs have no use for. Raises StorageError."""
    jobs = [*store.jobs(), *store.removed()]
    for job in jobs:
        remove_work(home, job)
    known = {job.id for job in jobs}
    for folder in home.jobs.iterdir():
        if folder.name not in known and folder.stat().st_mtime < time() - _SURELY_LEFT:
            shutil.rmtree(folder, ignore_errors=True)


def remove_work(home: Home, job: Job) -> None:
    """Delete what a job has no use for once it has ended; nothing before. `job` may be out of date."""
    if not job.state.ended:
        return
    home.job(job.id).forget_work()
    superseded = superseded_runs(home, job)
    if superseded and job.stems:
        write_record(home, job)  # an owner that was killed right after the end left one that names an earlier run
    for run in superseded:
        shutil.rmtree(run, ignore_errors=True)
    if not job.stems:
        home.job(job.id).mixture_peaks.unlink(missing_ok=True)
