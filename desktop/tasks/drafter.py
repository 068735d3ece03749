"""Drafts of unfinished jobs: for the ears until the stems are there, never for a file of the user's."""

import logging
import os
import shutil
from functools import cached_property

from desktop.errors import CancelledError, UnbraidError
from desktop.jobs.copy import stored_track
from desktop.jobs.model import Job
from desktop.jobs.queue import DraftGrew, EventSink
from desktop.jobs.store import JobStore
from desktop.jobs.turns import CRASH_BOUND
from desktop.paths import Home, JobFolder
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.engines.sketch import SketchEngine
from desktop.segments.unfinished import COMPLETE
from desktop.tasks.watchdog import Watchdog

# Seconds without one more segment after which nothing more is expected of a draft.
_STALLED = 120.0
_log = logging.getLogger(__name__)


class Drafter:
    """Makes the drafts of one library."""

    def __init__(self, home: Home, store: JobStore, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._events = events

    def draft(self, job_id: str) -> bool:
        """Make the job's draft. False when it has one, has ended, or cannot have one: then it goes without."""
        folder = self._home.job(job_id)
        try:
            job = self._store.job(job_id)
            if job.wants_draft and not (folder.draft / COMPLETE).exists() and self._may_try(folder):
                self._make(job)
                folder.draft_tries.unlink(missing_ok=True)
                return True
        except (UnbraidError, OSError) as error:
            _log.info("%s has no draft: %s", job_id, error)
            shutil.rmtree(folder.draft, ignore_errors=True)
            folder.draft_tries.unlink(missing_ok=True)
        return False

    def _may_try(self, folder: JobFolder) -> bool:
        """Count the tries of a song that nobody lived through. False when there were enough. Raises OSError."""
        tries = folder.draft_tries.stat().st_size if folder.draft_tries.exists() else 0
        if tries >= CRASH_BOUND:
            _log.warning("%s has no draft: %s tries ended the process", folder.root.name, tries)
            return False
        with folder.draft_tries.open("ab") as marks:
            marks.write(b"x")
        return True

    @cached_property
    def _engine(self) -> Engine:
        return SketchEngine(threads=os.cpu_count() or 1)

    def _make(self, job: Job) -> None:
        folder = self._home.job(job.id)

        def grown() -> None:
            watchdog.moved()
            self._events.emit(DraftGrew(job.id, complete=False))

        def ended() -> bool:
            return not self._store.job(job.id).wants_draft

        with Watchdog(_STALLED) as watchdog:
            make_draft(stored_track(folder, job), folder.draft, self._engine, grown, ended)
        (folder.draft / COMPLETE).touch()
        if ended():  # asked last: whoever ended it may have deleted the draft while this was written
            raise CancelledError("Its stems are there, or nobody wants them any more.")
        self._events.emit(DraftGrew(job.id, complete=True))
