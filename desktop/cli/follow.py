"""Follows jobs to their end in the terminal: a progress bar a song, then where its stems are."""

import os
import queue
import signal
import threading
from collections.abc import Callable, Collection, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from desktop.backend import Backend
from desktop.cli.report import STAGES, clock, title_words, waiting_words
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import JobChanged, JobEvent, JobProgress, QueueChanged
from desktop.lifetime import requests_to_end

# Events may be lost while Redis restarts; the rows are read again at this interval (seconds).
RECHECK = 2.0
# How long a cancelled job may take to let go of its files (seconds): one segment of a slow engine.
PATIENCE = 30.0
PAUSED = "The queue is paused. To go on: unbraid resume"


class Follower:
    """Watches jobs until all have ended. `ended` is called with each job once, in the order of their ends."""

    def __init__(
        self,
        backend: Backend,
        jobs: Sequence[Job],
        console: Console,
        ended: Callable[[Job], None],
        known: Collection[str] = frozenset(),
    ) -> None:
        """`known`: the ids of jobs that somebody else has asked for; Ctrl-C does not cancel them."""
        self._known = known
        self._backend = backend
        self._open = {job.id: job for job in jobs}
        self._events: queue.SimpleQueue[JobEvent | None] = queue.SimpleQueue()
        self._ended = ended
        self._bars = _Bars(console)
        self._cancelling = threading.Event()
        self._leaving = threading.Event()

    def run(self) -> None:
        """Start Redis and the worker, and wait for every job, or until the process shall end.

        The start is waited for like a job: Ctrl-C and the end are heard meanwhile, whatever it hangs at. Raises
        ServiceUnavailableError.
        """
        self._backend.subscribe(self._events.put, lambda: self._events.put(None))
        with self._bars, _signals(self._cancel, self._leave):
            self._bars.say("Starting…")
            starting = _in_thread(self._backend.start)
            starting.add_done_callback(lambda _: self._events.put(None))
            for job in self._open.values():
                self._bars.show(job)
            self._reread()
            while self._waited_for() and not self._leaving.is_set():
                self._take(self._next_event())
                if starting.done():
                    starting.result()
        if self._open:
            self._bars.note(f"Left in the library's queue: {_songs(len(self._open))}.")

    def _waited_for(self) -> set[str]:
        """Return the ids of jobs whose end is waited for: after Ctrl-C only those that it cancels."""
        return self._open.keys() - (self._known if self._cancelling.is_set() else ())

    def _next_event(self) -> JobEvent | None:
        try:
            return self._events.get(timeout=RECHECK)
        except queue.Empty:
            return None

    def _take(self, event: JobEvent | None) -> None:
        if isinstance(event, QueueChanged) and event.paused:
            self._bars.note(PAUSED)
        if event is None or isinstance(event, QueueChanged):
            self._reread()
        elif event.job_id in self._open:
            if isinstance(event, JobChanged):
                self._read(event.job_id)
            elif isinstance(event, JobProgress):
                self._bars.move(event)

    def _reread(self) -> None:
        for job_id in list(self._open):
            self._read(job_id)

    def _read(self, job_id: str) -> None:
        try:
            job = self._backend.service.job(job_id)
        except UnknownJobError:
            self._removed(self._open.pop(job_id))
            return
        self._bars.show(job)
        self._tell_why_it_waits(self._open[job_id], job)
        self._open[job_id] = job
        if job.state.ended:
            del self._open[job_id]
            self._bars.drop(job)
            self._ended(job)

    def _removed(self, job: Job) -> None:
        """Tell the end of a job that another window or command has removed."""
        self._bars.drop(job)
        sentence = f"It was removed from the library meanwhile. To bring it back: unbraid restore {job.id[:8]}"
        self._ended(replace(job, state=JobState.FAILED, error=sentence))

    def _tell_why_it_waits(self, before: Job, job: Job) -> None:
        """Once: somebody paused it, or it failed in a way that may pass."""
        if job.paused and not before.paused:
            self._bars.note(f"Paused: {title_words(job)}. To go on: unbraid resume {job.id[:8]}")
        elif job.retries > before.retries and job.state is JobState.PENDING:
            self._bars.note(f"{title_words(job)}: {job.error} Unbraid tries again by itself.")

    def _cancel(self) -> None:
        if self._cancelling.is_set():
            raise KeyboardInterrupt  # the second Ctrl-C: now
        self._cancelling.set()
        threading.Thread(target=self._cancel_all, name="cancel", daemon=True).start()

    def _leave(self) -> None:
        self._leaving.set()
        self._events.put(None)

    def _cancel_all(self) -> None:
        for job_id in list(self._open):
            with suppress(JobStateError, UnknownJobError):  # it has just ended, or somebody removed it
                if job_id not in self._known:
                    self._backend.service.cancel(job_id)
        self._events.put(None)


class _Bars:
    """One line a song, on standard error, so that standard output stays for results."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[title]}", markup=False), BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[words]}"), TimeElapsedColumn(),
            console=console, transient=True, refresh_per_second=8, redirect_stdout=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "_Bars":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def say(self, words: str) -> None:
        if words and not self._console.is_terminal:
            self._console.print(Text(words))

    def note(self, words: str) -> None:
        """Say something that stays, above the bars."""
        self._console.print(Text(words))

    def show(self, job: Job) -> None:
        words = STAGES[job.stage] if job.stage else waiting_words(job) if job.state is JobState.PENDING else ""
        if job.id not in self._tasks:
            title = title_words(job)[:40]
            self._tasks[job.id] = self._progress.add_task("", total=1.0, title=title, words=words, start=False)
        self._progress.update(self._tasks[job.id], completed=job.progress, words=words)

    def move(self, event: JobProgress) -> None:
        task = self._tasks[event.job_id]
        self._progress.start_task(task)
        left = f", {clock(event.left)} left" if event.left is not None else ""
        self._progress.update(task, completed=event.progress, words=STAGES[event.stage] + left)

    def drop(self, job: Job) -> None:
        if job.id in self._tasks:
            self._progress.remove_task(self._tasks.pop(job.id))


def _in_thread(work: Callable[[], None]) -> "Future[None]":
    """Do `work` in a thread that ends with the process, whatever it hangs at."""
    future: Future[None] = Future()

    def fulfil() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=fulfil, name="start", daemon=True).start()
    return future


def _songs(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"


@contextmanager
def _signals(cancel: Callable[[], None], leave: Callable[[], None]) -> Generator[None]:
    """Ctrl-C cancels the jobs; a shutdown or a closed terminal leaves them for later. Nothing ends in the middle.

    Leaving takes a moment, and may be asked for again meanwhile: so its signals stay as they are set here.
    """
    terminals = [stream for stream in (1, 2) if os.isatty(stream)]

    def on_cancel(_signal: int, _frame: FrameType | None) -> None:
        cancel()

    def on_leave(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGTERM:
            _speak_to_nobody(terminals)
        leave()

    for number in requests_to_end():
        signal.signal(number, on_leave)
    previous = signal.signal(signal.SIGINT, on_cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _speak_to_nobody(streams: Sequence[int]) -> None:
    """The terminal is gone: what is still to be said must not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)
