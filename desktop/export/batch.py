"""Batch export of jobs, one after the other, with the remaining time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from desktop.errors import CancelledError, StorageError, UnknownJobError, UnusableTrackError
from desktop.export.result import NO_STEMS_REASON, ExportProgress, ExportResult
from desktop.export.stems import check_free_space, export_stems, stem_file_size
from desktop.jobs.model import Job
from desktop.text.message import Message

# An estimate from less time or a smaller fraction than this would jump.
_MIN_ELAPSED_S, _MIN_FRACTION = 1.0, 0.02
_REPORT_INTERVAL_S = 0.1


def export_batch(
    jobs: Sequence[Job],
    folder: Path,
    file_format: str,
    get_job: Callable[[str], Job],
    report: Callable[[ExportProgress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ExportResult:
    """Export the stems of each job (`export_stems`), and skip jobs without stems or with missing stem files.

    `get_job` returns the current row of a job, or raises UnknownJobError: a job may get other stems, or be removed,
    before it is exported. Each job is exported completely or not at all, also if `should_stop` returns True meanwhile.
    Disk errors do not raise; they are in `ExportResult.error`.
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
                result.skipped.append((job, error.message))
            meter.finish_job()
    except CancelledError:
        result.cancelled = True
    except StorageError as error:
        result.error = error.message
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
        # The job was just separated again, and its former stems were deleted.
        reread = get_job(job.id)
        if reread.stems in (latest.stems, ()):
            raise
        return reread, export_stems(reread, folder, file_format, meter.advance)


class _ProgressMeter:
    """Counts exported bytes and reports the progress, at most ten times a second."""

    def __init__(
        self, jobs: Sequence[Job], report: Callable[[ExportProgress], None], should_stop: Callable[[], bool]
    ) -> None:
        self._sizes = [sum(stem_file_size(stem.path) for stem in job.stems) for job in jobs]
        self._report = report
        self._should_stop = should_stop
        self._jobs_done, self._bytes_done = 0, 0
        self._started_at, self._reported_at = monotonic(), 0.0

    def advance(self, size: int) -> None:
        """Count `size` exported bytes. Raises CancelledError if `should_stop` returns True."""
        if self._should_stop():
            raise CancelledError(Message("Cancelled."))
        self._bytes_done += size
        if monotonic() - self._reported_at >= _REPORT_INTERVAL_S:
            self._report_progress()

    def finish_job(self) -> None:
        """Count a job as exported or skipped, and report the progress."""
        self._jobs_done += 1
        self._bytes_done = sum(self._sizes[: self._jobs_done])
        self._report_progress()

    def _report_progress(self) -> None:
        self._reported_at = monotonic()
        fraction = min(1.0, self._bytes_done / max(1, sum(self._sizes)))
        elapsed_s = self._reported_at - self._started_at
        is_reliable = elapsed_s >= _MIN_ELAPSED_S and fraction >= _MIN_FRACTION
        seconds_left = elapsed_s * (1 - fraction) / fraction if is_reliable else None
        self._report(ExportProgress(self._jobs_done, len(self._sizes), fraction, seconds_left))
