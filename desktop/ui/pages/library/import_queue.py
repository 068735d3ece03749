"""Import of dropped files and folders into the library, in the background."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal

from desktop.audio.files import RejectedPath, SearchResult, SkippedFiles, find_tracks
from desktop.errors import DuplicateTrackError, StorageError, UnusableTrackError
from desktop.jobs.model import Job, JobOptions
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.widgets.file_drop import DroppedFiles

# Of a large import only the first tracks get a draft at once; the others get it when the user opens them.
_MAX_DRAFTS = 8


@dataclass(frozen=True)
class Duplicate:
    """A file that was not added, because a job in the library or the bin has the same content."""

    path: Path
    job_id: str
    in_bin: bool
    message: str
    """The text to show if this is the only duplicate."""


@dataclass
class ImportResult:
    """Outcome of one import."""

    options: JobOptions
    first_job: Job | None = None
    added_count: int = 0
    refusals: list[RejectedPath] = field(default_factory=list)
    skipped: list[SkippedFiles] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    error: str = ""
    """Why the import was interrupted; empty if it was not."""


class ImportQueue(QObject):
    """Imports one drop after another in one background thread."""

    job_added = Signal(object)
    """A Job that was added to the library."""
    finished = Signal(object)
    """The ImportResult of a drop, once all its files were processed."""
    busy_changed = Signal(bool)
    """Whether any import is running or queued."""

    def __init__(self, service: ServiceProvider, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._background = BackgroundRunner("add", self)
        self._stop_event = Event()
        self._pending_count = 0

    def add(self, files: DroppedFiles, options: JobOptions, allow_duplicates: bool = False) -> None:
        """Queue an import; with `allow_duplicates`, also add tracks whose content is already in the library."""
        if not files.paths and not files.refusals:
            return
        self._pending_count += 1
        self.busy_changed.emit(True)
        self._background.run(lambda: self._import_files(files, options, allow_duplicates), self._finish_import)

    def close(self) -> None:
        """Stop after the track that is being copied."""
        self._stop_event.set()
        self._background.close()

    def _import_files(self, files: DroppedFiles, options: JobOptions, allow_duplicates: bool) -> ImportResult:
        """Import files in the background thread; emit `job_added` in the GUI thread for each job."""
        result = ImportResult(options, refusals=list(files.refusals))
        try:
            for found in find_tracks(files.paths):
                if self._stop_event.is_set():
                    break
                self._import_file(found, result, allow_duplicates)
        except StorageError as error:
            result.error = str(error)
        except OSError as error:
            result.error = tr(
                "Adding was interrupted: {reason}. Check the disk, then add the rest again.",
                reason=disk_error_reason(error),
            )
        return result

    def _import_file(self, found: SearchResult, result: ImportResult, allow_duplicates: bool) -> None:
        if isinstance(found, SkippedFiles):
            result.skipped.append(found)
            return
        if isinstance(found, RejectedPath):
            result.refusals.append(found)
            return
        try:
            job = self._service().add(found, result.options, lambda _: not allow_duplicates)
        except DuplicateTrackError as duplicate:
            result.duplicates.append(Duplicate(found, duplicate.job_id, duplicate.in_bin, str(duplicate)))
            return
        except UnusableTrackError as error:
            result.refusals.append(RejectedPath(found, error.message))
            return
        if result.added_count < _MAX_DRAFTS:
            self._service().request_draft(job.id)
        result.first_job = result.first_job or job
        result.added_count += 1
        self._background.call_in_gui_thread(lambda: self.job_added.emit(job))

    def _finish_import(self, result: ImportResult) -> None:
        self._pending_count -= 1
        self.busy_changed.emit(self._pending_count > 0)
        self.finished.emit(result)
