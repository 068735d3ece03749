"""Drafts of unfinished jobs: for the ears until the stems are there, never for a file of the user's."""

import faulthandler
import logging
import os
import shutil
from functools import cached_property

from desktop.errors import CancelledError, UnbraidError
from desktop.jobs.files import find_stored_track
from desktop.jobs.model import Job
from desktop.jobs.queue import DraftChanged, EventSink
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import MAX_CRASHES
from desktop.paths import Home, JobFolder
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.segments.partial_result import COMPLETE_MARKER

# Seconds without one more segment after which nothing more is expected of a draft.
_STALL_TIMEOUT_S = 120.0
_log = logging.getLogger(__name__)


class DraftRunner:
    """Makes the drafts of one library."""

    def __init__(self, home: Home, store: JobStore, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._events = events

    def run(self, job_id: str) -> bool:
        """Make the job's draft. False when it has one, has ended, or cannot have one: then it goes without."""
        folder = self._home.job_folder(job_id)
        try:
            job = self._store.job(job_id)
            if job.wants_draft and not (folder.draft / COMPLETE_MARKER).exists() and self._count_attempt(folder):
                self._make_draft(job)
                folder.draft_attempts.unlink(missing_ok=True)
                return True
        except (UnbraidError, OSError) as error:
            _log.info("%s has no draft: %s", job_id, error)
            shutil.rmtree(folder.draft, ignore_errors=True)
            folder.draft_attempts.unlink(missing_ok=True)
        return False

    def _count_attempt(self, folder: JobFolder) -> bool:
        """Count the tries of a song that nobody lived through. False when there were enough. Raises OSError."""
        attempts = folder.draft_attempts.stat().st_size if folder.draft_attempts.exists() else 0
        if attempts >= MAX_CRASHES:
            _log.warning("%s has no draft: %s tries ended the process", folder.root.name, attempts)
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
        if is_obsolete():  # asked last: whoever ended it may have deleted the draft while this was written
            raise CancelledError("Its stems are there, or nobody wants them any more.")
        self._events.emit(DraftChanged(job.id, complete=True))


class Watchdog:
    """Use as a context. It waits in C, so that nothing in Python, or in a library, can hold it up."""

    def __init__(self, timeout_s: float) -> None:
        """`seconds` without a move end the process."""
        self._timeout_s = timeout_s

    def __enter__(self) -> "Watchdog":
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    def reset(self) -> None:
        """Something got on: wait anew."""
        # To the number itself: `sys.stderr` may be none at all.
        faulthandler.dump_traceback_later(self._timeout_s, exit=True, file=2)
