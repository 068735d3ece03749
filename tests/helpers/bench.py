"""A library whose worker is the test process itself, without Celery and Redis."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.jobs.model import Job, JobProgress
from desktop.jobs.queue import JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine, Samples
from desktop.stage import Stage
from desktop.tasks.engine_cache import EngineCache
from desktop.tasks.run_job import JobRunner
from tests.helpers.engines import IdentityEngine


class EventRecorder:
    """Records every event, and passes it to `on_event`."""

    def __init__(self) -> None:
        self.events: list[JobEvent] = []
        self.on_event: Callable[[JobEvent], None] = lambda event: None

    def emit(self, event: JobEvent) -> None:
        self.events.append(event)
        self.on_event(event)


class NullQueue:
    def publish(self, job: Job) -> None:
        """Do nothing: the test itself is the worker."""

    def republish(self, jobs: Sequence[Job]) -> None:
        """Do nothing: the test does not use the order."""

    def publish_analysis(self, job_id: str) -> None: ...

    def publish_export(self) -> None: ...

    def publish_draft(self, job: Job) -> None:
        """Do nothing: the test makes no drafts."""

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        """Do nothing: no process receives playheads."""


class InProcessLibrary:
    """A library and a job runner in the test process. Retries have no delay."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        self.store = JobStore(self.home)
        self.events = EventRecorder()
        self.service = JobService(self.home, self.store, NullQueue(), self.events)
        self.runner = JobRunner(
            self.home, self.store, self.events, EngineCache(ModelStore(self.home)), retry_delay=lambda _: 0.0,
            end_process=lambda: None,  # this process runs the tests
        )  # fmt: skip

    def call_when_separating(self, job: Job, callback: Callable[[], object]) -> None:
        """Call `callback` once, as soon as the job is in the stage SEPARATING."""

        def check_event(event: JobEvent) -> None:
            if isinstance(event, JobProgress) and (event.job_id, event.stage) == (job.id, Stage.SEPARATING):
                self.events.on_event = lambda _: None
                callback()

        self.events.on_event = check_event


class BlockingEngine(IdentityEngine):
    """An engine that blocks in each segment until `released` is set."""

    released = threading.Event()

    def stems(self, segments: Samples) -> Samples:
        self.released.wait(120)
        return super().stems(segments)


class SingleEngineCache(EngineCache):
    """Returns one engine for every model, and records the `low_memory` argument of each call."""

    def __init__(self, home: Home, engine: Engine) -> None:
        super().__init__(ModelStore(home))
        self._single_engine = engine
        self.low_memory_calls: list[bool] = []

    def get(
        self,
        name: str,
        report: Callable[[float], None],
        should_stop: Callable[[], bool],
        low_memory: bool = False,
        fall_back: bool = True,
    ) -> tuple[Engine, tuple[str, ...]]:
        self.low_memory_calls.append(low_memory)
        return self._single_engine, ()
