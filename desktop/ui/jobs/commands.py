"""What the user does to jobs: each of it in the background, each error a sentence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.errors import UnbraidError
from desktop.jobs.model import Job
from desktop.ui.background import Background
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.row_drag import Gap
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.opener import no_file_manager, open_folder
from desktop.ui.theme import tokens


class Commands(QObject):
    """Cancel, pause, move, separate again, show files."""

    retried = Signal(object)
    """A Job that is in line again."""

    def __init__(
        self,
        service: AwaitedService,
        jobs: JobTableModel,
        notices: NoticeStrip,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._jobs = jobs
        self._notices = notices
        self._background = background

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Stop jobs that wait or run."""
        for job in jobs:
            if not job.state.ended:
                self._do(lambda job_id=job.id: self._service().cancel(job_id), self._show)

    def hold(self, paused: bool) -> None:
        """Stop what runs and begin no further song, or go on."""
        self._background.run(lambda: self._hold(paused), _ignore, self._complain)

    def _hold(self, paused: bool) -> None:
        """In the background's thread."""
        (self._service().pause if paused else self._service().resume)()

    def pause(self, jobs: Sequence[Job]) -> None:
        """Hold jobs at their places in line; what runs stops, and keeps what is finished."""
        ids = [job.id for job in jobs if not job.state.ended and not job.paused]
        self._background.run(lambda: self._service().pause_jobs(ids), self._jobs.put, self._complain)

    def resume(self, jobs: Sequence[Job]) -> None:
        """Let paused jobs go on."""
        ids = [job.id for job in jobs if not job.state.ended and job.paused]
        self._background.run(lambda: self._service().resume_jobs(ids), self._jobs.put, self._complain)

    def pause_or_resume(self, jobs: Sequence[Job]) -> None:
        """Hold jobs while one of them can be held, else let them go on."""
        held = [job.paused for job in jobs if not job.state.ended]
        if not held:
            self._notices.say("Only queued or running songs can be paused.")
        elif all(held):
            self.resume(jobs)
        else:
            self.pause(jobs)

    def do_next(self, job: Job) -> None:
        """Let a waiting job be the next."""
        self._do(lambda: self._service().move_first(job.id), self._show)

    def move_beside(self, job: Job, gap: Gap) -> None:
        """Let a waiting job run right before or after another one."""
        line = [job_id for job_id in self._jobs.waiting if job_id != job.id]
        if gap.job_id not in line:
            return  # it was begun or cancelled meanwhile
        place = line.index(gap.job_id) + gap.after
        self._move(job.id, line[place] if place < len(line) else None)

    def move_by(self, job: Job, step: int) -> None:
        """Let a waiting job run one place earlier (-1) or later (1)."""
        line = self._jobs.waiting
        if job.id not in line:
            self._notices.say("Only queued songs can be moved in the queue.")
            return
        neighbour = line.index(job.id) + step
        if 0 <= neighbour < len(line):
            before = neighbour if step < 0 else neighbour + 1
            self._move(job.id, line[before] if before < len(line) else None)

    def _move(self, job_id: str, before: str | None) -> None:
        self._background.run(lambda: self._service().move(job_id, before), self._jobs.put, self._complain)

    def retry(self, jobs: Sequence[Job], model: str | None = None) -> None:
        """Separate ended jobs again, with another model if one is named."""
        ids = [job.id for job in jobs if job.state.ended]

        def refuse(error: UnbraidError) -> None:
            # A model that cannot be downloaded now, for one: no job was changed.
            self._complain(error, action="Try again", act=lambda: self.retry(jobs, model))

        if ids:
            # Apart: it may wait for the model's server.
            self._background.run_apart(lambda: self._service().retry_jobs(ids, model), self._in_line_again, refuse)

    def show_files(self, job: Job) -> None:
        """Open the folder of a job's stems in the file manager; of its track while there are no stems."""
        folder = files_of(job)
        open_folder(folder, self, lambda: self._notices.say(f"{no_file_manager(folder)}."))

    def _do(self, work: Callable[[], Job], then: Callable[[Job], None]) -> None:
        self._background.run(work, then, self._complain)

    def _show(self, job: Job) -> None:
        self._jobs.put([job])

    def _in_line_again(self, jobs: Sequence[Job]) -> None:
        self._jobs.put(jobs)
        for job in jobs:
            self.retried.emit(job)

    def _complain(self, error: UnbraidError, action: str = "", act: Callable[[], None] | None = None) -> None:
        self._notices.show_notice(Notice(str(error), key=str(error), tone=tokens.BAD, action=action, act=act))


def files_of(job: Job) -> Path:
    """Return the folder with a job's stems, or with its track."""
    if not job.stems:
        return job.source.parent
    stem = job.stems[0]
    return (stem.exported or stem.path).parent


def _ignore(_: object) -> None:
    """The feed tells what became of it."""
