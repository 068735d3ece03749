"""A main window on a library of its own: real rows and files, without Redis and worker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QObject, QSize, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.errors import ModelUnavailableError
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.queue import JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.models.shelf import Shelf
from desktop.paths import Home
from desktop.playback.transport import Transport
from desktop.ui.job_feed import JobFeed
from desktop.ui.main_window import MainWindow
from desktop.updates.source import Source
from tests.helpers.stems import completed_job


class Asked:
    """A queue that only remembers what was asked of it: nobody runs the jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.drafts: list[Job] = []
        self.playheads: list[tuple[str, float]] = []

    def publish(self, job: Job) -> None:
        self.jobs.append(job)

    def publish_in_order(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(jobs)

    def publish_draft(self, job: Job) -> None:
        self.drafts.append(job)

    def tell_playhead(self, job_id: str, second: float) -> None:
        self.playheads.append((job_id, second))


class ToFeed:
    """Hands events to the feed directly, as the listener's thread would."""

    def __init__(self, feed: JobFeed) -> None:
        self._feed = feed

    def emit(self, event: JobEvent) -> None:
        self._feed.deliver(event)


class Stage:
    """Everything that a window stands on, and the window."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).prepare()
        self.feed = JobFeed()
        self.queue = Asked()
        self.store = JobStore(self.home)
        self.model_trouble = ""
        """Why no model can be had at this moment."""
        self.service = JobService(self.home, self.store, self.queue, ToFeed(self.feed), self._check_model)
        self.transport = Transport()

    def window(self, source: Source | None = None) -> MainWindow:
        """A new window on this library; `source` tells it of newer versions."""
        return MainWindow(lambda: self.service, self.feed, self.transport, Shelf(self.home), self.home, source)

    def _check_model(self, name: str) -> None:
        if self.model_trouble:
            raise ModelUnavailableError(self.model_trouble)


@contextmanager
def stage(root: Path) -> Iterator[Stage]:
    """A stage, its transport closed at the end."""
    made = Stage(root)
    yield made
    made.transport.close()


def opened(setting: Stage, qtbot: QtBot, size: QSize | None = None) -> MainWindow:
    """Its window, shown, in front, with every song in its table."""
    made = setting.window()
    qtbot.addWidget(made)
    made.resize(size or QSize(1440, 900))
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made)
    with qtbot.waitSignal(made.library.refresher.loaded):
        made.library.refresher.reload()
    return made


def stored_song(setting: Stage, **known: Any) -> Job:
    """A separated song in the library, with stems that can be played."""
    job = replace(completed_job(setting.home.jobs / "stems"), **known)
    folder = setting.home.job(job.id).root
    job.stems[0].path.parent.rename(folder)
    stems = tuple(replace(stem, path=folder / stem.path.name, peaks=folder / stem.peaks.name) for stem in job.stems)
    return setting.store.insert(replace(job, stems=stems))


def a_job(title: str = "Night Drive", state: JobState = JobState.PENDING, **known: Any) -> Job:
    """A job with the values that matter to a test."""
    model = known.pop("model", "htdemucs")
    ago = known.pop("ago", timedelta(0))
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "artist": "Mara Lind",
        "album": "Neon Coast",
        "source": Path("Night Drive.flac"),
        "options": JobOptions(model=model),
        "position": 1,
        "added": datetime.now(UTC) - ago,
    }
    return Job(title=title, state=state, **values | known)


@contextmanager
def gaps(window: QObject) -> Iterator[list[float]]:
    """Seconds between the beats of a timer that should come every 5 ms: how long the window was held up."""
    last, found = perf_counter(), [0.0]

    def beat() -> None:
        nonlocal last
        now = perf_counter()
        found.append(now - last)
        last = now

    timer = QTimer(window, interval=5)
    timer.timeout.connect(beat)
    timer.start()
    yield found
    timer.stop()
