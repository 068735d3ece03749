"""A main window on a separate library with real rows and files, without Redis and worker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, QSize, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.errors import ModelUnavailableError
from desktop.jobs.model import Job
from desktop.jobs.queue import JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_feed import JobFeed
from desktop.updates.feed_config import FeedConfig
from tests.helpers.stems import write_completed_job


class RecordingQueue:
    """A queue that only records its calls; no worker runs the jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.drafts: list[Job] = []
        self.playheads: list[tuple[str, float]] = []
        self.analyses: list[str] = []
        self.exports = 0

    def publish(self, job: Job) -> None:
        self.jobs.append(job)

    def republish(self, jobs: Sequence[Job]) -> None:
        self.jobs = list(jobs)

    def publish_draft(self, job: Job) -> None:
        self.drafts.append(job)

    def publish_analysis(self, job_id: str) -> None:
        self.analyses.append(job_id)

    def publish_export(self) -> None:
        self.exports += 1

    def publish_playhead(self, job_id: str, position_s: float) -> None:
        self.playheads.append((job_id, position_s))


class FeedEmitter:
    """Delivers events to the feed directly, as the listener thread would."""

    def __init__(self, feed: JobFeed) -> None:
        self._feed = feed

    def emit(self, event: JobEvent) -> None:
        self._feed.deliver(event)


class WindowHarness:
    """Everything that a main window needs, and a factory for the window."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        self.feed = JobFeed()
        self.queue = RecordingQueue()
        self.store = JobStore(self.home)
        self.model_error = ""
        """If set, the reason why every model is unavailable."""
        self.service = JobService(self.home, self.store, self.queue, FeedEmitter(self.feed), self._check_model)
        self.session = Session(LocalEngine())

    def create_window(self, source: FeedConfig | None = None) -> MainWindow:
        """Return a new window on this library; `source` is its update feed."""
        return MainWindow(lambda: self.service, self.feed, self.session, ModelStore(self.home), self.home, source)

    def _check_model(self, name: str) -> None:
        if self.model_error:
            raise ModelUnavailableError(self.model_error)


@contextmanager
def window_harness(root: Path) -> Iterator[WindowHarness]:
    """Create a harness, and close its session at the end."""
    harness = WindowHarness(root)
    yield harness
    harness.session.close()


def open_window(harness: WindowHarness, qtbot: QtBot, size: QSize | None = None) -> MainWindow:
    """Return the harness's window, shown, active, and with every job loaded into its table."""
    window = harness.create_window()
    qtbot.addWidget(window)
    window.resize(size or QSize(1440, 900))
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    with qtbot.waitSignal(window.library.refresher.loaded):
        window.library.refresher.reload()
    # The first signal may be that of the window's own first read, and another one follows.
    qtbot.waitUntil(lambda: not window.library.refresher._is_reading)
    return window


def add_separated_song(harness: WindowHarness, **changes: Any) -> Job:
    """Insert a completed job with playable stems, and return it."""
    job = replace(write_completed_job(harness.home.jobs / "stems"), **changes)
    folder = harness.home.job_folder(job.id).root
    job.stems[0].path.parent.rename(folder)
    stems = tuple(replace(stem, path=folder / stem.path.name, peaks=folder / stem.peaks.name) for stem in job.stems)
    return harness.store.insert(replace(job, stems=stems))


@contextmanager
def event_loop_gaps(window: QObject) -> Iterator[list[float]]:
    """Yield the seconds between ticks of a 5 ms timer, which show how long the event loop was blocked."""
    last, found = perf_counter(), [0.0]

    def on_tick() -> None:
        nonlocal last
        now = perf_counter()
        found.append(now - last)
        last = now

    timer = QTimer(window, interval=5)
    timer.timeout.connect(on_tick)
    timer.start()
    yield found
    timer.stop()
