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
from desktop.cli.formatting import STAGE_TEXTS, format_duration, format_title, format_waiting
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import JobChanged, JobEvent, JobProgress, QueueChanged
from desktop.runtime.processes import termination_signals

# Events may be lost while Redis restarts; the rows are read again at this interval (seconds).
RECHECK_INTERVAL_S = 2.0
# How long a cancelled job may take to let go of its files (seconds): one segment of a slow engine.
CANCEL_TIMEOUT_S = 30.0
QUEUE_PAUSED_TEXT = "The queue is paused. To go on: unbraid resume"


class JobFollower:
    """Watches jobs until all have ended. `ended` is called with each job once, in the order of their ends."""

    def __init__(
        self,
        backend: Backend,
        jobs: Sequence[Job],
        console: Console,
        on_ended: Callable[[Job], None],
        existing_job_ids: Collection[str] = frozenset(),
    ) -> None:
        """`known`: the ids of jobs that somebody else has asked for; Ctrl-C does not cancel them."""
        self._existing_job_ids = existing_job_ids
        self._backend = backend
        self._unfinished = {job.id: job for job in jobs}
        self._events: queue.SimpleQueue[JobEvent | None] = queue.SimpleQueue()
        self._on_ended = on_ended
        self._bars = _ProgressBars(console)
        self._cancelling = threading.Event()
        self._detaching = threading.Event()

    def run(self) -> None:
        """Start Redis and the worker, and wait for every job, or until the process shall end.

        The start is waited for like a job: Ctrl-C and the end are heard meanwhile, whatever it hangs at. Raises
        ServiceUnavailableError.
        """
        self._backend.subscribe(self._events.put, lambda: self._events.put(None))
        with self._bars, _handle_signals(self._cancel, self._detach):
            self._bars.print_status("Starting…")
            starting = _run_in_thread(self._backend.start)
            starting.add_done_callback(lambda _: self._events.put(None))
            for job in self._unfinished.values():
                self._bars.show_job(job)
            self._refresh_all()
            while self._awaited_job_ids() and not self._detaching.is_set():
                self._handle_event(self._next_event())
                if starting.done():
                    starting.result()
        if self._unfinished:
            self._bars.print_note(f"Left in the library's queue: {_song_count(len(self._unfinished))}.")

    def _awaited_job_ids(self) -> set[str]:
        """Return the ids of jobs whose end is waited for: after Ctrl-C only those that it cancels."""
        return self._unfinished.keys() - (self._existing_job_ids if self._cancelling.is_set() else ())

    def _next_event(self) -> JobEvent | None:
        try:
            return self._events.get(timeout=RECHECK_INTERVAL_S)
        except queue.Empty:
            return None

    def _handle_event(self, event: JobEvent | None) -> None:
        if isinstance(event, QueueChanged) and event.paused:
            self._bars.print_note(QUEUE_PAUSED_TEXT)
        if event is None or isinstance(event, QueueChanged):
            self._refresh_all()
        elif event.job_id in self._unfinished:
            if isinstance(event, JobChanged):
                self._refresh(event.job_id)
            elif isinstance(event, JobProgress):
                self._bars.update_progress(event)

    def _refresh_all(self) -> None:
        for job_id in list(self._unfinished):
            self._refresh(job_id)

    def _refresh(self, job_id: str) -> None:
        try:
            job = self._backend.service.job(job_id)
        except UnknownJobError:
            self._report_removed(self._unfinished.pop(job_id))
            return
        self._bars.show_job(job)
        self._print_waiting_reason(self._unfinished[job_id], job)
        self._unfinished[job_id] = job
        if job.state.has_ended:
            del self._unfinished[job_id]
            self._bars.remove_job(job)
            self._on_ended(job)

    def _report_removed(self, job: Job) -> None:
        """Tell the end of a job that another window or command has removed."""
        self._bars.remove_job(job)
        message = f"It was removed from the library meanwhile. To bring it back: unbraid restore {job.id[:8]}"
        self._on_ended(replace(job, state=JobState.FAILED, error=message))

    def _print_waiting_reason(self, before: Job, job: Job) -> None:
        """Once: somebody paused it, or it failed in a way that may pass."""
        if job.paused and not before.paused:
            self._bars.print_note(f"Paused: {format_title(job)}. To go on: unbraid resume {job.id[:8]}")
        elif job.retries > before.retries and job.state is JobState.PENDING:
            self._bars.print_note(f"{format_title(job)}: {job.error} Unbraid tries again by itself.")

    def _cancel(self) -> None:
        if self._cancelling.is_set():
            raise KeyboardInterrupt  # the second Ctrl-C: now
        self._cancelling.set()
        threading.Thread(target=self._cancel_all, name="cancel", daemon=True).start()

    def _detach(self) -> None:
        self._detaching.set()
        self._events.put(None)

    def _cancel_all(self) -> None:
        for job_id in list(self._unfinished):
            with suppress(JobStateError, UnknownJobError):  # it has just ended, or somebody removed it
                if job_id not in self._existing_job_ids:
                    self._backend.service.cancel(job_id)
        self._events.put(None)


class _ProgressBars:
    """One line a song, on standard error, so that standard output stays for results."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[title]}", markup=False), BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[words]}"), TimeElapsedColumn(),
            console=console, transient=True, refresh_per_second=8, redirect_stdout=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "_ProgressBars":
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def print_status(self, text: str) -> None:
        if text and not self._console.is_terminal:
            self._console.print(Text(text))

    def print_note(self, text: str) -> None:
        """Say something that stays, above the bars."""
        self._console.print(Text(text))

    def show_job(self, job: Job) -> None:
        status = STAGE_TEXTS[job.stage] if job.stage else format_waiting(job) if job.state is JobState.PENDING else ""
        if job.id not in self._tasks:
            title = format_title(job)[:40]
            self._tasks[job.id] = self._progress.add_task("", total=1.0, title=title, words=status, start=False)
        self._progress.update(self._tasks[job.id], completed=job.progress, words=status)

    def update_progress(self, event: JobProgress) -> None:
        task = self._tasks[event.job_id]
        self._progress.start_task(task)
        time_left = f", {format_duration(event.left)} left" if event.left is not None else ""
        self._progress.update(task, completed=event.progress, words=STAGE_TEXTS[event.stage] + time_left)

    def remove_job(self, job: Job) -> None:
        if job.id in self._tasks:
            self._progress.remove_task(self._tasks.pop(job.id))


def _run_in_thread(work: Callable[[], None]) -> "Future[None]":
    """Do `work` in a thread that ends with the process, whatever it hangs at."""
    future: Future[None] = Future()

    def fulfil() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=fulfil, name="start", daemon=True).start()
    return future


def _song_count(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"


@contextmanager
def _handle_signals(cancel: Callable[[], None], detach: Callable[[], None]) -> Generator[None]:
    """Ctrl-C cancels the jobs; a shutdown or a closed terminal leaves them for later. Nothing ends in the middle.

    Leaving takes a moment, and may be asked for again meanwhile: so its signals stay as they are set here.
    """
    terminal_descriptors = [stream for stream in (1, 2) if os.isatty(stream)]

    def on_cancel(_signal: int, _frame: FrameType | None) -> None:
        cancel()

    def on_leave(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGTERM:
            _redirect_to_devnull(terminal_descriptors)
        detach()

    for number in termination_signals():
        signal.signal(number, on_leave)
    previous = signal.signal(signal.SIGINT, on_cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _redirect_to_devnull(streams: Sequence[int]) -> None:
    """The terminal is gone: what is still to be said must not fail."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(devnull, stream)
    os.close(devnull)
