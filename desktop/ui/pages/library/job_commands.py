"""Commands on jobs, run in the background; errors are shown as notices."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.errors import UnbraidError
from desktop.jobs.model import Job
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.opener import no_file_manager_text, open_folder
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.row_drag import DropTarget
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip


class JobCommands(QObject):
    """Cancels, pauses and moves jobs, separates them again, and shows their files."""

    requeued = Signal(object)
    """A Job that was queued again."""

    def __init__(
        self,
        service: ServiceProvider,
        table_model: JobTableModel,
        notices: NoticeStrip,
        background: BackgroundRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._table_model = table_model
        self._notices = notices
        self._background = background

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Cancel the jobs that are pending or processing."""
        for job in jobs:
            if not job.state.has_ended:
                self._run(lambda job_id=job.id: self._service().cancel(job_id), self._update_row)

    def set_queue_paused(self, is_paused: bool) -> None:
        """Pause the queue, including the running job, or resume it."""
        self._background.run(lambda: self._apply_queue_paused(is_paused), _ignore_result, self._show_error)

    def _apply_queue_paused(self, is_paused: bool) -> None:
        """Pause or resume the queue. Runs in the background thread."""
        (self._service().pause_queue if is_paused else self._service().resume_queue)()

    def pause(self, jobs: Sequence[Job]) -> None:
        """Pause jobs at their positions in the queue; a processing job stops and keeps its finished segments."""
        ids = [job.id for job in jobs if not job.state.has_ended and not job.paused]
        self._background.run(lambda: self._service().pause_jobs(ids), self._table_model.upsert_jobs, self._show_error)

    def resume(self, jobs: Sequence[Job]) -> None:
        """Resume the jobs that are paused."""
        ids = [job.id for job in jobs if not job.state.has_ended and job.paused]
        self._background.run(lambda: self._service().resume_jobs(ids), self._table_model.upsert_jobs, self._show_error)

    def pause_or_resume(self, jobs: Sequence[Job]) -> None:
        """Pause jobs if at least one of them is not paused, otherwise resume them."""
        paused_flags = [job.paused for job in jobs if not job.state.has_ended]
        if not paused_flags:
            self._notices.show_text(tr("Only queued or running songs can be paused."))
        elif all(paused_flags):
            self.resume(jobs)
        else:
            self.pause(jobs)

    def move_first(self, job: Job) -> None:
        """Move a pending job to the front of the queue."""
        self._run(lambda: self._service().move_to_front(job.id), self._update_row)

    def move_to(self, job: Job, target: DropTarget) -> None:
        """Move a pending job directly before or after the job of `target`."""
        queue = [job_id for job_id in self._table_model.queue.pending_ids if job_id != job.id]
        if target.job_id not in queue:
            return  # it was started or cancelled meanwhile
        position = queue.index(target.job_id) + target.is_after
        self._move_before(job.id, queue[position] if position < len(queue) else None)

    def move_by(self, job: Job, step: int) -> None:
        """Move a pending job one place up (`step` -1) or down (1) in the queue."""
        queue = self._table_model.queue.pending_ids
        if job.id not in queue:
            self._notices.show_text(tr("Only queued songs can be moved in the queue."))
            return
        target_position = queue.index(job.id) + step
        if 0 <= target_position < len(queue):
            before_position = target_position if step < 0 else target_position + 1
            self._move_before(job.id, queue[before_position] if before_position < len(queue) else None)

    def _move_before(self, job_id: str, before_id: str | None) -> None:
        self._background.run(
            lambda: self._service().move(job_id, before_id), self._table_model.upsert_jobs, self._show_error
        )

    def separate_again(self, jobs: Sequence[Job], model: str | None = None) -> None:
        """Separate ended jobs again, with `model` if given."""
        ids = [job.id for job in jobs if job.state.has_ended]

        def show_error(error: UnbraidError) -> None:
            # For example the model cannot be downloaded now; no job was changed, so the user may try again.
            self._show_error(error, action=tr("Try again"), on_action=lambda: self.separate_again(jobs, model))

        if ids:
            # Detached, because it may wait for the model's download server.
            self._background.run_detached(
                lambda: self._service().separate_jobs_again(ids, model), self._on_requeued, show_error
            )

    def show_folder(self, job: Job) -> None:
        """Open the folder of a job's stems in the file manager, or of its track if it has no stems."""
        folder = stems_folder(job)
        open_folder(folder, self, lambda: self._notices.show_text(no_file_manager_text(folder)))

    def _run(self, operation: Callable[[], Job], on_success: Callable[[Job], None]) -> None:
        self._background.run(operation, on_success, self._show_error)

    def _update_row(self, job: Job) -> None:
        self._table_model.upsert_jobs([job])

    def _on_requeued(self, jobs: Sequence[Job]) -> None:
        self._table_model.upsert_jobs(jobs)
        for job in jobs:
            self.requeued.emit(job)

    def _show_error(self, error: UnbraidError, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self._notices.show_notice(
            Notice(str(error), key=str(error), edge_colour=Colour.BAD, action_text=action, on_action=on_action)
        )


def stems_folder(job: Job) -> Path:
    """Return the folder of a job's stems, or of its track if it has no stems."""
    if not job.stems:
        return job.source.parent
    stem = job.stems[0]
    return (stem.exported or stem.path).parent


def _ignore_result(_: object) -> None:
    """Do nothing: the job feed reports the new state."""
