"""What the user does to jobs: each of it in the background, each error a sentence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.audio.names import shown
from desktop.errors import UnbraidError, UnknownJobError
from desktop.jobs.model import Job, JobState
from desktop.ui.background import Background
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.proxy import JobProxy
from desktop.ui.jobs.row_drag import Gap
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.theme import tokens

UNDO_SECONDS = 6.0
_REMOVED = "removed"


class Commands(QObject):
    """Cancel, pause, move, separate again, remove, clear, show files."""

    retried = Signal(object)
    """A Job that is in line again."""

    def __init__(
        self,
        service: AwaitedService,
        jobs: JobTableModel,
        proxy: JobProxy,
        notices: NoticeStrip,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._jobs = jobs
        self._proxy = proxy
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
            self._notices.say("Only songs that wait or are being separated can be paused.")
        elif all(held):
            self.resume(jobs)
        else:
            self.pause(jobs)

    def do_next(self, job: Job) -> None:
        """Let a waiting job be the next."""
        self._do(lambda: self._service().move_first(job.id), self._show)

    def move_beside(self, job: Job, gap: Gap) -> None:
        """Let a waiting job run right before or after another one, and stand beside it."""
        line = [job_id for job_id in self._jobs.waiting if job_id != job.id]
        if gap.job_id not in line:
            return  # it was begun or cancelled meanwhile
        place = line.index(gap.job_id) + gap.after
        self._move(job.id, line[place] if place < len(line) else None, gap.job_id)

    def move_by(self, job: Job, step: int) -> None:
        """Let a waiting job run one place earlier (-1) or later (1)."""
        line = self._jobs.waiting
        if job.id not in line:
            self._notices.say("Only songs that wait can be moved in line.")
            return
        neighbour = line.index(job.id) + step
        if 0 <= neighbour < len(line):
            before = neighbour if step < 0 else neighbour + 1
            self._move(job.id, line[before] if before < len(line) else None, line[neighbour])

    def _move(self, job_id: str, before: str | None, beside: str) -> None:
        def show(changed: Sequence[Job]) -> None:
            self._jobs.put(changed)
            self._jobs.stand_with(job_id, beside)

        self._background.run(lambda: self._service().move(job_id, before), show, self._complain)

    def retry(self, jobs: Sequence[Job], model: str | None = None) -> None:
        """Separate ended jobs again, with another model if one is named."""
        ids = [job.id for job in jobs if job.state.ended]

        def refuse(error: UnbraidError) -> None:
            # A model that cannot be downloaded now, for one: no job was changed.
            self._complain(error, action="Try again", act=lambda: self.retry(jobs, model))

        if ids:
            # Apart: it may wait for the model's server.
            self._background.run_apart(lambda: self._service().retry_jobs(ids, model), self._in_line_again, refuse)

    def remove(self, jobs: Sequence[Job]) -> None:
        """Take jobs out of the table at once, and out of the library when nobody has called them back."""
        ids = [job.id for job in jobs]
        if not ids:
            return
        self._proxy.hide(ids)
        # A running job stops right away: nobody waits for its stems any more.
        self.cancel([job for job in jobs if job.state is JobState.PROCESSING])
        name = f"“{shown(jobs[0].title)}”" if len(jobs) == 1 else f"{len(jobs)} songs"
        self._offer_undo(f"Removed {name} from the library.", ids, lambda: self._remove_for_good(ids))

    def clear_finished(self) -> None:
        """Take every song that has ended out of the table at once, and out of the library when none was called back."""
        self.settle()
        ids = self._finished()
        if not ids:
            self._notices.say("There are no finished songs to clear.")
            return
        self._proxy.hide(ids)
        name = "1 finished song" if len(ids) == 1 else f"{len(ids)} finished songs"
        self._offer_undo(f"Cleared {name} from the library.", ids, lambda: self._clear_for_good(ids))

    def count_finished(self) -> int:
        """How many songs could be cleared."""
        return len(self._finished())

    def _finished(self) -> list[str]:
        return [job.id for job in self._jobs.jobs if job.state.ended and self._proxy.has(job.id)]

    def show_files(self, job: Job) -> None:
        """Open the folder of a job's stems in the file manager; of its track while there are no stems."""
        folder = files_of(job)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._notices.say(f"No file manager could be opened. The files are in {shown(folder, 200)}.")

    def settle(self) -> None:
        """Remove for good what could still be called back: the window closes."""
        self._notices.clear(_REMOVED)

    def _offer_undo(self, sentence: str, job_ids: Sequence[str], for_good: Callable[[], None]) -> None:
        self._notices.show_notice(
            Notice(
                f"{sentence} Your own files stay where they are.",
                key=_REMOVED,
                action="Undo",
                act=lambda: self._proxy.unhide(job_ids),
                lasts=UNDO_SECONDS,
                on_gone=for_good,
            )
        )

    def _clear_for_good(self, job_ids: Sequence[str]) -> None:
        def show_what_is_left(jobs: Sequence[Job]) -> None:
            self._jobs.sync(jobs)
            self._proxy.unhide(job_ids)

        def keep(error: UnbraidError) -> None:
            self._proxy.unhide(job_ids)
            self._complain(error)

        def clear() -> Sequence[Job]:
            self._service().clear(job_ids)
            return self._service().jobs()

        self._background.run(clear, show_what_is_left, keep)

    def _remove_for_good(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            self._background.run(
                lambda job_id=job_id: self._remove(job_id),
                lambda _, job_id=job_id: self._forget(job_id),
                lambda error, job_id=job_id: self._keep(job_id, error),
            )

    def _remove(self, job_id: str) -> None:
        try:
            self._service().remove(job_id)
        except UnknownJobError:
            return  # somebody else was quicker, which is as good

    def _forget(self, job_id: str) -> None:
        self._jobs.drop([job_id])
        self._proxy.unhide([job_id])

    def _keep(self, job_id: str, error: UnbraidError) -> None:
        self._proxy.unhide([job_id])
        self._complain(error)

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
