"""The job service: all user actions on jobs, for the window and the command line."""

import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from desktop.analysis.harmony import Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.atomic_file import write_atomically
from desktop.audio.files import check_file
from desktop.audio.names import storable_file_name
from desktop.errors import DuplicateTrackError, JobStateError, StorageError
from desktop.jobs.analysis_files import KeptAnalysis, load_analysis, load_corrected_analysis
from desktop.jobs.analysis_results import keep_analysis
from desktop.jobs.bin import Bin
from desktop.jobs.export_job import ExportJob, StoredSettings
from desktop.jobs.files import DigestBackfill, copy_track, find_stored_track
from desktop.jobs.folders import name_job_folder
from desktop.jobs.model import AnalysisInput, Job, JobOptions, JobState
from desktop.jobs.queue import EventSink, ExportChanged, JobChanged, JobQueue, QueueChanged
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.stem_imports import StemImports
from desktop.jobs.store import IsDuplicate, JobStore, never_duplicate
from desktop.lyrics.files import keep_lyrics
from desktop.paths import Home
from desktop.probe.client import read_tags
from desktop.runtime.disk_errors import describe_disk_error
from desktop.runtime.settings_file import SettingsFile
from desktop.text.message import Message


class JobService:
    """User actions on the jobs of one library.

    Every method is thread-safe and raises StorageError if the library cannot be read or written.
    """

    def __init__(
        self,
        home: Home,
        store: JobStore,
        queue: JobQueue,
        events: EventSink,
        check_model: Callable[[str], None] = lambda name: None,
    ) -> None:
        """Create the service.

        `check_model` raises ModelUnavailableError for a model that cannot be used now, and may take seconds.
        """
        self._check_model = check_model
        self._home = home
        self._settings_file = SettingsFile(home)
        self._store = store
        self._queue = queue
        self._events = events
        self.bin = Bin(home, store, queue, events)
        self.stem_imports = StemImports(home, store, events)
        self._digest_backfill = DigestBackfill(home, store)

    def add(self, path: Path, options: JobOptions | None = None, is_duplicate: IsDuplicate = never_duplicate) -> Job:
        """Copy a track into the library, queue it for separation, and return its job.

        Raises DuplicateTrackError if `is_duplicate` returns True for a job with the same content, in the library or in
        the bin; UnusableTrackError if the file is no usable track; StorageError if it cannot be copied.
        """
        check_file(path)
        job_id = self._home.job_folders.create_id()
        folder = self._home.job_folder(job_id)
        digest = copy_track(path, folder)
        try:
            self._digest_backfill.compute_missing(folder.total_bytes())
            new_job = self._new_job(job_id, path, options or JobOptions(), digest)
            folder = name_job_folder(self._home, new_job)  # before any other process knows the job
            job = self._store.insert(new_job, is_duplicate)
        except (StorageError, DuplicateTrackError):
            shutil.rmtree(folder.root, ignore_errors=True)
            raise
        write_backup_record(self._home, job)
        return self._publish(job)

    def _new_job(self, job_id: str, path: Path, options: JobOptions, digest: str) -> Job:
        tags = read_tags(path)
        if tags.cover:
            with suppress(OSError):  # the cover is optional
                write_atomically(self._home.job_folder(job_id).cover, tags.cover, durable=False)
        keep_lyrics(self._home.job_folder(job_id), path, tags.lyrics)
        return Job(
            id=job_id,
            state=JobState.PENDING,
            title=tags.title or storable_file_name(path.stem or path.name),
            artist=tags.artist,
            album=tags.album,
            source=path,
            options=options,
            position=0,
            added=datetime.now(UTC),
            seconds=tags.seconds,
            digest=digest,
        )

    def jobs(self) -> list[Job]:
        """Return all jobs that are not in the bin, in queue order."""
        return self._store.jobs()

    def job(self, job_id: str) -> Job:
        """Return a job that is not in the bin. Raises UnknownJobError."""
        return self._store.job(job_id)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: a pending job at once, a processing job between two segments. Return it.

        Raises UnknownJobError, and JobStateError if the job has ended.
        """
        job = self._store.request_cancel(job_id)
        self._events.emit(JobChanged(job_id))
        if job.state.has_ended:
            self._home.job_folder(job_id).delete_work_files()
        return job

    def separate_again(self, job_id: str, model: str | None = None) -> Job:
        """Queue an ended job to be separated again, with `model` if given, and return it.

        Raises UnknownJobError, JobStateError if the job has not ended, and ModelUnavailableError.
        """
        self._store.job(job_id)
        if not (requeued := self.separate_jobs_again([job_id], model)):
            raise JobStateError(Message("This song is still in the queue. It can be separated again once it is done."))
        return requeued[0]

    def separate_jobs_again(self, job_ids: Sequence[str], model: str | None = None) -> list[Job]:
        """Queue those of `job_ids` that have ended to be separated again, with `model` if given, and return them.

        A job keeps its stems until the new stems are complete. May take seconds. Raises ModelUnavailableError if a
        model is neither on this computer nor can be downloaded now; then no job is changed.
        """
        requested_ids = set(job_ids)
        models = {job.options.model for job in self._store.jobs() if job.id in requested_ids and job.state.has_ended}
        for name in [model] if model else sorted(models):
            self._check_model(name)
        return [self._publish(job) for job in self._store.separate_again(job_ids, model)]

    def record_exports(self, job: Job) -> None:
        """Store the `exported` paths of a completed job's stems."""
        self._store.record_exports(job)

    def start_export(self, jobs: Sequence[Job], settings: StoredSettings, folder: Path) -> ExportJob:
        """Queue the export of songs to a folder of this computer, behind earlier exports, and return it.

        `settings` are `desktop.export.settings.ExportSettings`. Existing files are never overwritten.
        """
        export = self._store.exports.insert(jobs, settings, folder)
        self._queue.publish_export()
        self._events.emit(ExportChanged(export.id))
        return export

    def cancel_export(self, export_id: str) -> None:
        """Cancel an export, at once or during its current song; songs that are exported stay. Do nothing if it has ended."""
        self._store.exports.request_cancel(export_id)
        self._queue.publish_export()
        self._events.emit(ExportChanged(export_id))

    def exports(self) -> list[ExportJob]:
        """Return the exports of this computer that have not ended or are not forgotten yet, the oldest first."""
        return self._store.exports.all()

    def forget_export(self, export_id: str) -> None:
        """Delete the row of an export that has ended, once the user has seen its result."""
        self._store.exports.forget(export_id)

    def move_to_front(self, job_id: str) -> Job:
        """Move a pending job to the front of the queue and return it. Raises UnknownJobError, JobStateError."""
        job = self._store.move_to_front(job_id)
        self._publish_due_jobs()
        self._events.emit(JobChanged(job_id))
        return job

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Move a pending job right before the pending job `before`, or to the end if None.

        Return all jobs whose position changed. Raises UnknownJobError, and JobStateError if either job is not pending.
        """
        changed = self._store.move(job_id, before)
        if changed:
            self._publish_due_jobs()
        for job in changed:
            self._events.emit(JobChanged(job.id))
        return changed

    def pending_jobs(self) -> list[Job]:
        """Return the pending jobs, including paused jobs, in queue order."""
        return self._store.pending_jobs()

    def request_draft(self, job_id: str) -> None:
        """Request a draft of a job without stems, unless the settings turn drafts off. Raises UnknownJobError."""
        job = self._store.job(job_id)
        if job.wants_draft and self._settings_file.refresh().draft:
            self._queue.publish_draft(job)

    def report_playhead(self, job_id: str, position_s: float) -> None:
        """Report the playhead in seconds, where the worker separates first. Call this every few seconds."""
        self._queue.publish_playhead(job_id, position_s)

    def request_analysis(self, job_id: str) -> None:
        """Request the analysis of a song that has none, only that of its draft, or one that cannot be read.

        Raises UnknownJobError.
        """
        is_wanted = self._store.job(job_id).wants_analysis
        if not is_wanted and load_analysis(self._home.job_folder(job_id)) is None:
            is_wanted = self._store.analyses.forget(job_id)
        if is_wanted:
            self._queue.publish_analysis(job_id)

    def keep_analysis(self, job: Job, analysis: SongAnalysis) -> None:
        """Keep an analysis that was made from the stems of a job."""
        try:
            keep_analysis(self._home, self._store, self._events, job, KeptAnalysis(analysis, AnalysisInput.STEMS))
        except OSError as error:
            reason, advice = describe_disk_error(error, self._home.root)
            raise StorageError(
                Message("The analysis could not be kept: {reason}.", reason=reason),
                Message("{advice}, then try again.", advice=advice),
            ) from error

    def corrected_analysis(self, job: Job) -> SongAnalysis | None:
        """Return the kept analysis of a job's song as the user corrected it; None if there is none."""
        return load_corrected_analysis(self._home.job_folder(job.id), job.seconds or 0.0)

    def stored_track(self, job: Job) -> Path:
        """Return the path of the library's copy of a job's track, which may be missing."""
        return find_stored_track(self._home.job_folder(job.id), job)

    def set_song_tempo_and_key(self, job_id: str, tempo_bpm: float | None, key: Key | None) -> None:
        """Store the tempo and the key of a song as the user corrected them; do nothing if the job is gone."""
        if self._store.analyses.set_tempo_and_key(job_id, tempo_bpm, key):
            self._events.emit(JobChanged(job_id))

    def pause_queue(self) -> None:
        """Pause the queue. The running job stops and keeps its finished segments. Survives restarts."""
        self._set_queue_paused(True)

    def resume_queue(self) -> None:
        """Resume the queue."""
        self._set_queue_paused(False)

    def pause_jobs(self, job_ids: Collection[str]) -> list[Job]:
        """Pause jobs at their positions, and return them. A processing job stops and keeps its finished segments.

        Survives restarts. Raises UnknownJobError, and JobStateError if a job has ended.
        """
        return self._set_jobs_paused(job_ids, True)

    def resume_jobs(self, job_ids: Collection[str]) -> list[Job]:
        """Resume paused jobs at their positions, and return them. Raises UnknownJobError, JobStateError."""
        jobs = self._set_jobs_paused(job_ids, False)
        self._publish_due_jobs()
        return jobs

    def is_queue_paused(self) -> bool:
        """Return whether the queue is paused."""
        return self._store.is_queue_paused()

    def remove_jobs(self, job_ids: Collection[str]) -> list[Job]:
        """Move jobs with their stems to the bin, and return those that were in the library.

        The user's own files stay.
        """
        return self.bin.add(job_ids)

    def remove_ended_jobs(self, job_ids: Collection[str] | None = None) -> list[Job]:
        """Move ended jobs to the bin, of `job_ids` or of the whole library if None, and return them."""
        return self.bin.add(job_ids, only_ended=True)

    def _set_queue_paused(self, paused: bool) -> None:
        self._store.set_queue_paused(paused)
        self._publish_due_jobs()
        self._events.emit(QueueChanged(paused))

    def _set_jobs_paused(self, job_ids: Collection[str], paused: bool) -> list[Job]:
        jobs = [self._store.set_job_paused(job_id, paused) for job_id in job_ids]
        for job in jobs:
            self._events.emit(JobChanged(job.id))
        return jobs

    def _publish_due_jobs(self) -> None:
        self._queue.republish(self._store.due_jobs())

    def _publish(self, job: Job) -> Job:
        if not self._store.is_queue_paused():
            self._queue.publish(job)
        self._events.emit(JobChanged(job.id))
        return job
