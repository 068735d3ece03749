"""Any number of songs exported one after the other, with the time left."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from desktop.errors import CancelledError, StorageError, UnknownJobError, UnusableTrackError
from desktop.export.result import NO_STEMS, ExportProgress, ExportResult
from desktop.export.song import check_room, export_song, source_bytes
from desktop.jobs.model import Job

# An estimate from less than this much work would jump (seconds, part of the whole).
_SOON, _ENOUGH = 1.0, 0.02
# Between two reports (seconds).
_FRAME = 0.1


def export_songs(
    jobs: Sequence[Job],
    folder: Path,
    file_format: str,
    current: Callable[[str], Job],
    report: Callable[[ExportProgress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ExportResult:
    """Export the stems of each job (`export_song`), and leave out those that have none or whose stems are gone.

    `current` returns a job as the library has it now, or raises UnknownJobError: a song may get other stems, or be
    removed, before its turn comes. A set is whole or not there, also when `should_stop` turns true in the middle.
    """
    result = ExportResult(folder, file_format, left_out=[(job, NO_STEMS) for job in jobs if not job.stems])
    wanted = [job for job in jobs if job.stems]
    meter = _Meter(wanted, report, should_stop)
    try:
        check_room(wanted, folder, file_format)
        for job in wanted:
            try:
                result.exported.append(_export(job, folder, file_format, current, meter))
            except (UnusableTrackError, UnknownJobError) as error:
                result.left_out.append((job, str(error)))
            meter.next_song()
    except CancelledError:
        result.cancelled = True
    except StorageError as error:
        result.trouble = str(error)
    return result


def _export(
    job: Job, folder: Path, file_format: str, current: Callable[[str], Job], meter: "_Meter"
) -> tuple[Job, tuple[Path, ...]]:
    now = current(job.id)
    if not now.stems:
        raise UnusableTrackError(NO_STEMS)
    try:
        return now, export_song(now, folder, file_format, meter.advance)
    except UnusableTrackError:
        # It was separated again in this moment, and its former stems are deleted.
        later = current(job.id)
        if later.stems in (now.stems, ()):
            raise
        return later, export_song(later, folder, file_format, meter.advance)


class _Meter:
    """Counts exported bytes, and reports ten times a second at most."""

    def __init__(
        self, jobs: Sequence[Job], report: Callable[[ExportProgress], None], should_stop: Callable[[], bool]
    ) -> None:
        self._sizes = [sum(source_bytes(stem.path) for stem in job.stems) for job in jobs]
        self._report = report
        self._should_stop = should_stop
        self._songs, self._bytes = 0, 0
        self._began, self._reported = monotonic(), 0.0

    def advance(self, size: int) -> None:
        """Count `size` bytes of a stem. Raises CancelledError when the export shall stop."""
        if self._should_stop():
            raise CancelledError("Cancelled.")
        self._bytes += size
        if monotonic() - self._reported >= _FRAME:
            self._tell()

    def next_song(self) -> None:
        """Count a song, exported or left out."""
        self._songs += 1
        self._bytes = sum(self._sizes[: self._songs])
        self._tell()

    def _tell(self) -> None:
        self._reported = monotonic()
        part = min(1.0, self._bytes / max(1, sum(self._sizes)))
        elapsed = self._reported - self._began
        known = elapsed >= _SOON and part >= _ENOUGH
        left = elapsed * (1 - part) / part if known else None
        self._report(ExportProgress(self._songs, len(self._sizes), part, left))
