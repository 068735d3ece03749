"""Exports of songs, one after the other, so that a large export blocks neither the window nor the next song.

They are made by the draft worker: a draft that waits interrupts the song in work, which begins again afterwards.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from time import monotonic

from desktop.errors import CancelledError, JobStateError, StorageError, UnknownJobError, UnusableTrackError
from desktop.export.progress import ProgressMeter
from desktop.export.settings import ExportSettings
from desktop.export.song import export_latest, export_song, needed_bytes
from desktop.export.target_folder import delete_hidden_folders, finish_moves, prepare_target_folder
from desktop.jobs.export_job import ExportedSong, ExportJob, ExportState, Moves, SongResult
from desktop.jobs.exports import MAX_ATTEMPTS
from desktop.jobs.model import Job, OwnerDirective
from desktop.jobs.queue import EventSink, ExportChanged
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.tasks.draft_runner import Watchdog
from desktop.text.message import Message

# Seconds without progress after which the watchdog ends the process.
_STALL_TIMEOUT_S = 600.0
# Seconds between heartbeats, and so until a cancel is noticed at the latest.
_HEARTBEAT_INTERVAL_S = 0.5
_GAVE_UP = Message("Its export crashed {count} times, so Unbraid gave up on it. See the worker's log, then try again.")
_UNKNOWN_SETTINGS = Message("Another version of Unbraid has started this export. Export the songs again.")
_log = logging.getLogger(__name__)


class ExportOutcome(Enum):
    """How the export of a song ended."""

    EXPORTED = "exported"
    """The song is exported or skipped."""
    INTERRUPTED = "interrupted"
    """Something more urgent waits: the song is to be exported from its beginning."""
    ENDED = "ended"
    """The export failed or was cancelled, or another worker owns it."""
    DROPPED = "dropped"
    """No export waits."""


class ExportRunner:
    """Makes the exports of one library."""

    def __init__(self, home: Home, store: JobStore, events: EventSink, should_step_aside: Callable[[], bool]) -> None:
        """`should_step_aside` returns True if something more urgent waits; it is asked for every block."""
        self._home = home
        self._store = store
        self._events = events
        self._should_step_aside = should_step_aside

    def run(self) -> ExportOutcome:
        """Export the next song of the oldest export that waits, and return how that ended. Raises StorageError."""
        export = self._store.exports.claim()
        if export is None:
            return ExportOutcome.DROPPED
        try:
            with Watchdog(_STALL_TIMEOUT_S) as watchdog:
                return _SongRun(self._home, self._store, self._events, export, self._next_directive, watchdog).run()
        finally:
            self._events.emit(ExportChanged(export.id))

    def _next_directive(self) -> OwnerDirective:
        return OwnerDirective.PAUSE if self._should_step_aside() else OwnerDirective.CONTINUE


class _SongRun:
    """Export of one song of an export that this process has claimed."""

    def __init__(
        self,
        home: Home,
        store: JobStore,
        events: EventSink,
        export: ExportJob,
        next_directive: Callable[[], OwnerDirective],
        watchdog: Watchdog,
    ) -> None:
        self._home = home
        self._store = store
        self._records = store.exports
        self._export = export
        self._next_directive = next_directive
        self._watchdog = watchdog
        lengths_s = [song.seconds for song in export.songs]
        self._meter = ProgressMeter(export.id, lengths_s, events.emit, len(export.results), export.elapsed_s)
        self._heartbeat_at = 0.0
        self._directive = OwnerDirective.CONTINUE

    def run(self) -> ExportOutcome:
        """Export the song, and write what came of it into the row. Raises StorageError if that is impossible."""
        song = self._export.next_song
        if song is None:
            return self._end(ExportState.DONE)
        try:
            result = self._finish_killed(song)
            if result is None and self._export.cancel_requested:
                return self._end(ExportState.CANCELLED)
            result = result or self._export_song(song, self._read_settings())
        except CancelledError:
            return self._stop()
        except (StorageError, JobStateError) as error:
            return self._end(ExportState.FAILED, error.message)
        self._meter.finish_song()
        is_recorded = self._records.record_song(self._export, result, self._meter.fraction, self._meter.elapsed_s)
        return ExportOutcome.EXPORTED if is_recorded else ExportOutcome.ENDED

    def _read_settings(self) -> ExportSettings:
        """Return the settings of the export. Raises JobStateError if another version has written them."""
        try:
            return ExportSettings.from_json(self._export.settings_json)
        except ValueError as error:
            raise JobStateError(_UNKNOWN_SETTINGS) from error

    def _finish_killed(self, song: ExportedSong) -> SongResult | None:
        """Finish what a killed worker began: move its files if all are complete, else delete them."""
        files = None
        if self._export.moves:
            with suppress(OSError):  # the folder cannot be written: exporting the song says so
                files = finish_moves(self._export.moves)
        delete_hidden_folders(self._export.folder, self._export.id)
        return SongResult(song.title, files) if files else None

    def _export_song(self, song: ExportedSong, settings: ExportSettings) -> SongResult:
        if self._export.attempts > MAX_ATTEMPTS:
            return SongResult(song.title, reason=_GAVE_UP.with_arguments(count=MAX_ATTEMPTS))
        if self._export.token == 1:  # later, a folder that is missing has vanished
            prepare_target_folder(self._export.folder, needed_bytes(self._jobs(), settings))

        def export(job: Job) -> tuple[Path, ...]:
            self._meter.begin_song(job)
            return export_song(
                job, settings, self._export.folder, self._home, self._advance, self._export.id, self._record_moves
            )

        try:
            job, files = export_latest(song.job_id, self._store.job, export)
        except (UnusableTrackError, UnknownJobError) as error:
            return SongResult(song.title, reason=error.message)
        return SongResult(job.title, files)

    def _jobs(self) -> list[Job]:
        jobs: list[Job] = []
        for song in self._export.songs:
            with suppress(UnknownJobError):
                jobs.append(self._store.job(song.job_id))
        return jobs

    def _advance(self, size: int) -> None:
        """Count exported bytes. Raises CancelledError if the song is not to be finished now."""
        self._watchdog.reset()
        self._meter.advance(size)
        self._directive = self._next_directive()
        if self._directive is OwnerDirective.CONTINUE and monotonic() - self._heartbeat_at >= _HEARTBEAT_INTERVAL_S:
            self._heartbeat_at = monotonic()
            self._directive = self._send_heartbeat()
        if self._directive is not OwnerDirective.CONTINUE:
            raise CancelledError(Message("Cancelled."))

    def _send_heartbeat(self) -> OwnerDirective:
        try:
            return self._records.heartbeat(self._export, self._meter.fraction, self._meter.elapsed_s)
        except StorageError as error:
            _log.warning("Progress of export %s was not stored: %s", self._export.id, error)
            return OwnerDirective.CONTINUE

    def _record_moves(self, moves: Moves) -> None:
        """Store the moves before the first one. Raises CancelledError if that is impossible."""
        try:
            is_owner = self._records.record_moves(self._export, moves)
            self._directive = OwnerDirective.CONTINUE if is_owner else OwnerDirective.ABANDON
        except StorageError as error:
            _log.warning("Song of export %s is exported again: %s", self._export.id, error)
            self._directive = OwnerDirective.PAUSE
        if self._directive is not OwnerDirective.CONTINUE:
            raise CancelledError(Message("Cancelled."))

    def _stop(self) -> ExportOutcome:
        match self._directive:
            case OwnerDirective.CANCEL:
                return self._end(ExportState.CANCELLED)
            case OwnerDirective.PAUSE:
                self._records.release(self._export)
                return ExportOutcome.INTERRUPTED
            case _:
                return ExportOutcome.ENDED

    def _end(self, state: ExportState, error: Message | None = None) -> ExportOutcome:
        delete_hidden_folders(self._export.folder, self._export.id)
        self._records.end(self._export, state, error)
        return ExportOutcome.ENDED
