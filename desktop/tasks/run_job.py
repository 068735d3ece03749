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
from desktop.jobs.model import Job, Stage, Stem
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.records import write_record
from desktop.jobs.store import JobStore
from desktop.jobs.strays import remove_work
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.run import Outcome, Request, Step, run
from desktop.tasks.claim import HeldClaim
from desktop.tasks.engine_room import EngineRoom
from desktop.tasks.export import export
from desktop.tasks.playhead import playhead

Answer = dict[str, str]
_GONE = "The library's copy of this song is gone. Remove the song, and add it again."
_NO_MEMORY = "There was not enough memory to separate this song. Close other programs, then try again."
_OUR_FAULT = "Something went wrong in Unbraid itself. The log tells what; then try again."
_STALLED = "Separating this song came to a standstill. The log may tell why; then try again."
DROPPED: Answer = {"status": "dropped"}
"""There was nothing to do, or somebody else does it."""
_log = logging.getLogger(__name__)


def _end_process() -> None:
    os._exit(1)


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs of one library, with whatever stays loaded between them."""

    home: Home
    store: JobStore
    events: EventSink
    engines: EngineRoom
    end_process: Callable[[], None] = _end_process
    """Ends this process at once, whatever it does; a new one takes its place."""

    def run(self, job_id: str) -> Answer:
        """Claim the job, separate it, and record how it ended.

        Raises StorageError when the library cannot be written: then the lease runs out, and the job runs again.
        """
        job = self.store.claim(job_id)
        self.events.emit(JobChanged(job_id))
        if job is None:
            self._forget(job_id)
            return DROPPED
        self._clean_up(job)
        with HeldClaim(self.store, self.events, job, partial(self._cut_off, job)) as claim:
            answer = self._answer(claim)
        if answer["status"] == "completed":
            write_record(self.home, self.store.job(job_id))
        self._tidy(job, answer)
        self.events.emit(JobChanged(job_id))
        return answer

    def give_up(self, job_id: str, error: Exception) -> None:
        """Let a job of this process fail for a reason that nobody foresaw. Raises StorageError."""
        self.store.give_up(job_id, _NO_MEMORY if isinstance(error, MemoryError) else _OUR_FAULT)
        self._forget(job_id)
        self.events.emit(JobChanged(job_id))

    def _cut_off(self, job: Job, stalled: bool, elapsed: float) -> None:
        """End this process in the middle of what it does: the job shall stop now, or nothing more is to come of it."""
        _log.warning("%s %s: its process is ended", job.id, "stalled" if stalled else "does not stop")
        try:
            won = self.store.fail(job, _STALLED, elapsed) if stalled else self.store.cancelled(job, elapsed)
            self._tidy(job, {"status": "cancelled"} if won else DROPPED)
            self.events.emit(JobChanged(job.id))
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
            return {"status": "cancelled"} if self.store.cancelled(claim.job, claim.elapsed) else DROPPED
        except UnbraidError as error:
            return self._failed(claim, str(error))
        except SoftTimeLimitExceeded:
            # It was making progress, or it would have been given up: its finished segments are kept, and it goes on.
            self.store.release(claim.job)
            return DROPPED
        return {"status": "completed"} if won else DROPPED

    def _failed(self, claim: HeldClaim, sentence: str) -> Answer:
        _log.warning("%s failed: %s", claim.job.id, sentence)
        # With a database that just failed, this is a new connection: the store opens one for every call.
        won = self.store.fail(claim.job, sentence, claim.elapsed)
        return {"status": "failed", "error": sentence} if won else DROPPED

    def _complete(self, claim: HeldClaim) -> bool:
        """Separate the song and publish its stems. False when the claim was lost."""
        job = claim.job
        folder = self.home.job(job.id)
        source = stored_track(folder, job)
        if not source.exists():
            raise UnusableTrackError(_GONE)
        engine, notices = self.engines.engine(
            job.options.model, lambda part: claim.report(Stage.DOWNLOADING, part), claim.should_stop
        )
        self.store.describe(job, model_used=engine.name)
        self.events.emit(JobChanged(job.id))
        options = job.options
        key = self._key(job, engine)
        request = Request(
            source, folder.run(job.token), options.format, options.bits, options.sum_mode, folder.mixture_peaks,
            segments=folder.segments / key, key=key, overlap=options.overlap, shifts=options.shifts,
        )  # fmt: skip

        def report(step: Step) -> None:
            claim.report(Stage(step.stage), step.progress)

        claim.report(Stage.DECODING, 0.0)  # the decoder may not live to tell
        outcome = run(request, engine, report, claim.should_stop, lambda: playhead(job.id))
        claim.check()
        stems = export(job, [Stem(stem.name, stem.path, stem.peaks) for stem in outcome.stems])
        # A runtime may have failed in the middle of the song: the engine tells of it only then.
        told = dict.fromkeys((*notices, *engine.notices, *outcome.notices))
        return self._publish(claim, stems, tuple(told), outcome)

    def _publish(self, claim: HeldClaim, stems: tuple[Stem, ...], notices: tuple[str, ...], outcome: Outcome) -> bool:
        return self.store.complete(
            claim.job,
            stems,
            notices,
            seconds=outcome.seconds,
            sample_rate=outcome.sample_rate,
            channels=outcome.channels,
            frames=outcome.frames,
            null_dbfs=outcome.null_dbfs,
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
        """Throw away what earlier owners began to write. Their finished segments are kept."""
        for folder in self.home.job(job.id).root.glob("run-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _forget(self, job_id: str) -> None:
        """Throw away the work of a job that ended, but not in `run`."""
        with suppress(UnknownJobError):
            remove_work(self.home, self.store.job(job_id))

    def _tidy(self, job: Job, answer: Answer) -> None:
        """Throw away what an ended job has no use for."""
        folder = self.home.job(job.id)
        if answer["status"] != "completed":
            shutil.rmtree(folder.run(job.token), ignore_errors=True)
        if answer is not DROPPED:
            folder.forget_work()
