"""Commands that move jobs to the bin, restore them and delete them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from desktop.audio.names import printable
from desktop.errors import UnbraidError
from desktop.jobs.model import Job, RemovedJob
from desktop.jobs.text import format_finished_songs, format_removal, format_songs
from desktop.text.message import tr, tr_count
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip

UNDO_TIMEOUT_S = 20.0
"""Seconds for which a notice offers Undo; Ctrl+Z undoes a removal while its jobs are in the bin."""
_NOTICE_KEY = "removed"
_MAX_TITLE_LENGTH = 60


class BinCommands(QObject):
    """Removes, restores and deletes jobs in the background, and reports the outcome in notices."""

    restored = Signal(object)
    """The restored Jobs, in the order of the queue."""
    bin_loaded = Signal(object)
    """All RemovedJobs, the most recently removed first."""
    bin_requested = Signal()
    """The user asked to see the removed jobs."""

    def __init__(
        self,
        service: ServiceProvider,
        table_model: JobTableModel,
        proxy: JobProxy,
        notices: NoticeStrip,
        background: BackgroundRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._table_model = table_model
        self._proxy = proxy
        self._notices = notices
        self._background = background
        self._load_number = 0

    def remove(self, jobs: Sequence[Job]) -> None:
        """Move jobs to the bin; their rows disappear at once."""
        ids = [job.id for job in jobs]
        if ids:
            self._hide_and_remove(ids, lambda: self._service().remove_jobs(ids), format_songs)

    def remove_finished(self) -> None:
        """Move all listed jobs that have ended to the bin; their rows disappear at once."""
        ids = self._finished_ids()
        if ids:
            self._hide_and_remove(ids, lambda: self._service().remove_ended_jobs(ids), format_finished_songs)
        else:
            self._notices.show_text(tr("There are no finished songs to remove."))

    def count_finished(self) -> int:
        """Return how many jobs `remove_finished` would move."""
        return len(self._finished_ids())

    def undo(self) -> None:
        """Restore all jobs of the last removal that is still in the bin."""
        self._restore(None)

    def restore(self, job_ids: Sequence[str]) -> None:
        """Move jobs from the bin back to the library."""
        self._restore(job_ids)

    def delete(self, job_ids: Sequence[str] | None = None) -> None:
        """Delete jobs in the bin permanently; all of them if `job_ids` is None."""
        self._background.run(lambda: self._service().bin.delete(job_ids), lambda _: self.load(), self._show_error)

    def load(self) -> None:
        """Read the contents of the bin, then emit `bin_loaded`."""
        self._load_number += 1
        number = self._load_number
        # Detached, because it adds up the sizes of all files in the bin.
        self._background.run_detached(
            lambda: self._service().bin.jobs(), lambda entries: self._on_bin_loaded(number, entries), self._show_error
        )

    def _hide_and_remove(
        self, job_ids: Sequence[str], remove: Callable[[], list[Job]], describe: Callable[[Sequence[Job]], str]
    ) -> None:
        """Hide the rows of jobs while `remove` moves them to the bin, then name the moved ones with `describe`."""

        def on_removed(moved: list[Job]) -> None:
            self._table_model.remove_jobs([job.id for job in moved])
            self._proxy.unhide_jobs(job_ids)
            if moved:
                self._offer_undo(moved, describe(moved))

        def on_error(error: UnbraidError) -> None:
            self._proxy.unhide_jobs(job_ids)
            self._show_error(error)

        self._proxy.hide_jobs(job_ids)
        self._background.run(remove, on_removed, on_error)

    def _offer_undo(self, jobs: Sequence[Job], songs: str) -> None:
        ids = [job.id for job in jobs]
        self._notices.show_notice(
            Notice(
                format_removal(jobs, songs),
                key=_NOTICE_KEY,
                action_text=tr("Undo"),
                on_action=lambda: self.restore(ids),
                second_action=(tr("Removed songs…"), self.bin_requested.emit),
                timeout_s=UNDO_TIMEOUT_S,
            )
        )

    def _restore(self, job_ids: Sequence[str] | None) -> None:
        self._background.run(lambda: self._service().bin.restore(job_ids), self._show_restored, self._show_error)

    def _show_restored(self, jobs: list[Job]) -> None:
        self._notices.remove_notice(_NOTICE_KEY)
        self._table_model.upsert_jobs(jobs)
        self._notices.show_notice(Notice(_restored_text(jobs), key=_NOTICE_KEY, timeout_s=UNDO_TIMEOUT_S))
        if jobs:
            self.restored.emit(jobs)

    def _on_bin_loaded(self, number: int, entries: list[RemovedJob]) -> None:
        if number == self._load_number:  # the result of an earlier load may arrive after that of a later one
            self.bin_loaded.emit(entries)

    def _finished_ids(self) -> list[str]:
        return [job.id for job in self._table_model.jobs if job.state.has_ended and self._proxy.is_listed(job.id)]

    def _show_error(self, error: UnbraidError) -> None:
        self._notices.show_notice(Notice(str(error), key=str(error), edge_colour=Colour.BAD))


def _restored_text(jobs: Sequence[Job]) -> str:
    if not jobs:
        return tr("There is no removed song to restore.")
    if len(jobs) == 1:
        return tr("Restored “{title}”.", title=printable(jobs[0].title, _MAX_TITLE_LENGTH))
    return tr_count("Restored {count} song.", "Restored {count} songs.", len(jobs))
