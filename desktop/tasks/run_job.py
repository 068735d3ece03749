"""The run of one job from its claim to its end: a thin layer around the pipeline, without Celery."""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded

from desktop.errors import (
    CancelledError,
    LostClaimError,
    StorageError,
    UnbraidError,
    UnknownJobError,
    UnusableTrackError,
)
from desktop.export.automatic import automatic_export
from desktop.export.output_folder import (
    check_output_folder,
    delete_exported,
    describe_kept_stems,
    export_to_output_folder,
)
from desktop.jobs.files import find_stored_track, remove_leftovers
from desktop.jobs.model import Job, JobState, Stem
from desktop.jobs.queue import EventSink, ExportChanged, JobChanged
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.rows import superseded_run_folders
from desktop.jobs.speeds import load_speeds, save_speed, speed_key
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.progress import ProgressUpdate
from desktop.pipeline.request import Request
from desktop.pipeline.run import Outcome, run
from desktop.runtime.settings_file import load_settings
from desktop.stage import Stage
from desktop.tasks.engine_cache import EngineCache
from desktop.tasks.events import read_playhead
from desktop.tasks.heartbeat import Heartbeat
from desktop.tasks.outcomes import (
    CANCELLED,
    COMPLETED,
    DROPPED,
    PENDING,
    FailurePolicy,
    TaskResult,
    make_failed_result,
    make_job_result,
    retry_delay,
)
from desktop.text.message import Message

_TRACK_MISSING_MESSAGE = Message("The library's copy of this song is missing. Remove the song, then add it again.")
_STALLED_MESSAGE = Message(
    "The separation of this song made no progress and was stopped. See the worker's log, then try again."
)
_log = logging.getLogger(__name__)


def _end_process() -> None:
    os._exit(1)


