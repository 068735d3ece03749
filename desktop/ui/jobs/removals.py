"""Songs on their way into the bin, and back."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from desktop.errors import UnbraidError
from desktop.jobs.model import Job, RemovedJob
from desktop.jobs.sentences import named, removed_words
from desktop.ui.background import Background
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.proxy import JobProxy
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.theme import tokens

UNDO_SECONDS = 20.0
"""How long a notice offers Undo; Ctrl+Z undoes a removal as long as its songs are in the bin."""
_REMOVED = "removed"


class Removals(QObject):
    """Removes, restores and deletes songs in the background, and says so in notices."""

    restored = Signal(object)
    """The Jobs that came back, in the order of the queue."""
    listed = Signal(object)
    """All RemovedJobs, the one that was removed last first."""
    bin_asked = Signal()
    """The user wants to see the removed songs."""

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

    def remove(self, jobs: Sequence[Job]) -> None:
        """Move songs to the bin: out of the table at once."""
        ids = [job.id for job in jobs]
        if ids:
            self._remove(ids, lambda: self._service().remove_jobs(ids))

    def clear_finished(self) -> None:
        """Move every song that has ended to the bin: out of the table at once."""
        ids = self._finished()
        if ids:
            self._remove(ids, lambda: self._service().clear(ids), "finished")
        else:
            self._notices.say("There are no finished songs to remove.")

    def count_finished(self) -> int:
        """Return how many songs `clear_finished` would move."""
        return len(self._finished())

    def undo(self) -> None:
        """Restore all songs of the last removal that is still in the bin."""
        self._restore(None)

    def restore(self, job_ids: Sequence[str]) -> None:
        """Put songs back into the library."""
        self._restore(job_ids)

    def delete(self, job_ids: Sequence[str] | None = None) -> None:
        """Delete songs in the bin for good; without ids, all of them."""
        self._background.run(lambda: self._service().bin.delete(job_ids), lambda _: self.load(), self._complain)

    def load(self) -> None:
        """Look into the bin; `listed` tells what was found."""
        # Apart: it adds up the sizes of all their files.
        self._background.run_apart(lambda: self._service().bin.jobs(), self._list, self._complain)

    def _remove(self, job_ids: Sequence[str], remove: Callable[[], list[Job]], kind: str = "") -> None:
        def settle(moved: list[Job]) -> None:
            self._jobs.drop([job.id for job in moved])
            self._proxy.unhide(job_ids)
            if moved:
                self._offer_undo(moved, kind)

        def keep(error: UnbraidError) -> None:
            self._proxy.unhide(job_ids)
            self._complain(error)

        self._proxy.hide(job_ids)
        self._background.run(remove, settle, keep)

    def _offer_undo(self, jobs: Sequence[Job], kind: str) -> None:
        ids = [job.id for job in jobs]
        self._notices.show_notice(
            Notice(
                removed_words(jobs, kind),
                key=_REMOVED,
                action="Undo",
                act=lambda: self.restore(ids),
                more=("Removed songs…", self.bin_asked.emit),
                lasts=UNDO_SECONDS,
            )
        )

    def _restore(self, job_ids: Sequence[str] | None) -> None:
        self._background.run(lambda: self._service().bin.restore(job_ids), self._show, self._complain)

    def _show(self, jobs: list[Job]) -> None:
        self._notices.clear(_REMOVED)
        self._jobs.put(jobs)
        sentence = f"Restored {named(jobs)}." if jobs else "There is no removed song to restore."
        self._notices.show_notice(Notice(sentence, key=_REMOVED, lasts=UNDO_SECONDS))
        if jobs:
            self.restored.emit(jobs)

    def _list(self, entries: list[RemovedJob]) -> None:
        self.listed.emit(entries)

    def _finished(self) -> list[str]:
        return [job.id for job in self._jobs.jobs if job.state.ended and self._proxy.has(job.id)]

    def _complain(self, error: UnbraidError) -> None:
        self._notices.show_notice(Notice(str(error), key=str(error), tone=tokens.BAD))
