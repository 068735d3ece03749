"""Takes dropped songs into the library, without the window having to wait for it."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal

from desktop.audio.files import Found, LeftOut, Refusal, find_tracks
from desktop.disk_trouble import reason_of
from desktop.errors import DuplicateTrackError, StorageError, UnusableTrackError
from desktop.jobs.model import Job, JobOptions
from desktop.ui.background import Background
from desktop.ui.drop import Given
from desktop.ui.jobs.awaited_service import AwaitedService

# Of a large drop only the first songs are drafted at once; the others when they are looked at.
_DRAFTS = 8


@dataclass(frozen=True)
class Duplicate:
    """A file that was not added, because a song of the library or of the bin has the same content."""

    path: Path
    job_id: str
    in_bin: bool
    sentence: str
    """What to say of this one alone."""


@dataclass
class Added:
    """What came of one drop."""

    options: JobOptions
    first: Job | None = None
    count: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    trouble: str = ""
    """Why it was broken off."""


class Adder(QObject):
    """Adds one drop after the other."""

    added = Signal(object)
    """A Job that is in the library now."""
    finished = Signal(object)
    """The Added of a drop, when all of it has been looked at."""
    busy_changed = Signal(bool)

    def __init__(self, service: AwaitedService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._background = Background("add", self)
        self._stop = Event()
        self._waiting = 0

    def add(self, given: Given, options: JobOptions, again: bool = False) -> None:
        """Add everything that was given; `again`: also what is in the library already."""
        if not given.paths and not given.refusals:
            return
        self._waiting += 1
        self.busy_changed.emit(True)
        self._background.run(lambda: self._add(given, options, again), self._end)

    def close(self) -> None:
        """Stop after the song that is being copied."""
        self._stop.set()
        self._background.close()

    def _add(self, given: Given, options: JobOptions, again: bool) -> Added:
        """Add in the background's thread, telling the window of every song."""
        done = Added(options, refusals=list(given.refusals))
        try:
            for found in find_tracks(given.paths):
                if self._stop.is_set():
                    break
                self._take(found, done, again)
        except StorageError as error:
            done.trouble = str(error)
        except OSError as error:
            done.trouble = f"Adding was interrupted: {reason_of(error)}. Check the disk, then add the rest again."
        return done

    def _take(self, found: Found, done: Added, again: bool) -> None:
        if isinstance(found, LeftOut):
            done.left_out.append(found)
            return
        if isinstance(found, Refusal):
            done.refusals.append(found)
            return
        try:
            job = self._service().add(found, done.options, lambda _: not again)
        except DuplicateTrackError as known:
            done.duplicates.append(Duplicate(found, known.job_id, known.in_bin, str(known)))
            return
        except UnusableTrackError as error:
            done.refusals.append(Refusal(found, str(error)))
            return
        if done.count < _DRAFTS:
            self._service().draft(job.id)
        done.first = done.first or job
        done.count += 1
        self._background.in_window(lambda: self.added.emit(job))

    def _end(self, done: Added) -> None:
        self._waiting -= 1
        self.busy_changed.emit(self._waiting > 0)
        self.finished.emit(done)
