"""One job from claim to end, without Celery: a thin shell round the pipeline."""

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
from desktop.jobs.copy import stored_track
from desktop.jobs.model import Job, JobState, Stage, Stem
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.records import write_record
from desktop.jobs.results import superseded_runs
from desktop.jobs.speeds import load_speeds, save_speed, speed_key
from desktop.jobs.store import JobStore
from desktop.jobs.strays import remove_work
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.run import Outcome, Request, Step, run
from desktop.settings import load_settings
from desktop.tasks.aftermath import Aftermath
from desktop.tasks.answers import CANCELLED, COMPLETED, DROPPED, WAITING, Answer, failed, outcome
from desktop.tasks.backoff import rest_before
from desktop.tasks.claim import HeldClaim
from desktop.tasks.engine_room import EngineRoom
from desktop.tasks.export import check_folder, export, kept_in_library, withdraw
from desktop.tasks.playhead import playhead

_GONE = "The library's copy of this song is gone. Remove the song, and add it again."
_STALLED = "Separating this song came to a standstill. The worker's log may tell why; then try again."
_log = logging.getLogger(__name__)


def _end_process() -> None:
    os._exit(1)


def _exported(job: Job, outcome: Outcome) -> tuple[tuple[Stem, ...], tuple[str, ...]]:
    """Return the stems, exported if they can be, and what to tell the user if not: they are in the library then."""
    stems = tuple(Stem(stem.name, stem.path, stem.peaks) for stem in outcome.stems)
    try:
        return export(job, stems), ()
    except StorageError as error:
        _log.warning("%s: %s", job.id, error)
        return stems, (kept_in_library(job, error),)


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs of one library, with whatever stays loaded between them."""

    home: Home
    store: JobStore
    events: EventSink
    engines: EngineRoom
    end_process: Callable[[], None] = _end_process
    """Ends this process at once, whatever it does; a new one takes its place."""
    rest_before: Callable[[int], float] = rest_before
    """Seconds before the retry of this number, from 0."""

    def run(self, job_id: str) -> Answer:
        """Claim the job, separate it, and record how it ended.

        Raises StorageError when the library cannot be written: then the lease runs out, and the job runs again.
        """
        job = self.store.claim(job_id)
        self.events.emit(JobChanged(job_id))
        if job is None:
            return self._not_claimed(job_id)
        self._clean_up(job)
        with HeldClaim(self.store, self.events, job, partial(self._cut_off, job)) as claim:
            answer = self._answer(claim)
        if answer == COMPLETED:
            with suppress(UnknownJobError):  # it was deleted from the bin at this moment
                write_record(self.home, self.store.job(job_id, in_bin=True))
        self._conclude(job, answer)
        return answer

    def _not_claimed(self, job_id: str) -> Answer:
        """Answer for a job that ended before, waits, or is in other hands; if it ended with a lost owner, tidy up."""
        self._forget(job_id)
        try:
            return outcome(self.store.job(job_id))
        except UnknownJobError:
            return DROPPED

    def give_up(self, job_id: str, error: Exception) -> None:
        """End this process's work on a job for a reason that nobody foresaw. Raises StorageError."""
        job = self.store.held(job_id)
        if job is None:
            self.events.emit(JobChanged(job_id))
        else:
            self._conclude(job, self._aftermath.settle(job, error, job.elapsed))

    def _cut_off(self, job: Job, stalled: bool, elapsed: float) -> None:
        """End this process in the middle of what it does: the job shall stop now, or nothing more is to come of it."""
        _log.warning("%s %s: its process is ended", job.id, "stalled" if stalled else "does not stop")
        try:
            self._conclude(job, self._stalled(job, elapsed) if stalled else self._stopped(job, elapsed))
        except StorageError as error:
            _log.warning("%s: %s", job.id, error)
        finally:
            self.end_process()

    def _answer(self, claim: HeldClaim) -> Answer:
        try:
            won = self._complete(claim)
        except LostClaimError:
            won = False
        except CancelledError:
            return self._stopped(claim.job, claim.elapsed)
        except UnbraidError as error:
            return self._aftermath.settle(claim.job, error, claim.elapsed)
        except SoftTimeLimitExceeded:
            # It was making progress, or it would have been given up: its finished segments are kept, and it goes on.
            return WAITING if self.store.release(claim.job) else DROPPED
        return COMPLETED if won else DROPPED

    @property
    def _aftermath(self) -> Aftermath:
        return Aftermath(self.store, self.engines, self.rest_before)

    def _stopped(self, job: Job, elapsed: float) -> Answer:
        """The user cancelled or paused; which of them counts that the row says now."""
        state = self.store.stopped(job, elapsed)
        return DROPPED if state is None else CANCELLED if state is JobState.CANCELLED else WAITING

    def _stalled(self, job: Job, elapsed: float) -> Answer:
        return failed(_STALLED) if self.store.fail(job, _STALLED, elapsed) else DROPPED

    def _complete(self, claim: HeldClaim) -> bool:
        """Separate the song and publish its stems. False when the claim was lost."""
        job = claim.job
        folder = self.home.job(job.id)
        source = stored_track(folder, job)
        if not source.exists():
            raise UnusableTrackError(_GONE)
        if job.options.out:
            check_folder(job.options.out)
        engine, notices = self.engines.engine(
            job.options.model,
            lambda part: claim.report(Stage.DOWNLOADING, part),
            claim.should_stop,
            job.sparing,
            fall_back=job.earlier is None,  # a draft never replaces stems
        )
        self.store.describe(job, model_used=engine.name, runtime=engine.runtime)
        self.events.emit(JobChanged(job.id))
        options = job.options
        speed = speed_key(engine.name, options, job.sparing, load_settings(self.home))
        claim.time_left.expect(load_speeds(self.home).get(speed), partial(save_speed, self.home, speed))
        key = self._key(job, engine)
        request = Request(
            source, folder.run(job.token), options.format, options.bits, options.sum_mode, folder.mixture_peaks,
            segments=folder.segments / key, key=key, overlap=options.overlap, shifts=options.shifts, copies=options.out,
        )  # fmt: skip

        def report(step: Step) -> None:
            claim.report(Stage(step.stage), step.progress)

        claim.report(Stage.DECODING, 0.0)  # the decoder may not live to tell
        outcome = run(request, engine, report, claim.should_stop, lambda: playhead(job.id))
        claim.check()
        stems, trouble = _exported(job, outcome)
        # A runtime may have failed in the middle of the song: the engine tells of it only then.
        told = dict.fromkeys((*notices, *engine.notices, *outcome.notices, *trouble))
        won = False
        try:
            won = self._publish(claim, stems, tuple(told), outcome, engine.runtime)
        finally:
            if not won:
                withdraw(stems)
        return won

    def _publish(
        self, claim: HeldClaim, stems: tuple[Stem, ...], notices: tuple[str, ...], outcome: Outcome, runtime: str
    ) -> bool:
        return self.store.complete(
            claim.job,
            stems,
            notices,
            seconds=outcome.seconds,
            sample_rate=outcome.sample_rate,
            channels=outcome.channels,
            frames=outcome.frames,
            null_dbfs=outcome.null_dbfs,
            runtime=runtime,
            elapsed=claim.elapsed,
        )

    def _key(self, job: Job, engine: Engine) -> str:
        """Names what the job's segments depend on. Those of earlier runs that were made otherwise are thrown away."""
        options = job.options
        made_by = (self.engines.identity, engine.sources, options.overlap, options.shifts)
        key = hashlib.sha256(repr(made_by).encode()).hexdigest()[:16]
        for folder in self.home.job(job.id).segments.glob("*"):
            if folder.name != key:
                shutil.rmtree(folder, ignore_errors=True)
        return key

    def _clean_up(self, job: Job) -> None:
        """Throw away what earlier owners began to write. Their finished segments, and an earlier result, are kept."""
        for folder in superseded_runs(self.home, job):
            shutil.rmtree(folder, ignore_errors=True)

    def _forget(self, job_id: str) -> None:
        """Delete the work of a job that has ended, as its row says, and a result that was replaced."""
        with suppress(UnknownJobError):
            remove_work(self.home, self.store.job(job_id, in_bin=True))

    def _conclude(self, job: Job, answer: Answer) -> None:
        """Announce how the run ended, and only then delete its files: the window may be playing them."""
        self.events.emit(JobChanged(job.id))
        self._tidy(job, answer)

    def _tidy(self, job: Job, answer: Answer) -> None:
        """Throw away what an ended job has no use for."""
        folder = self.home.job(job.id)
        if answer != COMPLETED:
            shutil.rmtree(folder.run(job.token), ignore_errors=True)
        self._forget(job.id)
