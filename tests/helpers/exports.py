"""Exports without a worker, and a worker in a thread of the test."""

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desktop.export.settings import ExportSettings
from desktop.export.song import export_song
from desktop.jobs.model import Job
from desktop.jobs.queue import EventSink
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.tasks.export_runner import ExportOutcome, ExportRunner


def export_to(
    folder: Path, job: Job, file_format: str = "wav", advance: Callable[[int], None] = lambda size: None, **changes: Any
) -> tuple[Path, ...]:
    """Export a song to a folder, which is created; `changes` are those of the settings.

    Its library is the one that its stems are in, if `write_library_job` has made it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(job.stems[0].path.parents[3])
    return export_song(job, ExportSettings(file_format=file_format, **changes), folder, home, advance)


class ExportThread:
    """Makes the exports of a library, as the draft worker does: a song for each message."""

    def __init__(self, home: Home, events: EventSink) -> None:
        self._messages: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._runner = ExportRunner(home, JobStore(home), events, lambda: False)
        self._may_work = threading.Event()
        self._may_work.set()
        self._thread = threading.Thread(target=self._run, name="test exports")
        self._thread.start()

    def publish_export(self) -> None:
        """Receive a message."""
        self._messages.put(True)

    def hold(self) -> None:
        """Take no message until `resume` is called."""
        self._may_work.clear()

    def resume(self) -> None:
        """Take messages again."""
        self._may_work.set()

    def close(self) -> None:
        """End the thread."""
        self._messages.put(False)
        self._may_work.set()
        self._thread.join()

    def _run(self) -> None:
        while self._messages.get():
            self._may_work.wait()
            while self._runner.run() is not ExportOutcome.DROPPED:
                pass


@contextmanager
def export_thread(home: Home, events: EventSink) -> Generator[ExportThread]:
    """Run an `ExportThread`, and end it."""
    thread = ExportThread(home, events)
    try:
        yield thread
    finally:
        thread.close()
