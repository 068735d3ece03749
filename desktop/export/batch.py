"""Any number of songs exported one after the other, with the time left."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from desktop.errors import CancelledError, StorageError, UnknownJobError, UnusableTrackError
from desktop.export.result import NO_STEMS_REASON, ExportProgress, ExportResult
from desktop.export.stems import check_free_space, export_stems, stem_file_size
from desktop.jobs.model import Job

# An estimate from less than this much work would jump (seconds, part of the whole).
_MIN_ELAPSED_S, _MIN_FRACTION = 1.0, 0.02
# Between two reports (seconds).
_REPORT_INTERVAL_S = 0.1


def export_batch(
    jobs: Sequence[Job],
    folder: Path,
    file_format: str,
    get_job: Callable[[str], Job],
    report: Callable[[ExportProgress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ExportResult:
    """Export the stems of each job (`export_stems`), and leave out those that have none or whose stems are gone.

    `current` returns a job as the library has it now, or raises UnknownJobError: a song may get other stems, or be
    removed, before its turn comes. A set is whole or not there, also when `should_stop` turns true in the middle.
    """
    result = ExportResult(folder, file_format, skipped=[(job, NO_STEMS_REASON) for job in jobs if not job.stems])
    jobs_with_stems = [job for job in jobs if job.stems]
    meter = _ProgressMeter(jobs_with_stems, report, should_stop)
    try:
        check_free_space(jobs_with_stems, folder, file_format)
        for job in jobs_with_stems:
            try:
                result.exported.append(_export_job(job, folder, file_format, get_job, meter))
            except (UnusableTrackError, UnknownJobError) as error:
                result.skipped.append((job, str(error)))
            meter.next_song()
    except CancelledError:
        result.cancelled = True
    except StorageError as error:
        result.error = str(error)
    return result


def _export_job(
    job: Job, folder: Path, file_format: str, get_job: Callable[[str], Job], meter: "_ProgressMeter"
) -> tuple[Job, tuple[Path, ...]]:
    latest = get_job(job.id)
    if not latest.stems:
        raise UnusableTrackError(NO_STEMS_REASON)
    try:
        return latest, export_stems(latest, folder, file_format, meter.advance)
    except UnusableTrackError:
        # It was separated again in this moment, and its former stems are deleted.
        reread = get_job(job.id)
        if reread.stems in (latest.stems, ()):
            raise
        return reread, export_stems(reread, folder, file_format, meter.advance)


class _ProgressMeter:
    """Counts exported bytes, and reports ten times a second at most."""

    def __init__(
        self, jobs: Sequence[Job], report: Callable[[ExportProgress], None], should_stop: Callable[[], bool]
    ) -> None:
        self._sizes = [sum(stem_file_size(stem.path) for stem in job.stems) for job in jobs]
        self._report = report
        self._should_stop = should_stop
        self._songs_done, self._bytes_done = 0, 0
        self._started, self._reported = monotonic(), 0.0

    def advance(self, size: int) -> None:
        """Count `size` bytes of a stem. Raises CancelledError when the export shall stop."""
        if self._should_stop():
            raise CancelledError("Cancelled.")
        self._bytes_done += size
        if monotonic() - self._reported >= _REPORT_INTERVAL_S:
            self._report_progress()

    def next_song(self) -> None:
        """Count a song, exported or left out."""
        self._songs_done += 1
        self._bytes_done = sum(self._sizes[: self._songs_done])
        self._report_progress()

    def _report_progress(self) -> None:
        self._reported = monotonic()
        fraction = min(1.0, self._bytes_done / max(1, sum(self._sizes)))
        elapsed = self._reported - self._started
        is_reliable = elapsed >= _MIN_ELAPSED_S and fraction >= _MIN_FRACTION
        seconds_left = elapsed * (1 - fraction) / fraction if is_reliable else None
        self._report(ExportProgress(self._songs_done, len(self._sizes), fraction, seconds_left))
