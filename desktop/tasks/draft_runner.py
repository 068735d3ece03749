"""Drafts of unfinished jobs, played until the stems are complete and never exported."""

import faulthandler
import logging
import os
import shutil
from functools import cached_property

from desktop.errors import CancelledError, UnbraidError
from desktop.job_folders import JobFolder
from desktop.jobs.files import find_stored_track
from desktop.jobs.model import Job
from desktop.jobs.queue import DraftChanged, EventSink
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_CRASHES
from desktop.paths import Home
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.text.message import Message

# Seconds without a new segment after which the watchdog ends the process.
_STALL_TIMEOUT_S = 120.0
_log = logging.getLogger(__name__)


class DraftRunner:
    """Makes the drafts of one library."""

    def __init__(self, home: Home, store: JobStore, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._events = events

    def run(self, job_id: str) -> bool:
        """Make the job's draft and return True. Return False if the job has one, needs none, or its draft fails."""
        folder = self._home.job_folder(job_id)
        try:
            job = self._store.job(job_id)
            if (
                job.wants_draft
                and not (folder.draft / COMPLETE_MARKER).exists()
                and self._count_attempt(job_id, folder)
            ):
                self._make_draft(job)
                folder.draft_attempts.unlink(missing_ok=True)
                return True
        except (UnbraidError, OSError) as error:
            _log.info("Draft of job %s failed: %s", job_id, error)
            shutil.rmtree(folder.draft, ignore_errors=True)
            folder.draft_attempts.unlink(missing_ok=True)
        return False

    def _count_attempt(self, job_id: str, folder: JobFolder) -> bool:
        """Count an attempt, and return False after `MAX_CRASHES` attempts that ended the process. Raises OSError."""
        attempts = folder.draft_attempts.stat().st_size if folder.draft_attempts.exists() else 0
        if attempts >= MAX_CRASHES:
            _log.warning("Draft of job %s was skipped: %s attempts ended the process", job_id, attempts)
            return False
        with folder.draft_attempts.open("ab") as attempts_file:
            attempts_file.write(b"x")
        return True

    @cached_property
    def _engine(self) -> Engine:
        return SketchEngine(threads=os.cpu_count() or 1)

    def _make_draft(self, job: Job) -> None:
        folder = self._home.job_folder(job.id)

        def on_segment() -> None:
            watchdog.reset()
            self._events.emit(DraftChanged(job.id, complete=False))

        def is_obsolete() -> bool:
            return not self._store.job(job.id).wants_draft

        with Watchdog(_STALL_TIMEOUT_S) as watchdog:
            make_draft(find_stored_track(folder, job), folder.draft, self._engine, on_segment, is_obsolete)
        (folder.draft / COMPLETE_MARKER).touch()
        if is_obsolete():  # checked last: the end of the job may have deleted the draft while it was written
            raise CancelledError(Message("The draft is no longer wanted."))
        self._events.emit(DraftChanged(job.id, complete=True))


class Watchdog:
    """Context manager that ends the process if `reset` is not called in time.

    It waits in C, so that neither Python nor a library can block it.
    """

    def __init__(self, timeout_s: float) -> None:
        """Create the watchdog, which ends the process `timeout_s` seconds after the last `reset`."""
        self._timeout_s = timeout_s

    def __enter__(self) -> "Watchdog":
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    def reset(self) -> None:
        """Restart the timeout."""
        # A file descriptor, because `sys.stderr` may be None.
        faulthandler.dump_traceback_later(self._timeout_s, exit=True, file=2)