def _publish_nothing() -> None:
    """Leave the export of a song to the reconciliation, which publishes what waits without a message."""


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs of one library, and keeps the engine loaded between them."""

    home: Home
    store: JobStore
    events: EventSink
    engines: EngineCache
    end_process: Callable[[], None] = _end_process
    """Ends this process at once; the worker starts a new one."""
    retry_delay: Callable[[int], float] = retry_delay
    """Returns the delay in seconds before a retry, counted from 0."""
    publish_export: Callable[[], None] = _publish_nothing
    """Publishes a message that an export waits."""

    def run(self, job_id: str) -> TaskResult:
        """Claim the job, separate it, record how it ended, and return the result.

        Raises StorageError if the library cannot be written: then the lease expires, and the job runs again.
        """
        job = self.store.ownership.claim(job_id)
        self.events.emit(JobChanged(job_id))
        if job is None:
            return self._result_without_claim(job_id)
        self._delete_superseded_runs(job)
        with Heartbeat(self.store, self.events, job, partial(self._abort, job)) as heartbeat:
            result = self._run_claimed(heartbeat)
        if result == COMPLETED:
            with suppress(UnknownJobError):  # the job may have been deleted from the bin
                write_backup_record(self.home, self.store.job(job_id, include_bin=True))
        self._announce_end(job, result)
        return result

    def _result_without_claim(self, job_id: str) -> TaskResult:
        """Return the result of a job that could not be claimed. Delete its leftovers if it ended with a lost owner."""
        self._delete_leftovers(job_id)
        try:
            return make_job_result(self.store.job(job_id))
        except UnknownJobError:
            return DROPPED

    def handle_unexpected_error(self, job_id: str, error: Exception) -> None:
        """End this process's claim on a job after an unexpected error. Raises StorageError."""
        job = self.store.ownership.find_own_job(job_id)
        if job is None:
            self.events.emit(JobChanged(job_id))
        else:
            self._announce_end(job, self._failure_policy.apply(job, error, job.elapsed))

    def _abort(self, job: Job, stalled: bool, elapsed: float) -> None:
        """Record a stall or an overdue stop, then end this process."""
        _log.warning("Job %s %s: its process is terminated", job.id, "stalled" if stalled else "did not stop in time")
        try:
            self._announce_end(job, self._record_stall(job, elapsed) if stalled else self._record_stop(job, elapsed))
        except StorageError as error:
            _log.warning("End of job %s could not be recorded: %s", job.id, error)
        finally:
            self.end_process()

    def _run_claimed(self, heartbeat: Heartbeat) -> TaskResult:
        try:
            is_recorded = self._separate(heartbeat)
        except LostClaimError:
            is_recorded = False
        except CancelledError:
            return self._record_stop(heartbeat.job, heartbeat.elapsed)
        except UnbraidError as error:
            return self._failure_policy.apply(heartbeat.job, error, heartbeat.elapsed)
        except SoftTimeLimitExceeded:
            # The job was making progress, or it would count as stalled. It continues later from its finished segments.
            return PENDING if self.store.ownership.release(heartbeat.job) else DROPPED
        return COMPLETED if is_recorded else DROPPED

    @property
    def _failure_policy(self) -> FailurePolicy:
        return FailurePolicy(self.store, self.engines, self.retry_delay)

    def _record_stop(self, job: Job, elapsed: float) -> TaskResult:
        """Record a stop on request, and return whether the row says cancelled or pending."""
        state = self.store.ownership.record_stop(job, elapsed)
        return DROPPED if state is None else CANCELLED if state is JobState.CANCELLED else PENDING

    def _record_stall(self, job: Job, elapsed: float) -> TaskResult:
        return (
            make_failed_result(_STALLED_MESSAGE)
            if self.store.ownership.fail(job, _STALLED_MESSAGE, elapsed)
            else DROPPED
        )

    def _separate(self, heartbeat: Heartbeat) -> bool:
        """Separate the track and publish its stems. Return False if the claim was lost."""
        job = heartbeat.job
        folder = self.home.job_folder(job.id)
        source = find_stored_track(folder, job)
        if not source.exists():
            raise UnusableTrackError(_TRACK_MISSING_MESSAGE)
        if job.options.out:
            check_output_folder(job.options.out)
        engine, notices = self.engines.get(
            job.options.model,
            lambda progress: heartbeat.report(Stage.DOWNLOADING, progress),
            heartbeat.should_stop,
            job.low_memory,
            fall_back=job.earlier is None,  # a draft never replaces stems
        )
        self.store.ownership.record_details(job, model_used=engine.name, runtime=engine.runtime)
        self.events.emit(JobChanged(job.id))
        options = job.options
        speed_id = speed_key(engine.name, options, job.low_memory, load_settings(self.home))
        heartbeat.time_left.set_expected_speed(
            load_speeds(self.home).get(speed_id), partial(save_speed, self.home, speed_id)
        )
        segments_key = self._segments_key(job, engine)
        request = Request(
            source, folder.result_folder(job.token), options.format, options.bits, options.sum_mode, folder.mixture_peaks,
            segments=folder.segments / segments_key, key=segments_key, overlap=options.overlap, shifts=options.shifts, copies=options.out,
        )  # fmt: skip

        def report(update: ProgressUpdate) -> None:
            heartbeat.report(update.stage, update.progress)

        heartbeat.report(Stage.DECODING, 0.0)  # reported before decoding, which may crash the process
        outcome = run(request, engine, report, heartbeat.should_stop, lambda: read_playhead(job.id))
        heartbeat.raise_if_stopped()
        stems, export_notices = _export_or_keep(job, outcome)
        # The engine adds a notice if its runtime failed during the run.
        all_notices = dict.fromkeys((*notices, *engine.notices, *outcome.notices, *export_notices))
        is_recorded = False
        try:
            is_recorded = self._record_completion(heartbeat, stems, tuple(all_notices), outcome, engine)
        finally:
            if not is_recorded:
                delete_exported(stems)
        return is_recorded

    def _record_completion(
        self,
        heartbeat: Heartbeat,
        stems: tuple[Stem, ...],
        notices: tuple[Message, ...],
        outcome: Outcome,
        engine: Engine,
    ) -> bool:
        export = automatic_export(heartbeat.job, engine.name, load_settings(self.home))
        is_recorded = self.store.ownership.complete(
            heartbeat.job,
            stems,
            notices,
            export,
            seconds=outcome.seconds,
            sample_rate=outcome.sample_rate,
            channels=outcome.channels,
            frames=outcome.frames,
            null_dbfs=outcome.null_dbfs,
            runtime=engine.runtime,
            elapsed=heartbeat.elapsed,
        )
        if is_recorded and export is not None:
            self.publish_export()
            self.events.emit(ExportChanged(export.id))
        return is_recorded

    def _segments_key(self, job: Job, engine: Engine) -> str:
        """Return a key of everything that the job's segments depend on, and delete segments with other keys."""
        options = job.options
        ingredients = (self.engines.fingerprint, engine.sources, options.overlap, options.shifts)
        key = hashlib.sha256(repr(ingredients).encode()).hexdigest()[:16]
        for folder in self.home.job_folder(job.id).segments.glob("*"):
            if folder.name != key:
                shutil.rmtree(folder, ignore_errors=True)
        return key

    def _delete_superseded_runs(self, job: Job) -> None:
        """Delete incomplete results of earlier owners. Finished segments and an earlier result are kept."""
        for folder in superseded_run_folders(self.home, job):
            shutil.rmtree(folder, ignore_errors=True)

    def _delete_leftovers(self, job_id: str) -> None:
        """Delete the work files and superseded results of a job if its row says that it has ended."""
        with suppress(UnknownJobError):
            remove_leftovers(self.home, self.store.job(job_id, include_bin=True))

    def _announce_end(self, job: Job, result: TaskResult) -> None:
        """Emit the end of the run, and only then delete its files, because the window may be playing them."""
        self.events.emit(JobChanged(job.id))
        self._delete_run_files(job, result)

    def _delete_run_files(self, job: Job, result: TaskResult) -> None:
        """Delete the result of an unsuccessful run, and the leftovers of the job if it has ended."""
        folder = self.home.job_folder(job.id)
        if result != COMPLETED:
            shutil.rmtree(folder.result_folder(job.token), ignore_errors=True)
        self._delete_leftovers(job.id)


def _export_or_keep(job: Job, outcome: Outcome) -> tuple[tuple[Stem, ...], tuple[Message, ...]]:
    """Export the stems to the output folder. Return them, and notices if they are only in the library."""
    stems = tuple(Stem(stem.name, stem.path, stem.peaks) for stem in outcome.stems)
    try:
        return export_to_output_folder(job, stems), ()
    except StorageError as error:
        _log.warning("Stems of job %s were not exported: %s", job.id, error)
        return stems, (describe_kept_stems(job, error),)
