"""A library whose worker is the test's own process: no Celery, no Redis."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.jobs.model import Job, Stage
from desktop.jobs.queue import JobEvent, JobProgress
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.models.shelf import Shelf
from desktop.paths import Home
from desktop.pipeline.engines.engine import Engine, Samples
from desktop.tasks.engine_room import EngineRoom
from desktop.tasks.run_job import JobRunner
from tests.helpers.engines import IdentityEngine


class Events:
    """Keeps what it is told, and may do something about it."""

    def __init__(self) -> None:
        self.told: list[JobEvent] = []
        self.then: Callable[[JobEvent], None] = lambda event: None

    def emit(self, event: JobEvent) -> None:
        self.told.append(event)
        self.then(event)


class NoQueue:
    def publish(self, job: Job) -> None:
        """The test itself is the worker."""

    def publish_in_order(self, jobs: Sequence[Job]) -> None:
        """Nor does it mind the order."""

    def publish_draft(self, job: Job) -> None:
        """Nor does it draft."""

    def tell_playhead(self, job_id: str, second: float) -> None:
        """Nobody listens."""


class Bench:
    """A library, and a runner in the test's own process. Nothing that is tried again has to be waited for."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).prepare()
        self.store = JobStore(self.home)
        self.events = Events()
        self.service = JobService(self.home, self.store, NoQueue(), self.events)
        self.runner = JobRunner(
            self.home, self.store, self.events, EngineRoom(Shelf(self.home)), rest_before=lambda _: 0.0,
            end_process=lambda: None,  # this process runs the tests
        )  # fmt: skip

    def at_work(self, job: Job, act: Callable[[], object]) -> None:
        """Do something once, as soon as the job is being separated."""

        def look(event: JobEvent) -> None:
            if isinstance(event, JobProgress) and (event.job_id, event.stage) == (job.id, Stage.SEPARATING):
                self.events.then = lambda _: None
                act()

        self.events.then = look


class StuckEngine(IdentityEngine):
    """Does not come back from a segment until it is let go."""

    go_on = threading.Event()

    def stems(self, segments: Samples) -> Samples:
        self.go_on.wait(30)
        return super().stems(segments)


class OneEngine(EngineRoom):
    """Has one engine for every model, and remembers whether it was to need less memory."""

    def __init__(self, home: Home, engine: Engine) -> None:
        super().__init__(Shelf(home))
        self._only = engine
        self.sparing: list[bool] = []

    def engine(
        self,
        name: str,
        report: Callable[[float], None],
        should_stop: Callable[[], bool],
        sparing: bool = False,
        fall_back: bool = True,
    ) -> tuple[Engine, tuple[str, ...]]:
        self.sparing.append(sparing)
        return self._only, ()
