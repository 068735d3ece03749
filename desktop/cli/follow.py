"""Following of jobs in the terminal until they end, with a progress bar for each."""

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
from desktop.cli.formatting import format_paused, format_title, format_waiting
from desktop.errors import JobStateError, UnknownJobError
from desktop.jobs.model import Job, JobProgress, JobState
from desktop.jobs.queue import JobChanged, JobEvent, QueueChanged
from desktop.jobs.text import STAGE_TEXTS, UNKNOWN_REASON
from desktop.runtime.processes import termination_signals
from desktop.text.durations import format_duration
from desktop.text.message import Message, tr, tr_count

# Events can be lost while Redis restarts, so the rows are also read at this interval.
RECHECK_INTERVAL_S = 2.0
QUEUE_PAUSED_TEXT = Message("The queue is paused. To resume: unbraid resume")


class JobFollower:
    """Waits until all jobs have ended; calls `on_ended` once for each job, in the order in which they end."""

    def __init__(
        self,
        backend: Backend,
        jobs: Sequence[Job],
        console: Console,
        on_ended: Callable[[Job], None],
        existing_job_ids: Collection[str] = frozenset(),
    ) -> None:
        """`existing_job_ids`: jobs that were in the library before this command; Ctrl-C does not cancel them."""
        self._existing_job_ids = existing_job_ids
        self._backend = backend
        self._unfinished = {job.id: job for job in jobs}
        self._events: queue.SimpleQueue[JobEvent | None] = queue.SimpleQueue()
        self._on_ended = on_ended
        self._bars = _ProgressBars(console)
        self._cancelling = threading.Event()
        self._detaching = threading.Event()

    def run(self) -> None:
        """Start Redis and the worker, and wait until every job has ended or a termination signal arrives.

        The start runs in a thread, so that Ctrl-C and signals are handled even if it hangs. Raises
        ServiceUnavailableError if Redis or the worker cannot be started.
        """
        self._backend.subscribe(self._events.put, lambda: self._events.put(None))
        with self._bars, _handle_signals(self._cancel, self._detach):
            self._bars.print_status(tr("Starting…"))
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
            self._bars.print_note(
                tr_count(
                    "Left in the library's queue: {count} song.",
                    "Left in the library's queue: {count} songs.",
                    len(self._unfinished),
                )
            )

    def _awaited_job_ids(self) -> set[str]:
        """Return the ids of the jobs to wait for: after Ctrl-C only the cancelled ones."""
        return self._unfinished.keys() - (self._existing_job_ids if self._cancelling.is_set() else ())

    def _next_event(self) -> JobEvent | None:
        try:
            return self._events.get(timeout=RECHECK_INTERVAL_S)
        except queue.Empty:
            return None

    def _handle_event(self, event: JobEvent | None) -> None:
        if isinstance(event, QueueChanged) and event.paused:
            self._bars.print_note(str(QUEUE_PAUSED_TEXT))
        if event is None or isinstance(event, QueueChanged):
            self._refresh_all()
        elif isinstance(event, JobChanged) and event.job_id in self._unfinished:
            self._refresh(event.job_id)
        elif isinstance(event, JobProgress) and event.job_id in self._unfinished:
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
        """Report a job that another window or command has removed as failed."""
        self._bars.remove_job(job)
        message = Message("It was removed from the library. To restore it: unbraid restore {id}", id=job.id[:8])
        self._on_ended(replace(job, state=JobState.FAILED, error=message))

    def _print_waiting_reason(self, before: Job, job: Job) -> None:
        """Print a note if the job was just paused, or will be retried after a failure."""
        if job.paused and not before.paused:
            self._bars.print_note(format_paused(job))
        elif job.retries > before.retries and job.state is JobState.PENDING:
            self._bars.print_note(
                tr(
                    "{title}: {error} Unbraid tries again automatically.",
                    title=format_title(job),
                    error=job.error or UNKNOWN_REASON,
                )
            )

    def _cancel(self) -> None:
        if self._cancelling.is_set():
            raise KeyboardInterrupt  # the second Ctrl-C exits at once
        self._cancelling.set()
        threading.Thread(target=self._cancel_all, name="cancel", daemon=True).start()

    def _detach(self) -> None:
        self._detaching.set()
        self._events.put(None)

    def _cancel_all(self) -> None:
        for job_id in list(self._unfinished):
            with suppress(JobStateError, UnknownJobError):  # the job has just ended or was removed
                if job_id not in self._existing_job_ids:
                    self._backend.service.cancel(job_id)
        self._events.put(None)


class _ProgressBars:
    """Progress bars on standard error, one line per job; standard output is for results."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.fields[title]}", markup=False), BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[status]}", markup=False), TimeElapsedColumn(),
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
        """Print a permanent line above the bars."""
        self._console.print(Text(text))

    def show_job(self, job: Job) -> None:
        waiting = format_waiting(job) if job.state is JobState.PENDING else ""
        status = str(STAGE_TEXTS[job.stage]) if job.stage else waiting
        if job.id not in self._tasks:
            title = format_title(job)[:40]
            self._tasks[job.id] = self._progress.add_task("", total=1.0, title=title, status=status, start=False)
        self._progress.update(self._tasks[job.id], completed=job.progress, status=status)

    def update_progress(self, event: JobProgress) -> None:
        task = self._tasks[event.job_id]
        self._progress.start_task(task)
        stage = STAGE_TEXTS[event.stage]
        status = (
            str(stage)
            if event.left is None
            else tr("{stage}, {time} left", stage=stage, time=format_duration(event.left))
        )
        self._progress.update(task, completed=event.progress, status=status)

    def remove_job(self, job: Job) -> None:
        if job.id in self._tasks:
            self._progress.remove_task(self._tasks.pop(job.id))
            # Draw the smaller display at once: otherwise the next print draws it without rich's lock, and if rich's
            # thread draws in between, it takes the old display for a smaller one, and a line of it stays.
            self._progress.refresh()


def _run_in_thread(work: Callable[[], None]) -> "Future[None]":
    """Run `work` in a daemon thread, which cannot keep the process alive if it hangs."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 raised again by future.result()
            future.set_exception(error)

    threading.Thread(target=run, name="start", daemon=True).start()
    return future


@contextmanager
def _handle_signals(cancel: Callable[[], None], detach: Callable[[], None]) -> Generator[None]:
    """Call `cancel` on Ctrl-C, and `detach` on a shutdown or when the terminal is closed.

    The handlers of the termination signals stay installed afterwards: detaching takes a moment, and the signals may
    arrive again meanwhile.
    """
    terminal_descriptors = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def on_cancel(_signal: int, _frame: FrameType | None) -> None:
        cancel()

    def on_terminate(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGTERM:
            _redirect_to_devnull(terminal_descriptors)
        detach()

    for number in termination_signals():
        signal.signal(number, on_terminate)
    previous = signal.signal(signal.SIGINT, on_cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _redirect_to_devnull(descriptors: Sequence[int]) -> None:
    """Redirect file descriptors to the null device: later output must not fail once the terminal is closed."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(devnull, descriptor)
    os.close(devnull)
