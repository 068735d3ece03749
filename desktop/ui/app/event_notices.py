"""Notices about events in the library: imports, failures, fallbacks to Sketch, batches and service faults."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.audio.files import RejectedPath
from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.jobs.text import format_last_attempt
from desktop.models.titles import find_model_title
from desktop.text.message import tr, tr_count
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.dialogs.base import TextDialog
from desktop.ui.dialogs.failure_details import RefusedFilesDialog
from desktop.ui.pages.library.batches import BatchResult
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.library.import_queue import Duplicate, ImportResult
from desktop.ui.pages.library.status import failed_search_term, is_sketch_fallback
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.file_drop import DroppedFiles
from desktop.ui.widgets.notices import Notice, NoticeStrip

_REFUSED_KEY = "refused"
_SKIPPED_KEY = "skipped"
_DUPLICATE_KEY, _IN_BIN_KEY = "duplicate", "in bin"
_TROUBLE_KEY, _UNREADABLE_KEY = "trouble", "unreadable"
_BATCH_KEY, _SKETCH_FALLBACK_KEY, _NOT_SEPARATED_AGAIN_KEY = "batch", "sketch fallback", "not separated again"
_MAX_FOLDERS = 3


class EventNotices(QObject):
    """Shows events of the library, the feed and the player as notices, one notice for each kind of event."""

    search_requested = Signal(str)
    """Emitted with the search text when the user asks for the failed tracks."""

    def __init__(
        self, library: LibraryController, player: PlayerController, feed: JobFeed, notices: NoticeStrip, window: QWidget
    ) -> None:
        super().__init__(window)
        self._library = library
        self._notices = notices
        self._window = window
        self._refusals: list[RejectedPath] = []
        self._sketch_fallbacks: dict[str, Job] = {}
        self._not_separated_again: dict[str, Job] = {}
        feed.trouble_changed.connect(self._update_trouble)
        player.notice.connect(notices.show_text)
        library.import_queue.finished.connect(self._show_import_result)
        library.refresher.load_failed.connect(self._show_unreadable)
        library.refresher.loaded.connect(self._clear_unreadable)
        library.table_model.sketch_fallback_completed.connect(self._add_sketch_fallback)
        library.table_model.rowsRemoved.connect(self._drop_removed_sketch_fallbacks)
        library.table_model.not_separated_again.connect(self._add_not_separated_again)
        library.commands.requeued.connect(self._remove_sketch_fallback)
        library.batch_tracker.batch_ended.connect(self._show_batch_result)
        library.commands.requeued.connect(self._remove_not_separated_again)

    def _update_trouble(self, message: str) -> None:
        if message:
            self._notices.show_notice(Notice(message, key=_TROUBLE_KEY, edge_colour=Colour.BAD))
        else:
            self._notices.remove_notice(_TROUBLE_KEY)

    def _show_unreadable(self, message: str) -> None:
        self._notices.show_notice(Notice(message, key=_UNREADABLE_KEY, edge_colour=Colour.BAD))

    def _clear_unreadable(self) -> None:
        self._notices.remove_notice(_UNREADABLE_KEY)

    def _show_import_result(self, result: ImportResult) -> None:
        if result.error:
            error = str(result.error)
            self._notices.show_notice(Notice(error, key=error, edge_colour=Colour.BAD))
        if result.skipped:
            text = " ".join(str(folder.message) for folder in result.skipped[:_MAX_FOLDERS])
            self._notices.show_notice(Notice(text, key=_SKIPPED_KEY))
        if result.refusals:
            self._refusals += result.refusals
            self._show_refused(tuple(self._refusals))
        duplicates = [duplicate for duplicate in result.duplicates if not duplicate.in_bin]
        if duplicates:
            open_action = (tr("Open"), lambda: self._library.song_requested.emit(duplicates[0].job_id))
            summary = tr_count(
                "{count} song is already in your library.",
                "{count} songs are already in your library.",
                len(duplicates),
            )
            self._show_duplicates(duplicates, summary, _DUPLICATE_KEY, open_action, result)
        in_bin = [duplicate for duplicate in result.duplicates if duplicate.in_bin]
        if in_bin:
            restore_action = (
                tr("Restore"),
                lambda: self._library.removals.restore([duplicate.job_id for duplicate in in_bin]),
            )
            summary = tr_count(
                "{count} song is among the removed songs.", "{count} songs are among the removed songs.", len(in_bin)
            )
            self._show_duplicates(in_bin, summary, _IN_BIN_KEY, restore_action, result)

    def _show_duplicates(
        self,
        duplicates: Sequence[Duplicate],
        summary: str,
        key: str,
        first_action: tuple[str, Callable[[], None]],
        result: ImportResult,
    ) -> None:
        """Show which tracks were not added, with `first_action` and a button that adds them anyway.

        `summary` is the text for several tracks.
        """
        paths = tuple(duplicate.path for duplicate in duplicates)
        self._notices.show_notice(
            Notice(
                str(duplicates[0].message) if len(duplicates) == 1 else summary,
                key=key,
                action_text=first_action[0],
                on_action=first_action[1],
                second_action=(
                    tr("Add again"),
                    lambda: self._library.import_queue.add(DroppedFiles(paths), result.options, allow_duplicates=True),
                ),
            )
        )

    def _show_refused(self, refusals: Sequence[RejectedPath]) -> None:
        """Show all refused files since the last notice was closed in one notice."""
        # Remove the old notice first: its on_removed callback clears the list that it collected.
        self._notices.remove_notice(_REFUSED_KEY)
        self._refusals = list(refusals)
        is_single = len(refusals) == 1
        text = str(refusals[0].reason) if is_single else _refused_files_text(refusals)
        self._notices.show_notice(
            Notice(
                text,
                key=_REFUSED_KEY,
                edge_colour=Colour.BAD,
                action_text="" if is_single else tr("Details"),
                on_action=lambda: self._open_refused_dialog(refusals),
                on_removed=self._refusals.clear,
            )
        )

    def _open_refused_dialog(self, refusals: Sequence[RejectedPath]) -> None:
        self._refusals.clear()
        RefusedFilesDialog(refusals, self._window).show()

    def _show_batch_result(self, result: BatchResult) -> None:
        """Show how a batch of at least two tracks ended; a single track shows it in its row."""
        done, failed = len(result.completed), len(result.failed)
        already_shown = not done and all(job.last_attempt for job in result.failed)
        if done + failed < 2 or already_shown:
            return
        self._notices.show_notice(
            Notice(
                batch_result_text(done, failed),
                key=_BATCH_KEY,
                edge_colour=Colour.BAD if failed else Colour.GOOD,
                action_text=tr("Show failed") if failed else "",
                on_action=lambda: self.search_requested.emit(failed_search_term()),
            )
        )

    def _add_sketch_fallback(self, job: Job) -> None:
        self._sketch_fallbacks[job.id] = job
        self._update_sketch_fallback_notice()

    def _remove_sketch_fallback(self, job: Job) -> None:
        if self._sketch_fallbacks.pop(job.id, None):
            self._update_sketch_fallback_notice()

    def _drop_removed_sketch_fallbacks(self) -> None:
        if any(self._library.table_model.find_job(job_id) is None for job_id in self._sketch_fallbacks):
            self._update_sketch_fallback_notice()

    def _update_sketch_fallback_notice(self) -> None:
        """Show all tracks that were separated with Sketch as a fallback in one notice, until it is closed."""
        listed = (self._library.table_model.find_job(job_id) for job_id in self._sketch_fallbacks)
        jobs = [job for job in listed if job is not None and is_sketch_fallback(job)]
        self._notices.remove_notice(_SKETCH_FALLBACK_KEY)  # its on_removed callback clears the collection
        self._sketch_fallbacks = {job.id: job for job in jobs}
        if not jobs:
            return
        model = str(find_model_title(jobs[-1].options.model))
        self._notices.show_notice(
            Notice(
                _sketch_fallbacks_text(jobs, model),
                key=_SKETCH_FALLBACK_KEY,
                action_text=tr("Separate again with {model}", model=model),
                on_action=lambda: self._separate_again(tuple(jobs)),
                on_removed=self._sketch_fallbacks.clear,
            )
        )

    def _add_not_separated_again(self, job: Job) -> None:
        self._update_not_separated_again_notice({**self._not_separated_again, job.id: job})

    def _remove_not_separated_again(self, job: Job) -> None:
        if job.id in self._not_separated_again:
            self._update_not_separated_again_notice(
                {job_id: other for job_id, other in self._not_separated_again.items() if job_id != job.id}
            )

    def _update_not_separated_again_notice(self, jobs_by_id: dict[str, Job]) -> None:
        """Show all tracks that could not be separated again in one notice, until it is closed."""
        self._notices.remove_notice(_NOT_SEPARATED_AGAIN_KEY)  # its on_removed callback clears the collection
        self._not_separated_again = jobs_by_id
        if not jobs_by_id:
            return
        jobs = list(jobs_by_id.values())
        failed = any(job.last_attempt and job.last_attempt.state is JobState.FAILED for job in jobs)
        if len(jobs) == 1:
            text = format_last_attempt(jobs[0], printable(jobs[0].title, 40))
        else:
            text = tr_count(
                "{count} song was not separated again. Its earlier stems are kept.",
                "{count} songs were not separated again. Their earlier stems are kept.",
                len(jobs),
            )
        self._notices.show_notice(
            Notice(
                text,
                key=_NOT_SEPARATED_AGAIN_KEY,
                edge_colour=Colour.BAD if failed else Colour.ACCENT,
                action_text=tr("Details") if len(jobs) > 1 else "",
                on_action=lambda: self._open_not_separated_again_dialog(jobs),
                on_removed=jobs_by_id.clear,
            )
        )

    def _open_not_separated_again_dialog(self, jobs: Sequence[Job]) -> None:
        self._not_separated_again.clear()
        lines = [f"{printable(job.title, 300)}\n    {format_last_attempt(job)}\n" for job in jobs]
        heading = tr_count("{count} song was not separated again", "{count} songs were not separated again", len(jobs))
        TextDialog(heading, tr("Their earlier stems are kept."), "\n".join(lines), self._window).show()

    def _separate_again(self, jobs: Sequence[Job]) -> None:
        self._sketch_fallbacks.clear()
        self._library.commands.separate_again(jobs)


def batch_result_text(done: int, failed: int) -> str:
    """Return the result of a batch as a sentence, for example "61 songs done, 3 failed."."""
    if not failed:
        return tr_count("{count} song done. The stems are ready.", "{count} songs done. The stems are ready.", done)
    if not done:
        return tr_count("{count} song failed.", "{count} songs failed.", failed)
    return tr_count("{count} song done, {failed} failed.", "{count} songs done, {failed} failed.", done, failed=failed)


def _sketch_fallbacks_text(jobs: Sequence[Job], model: str) -> str:
    """Return which tracks were separated with Sketch in place of the model with the title `model`."""
    if len(jobs) == 1:
        return tr(
            "“{title}” was separated with Sketch, in draft quality: {model} is not on this computer yet.",
            title=printable(jobs[0].title, 40),
            model=model,
        )
    return tr_count(
        "{count} song was separated with Sketch, in draft quality: {model} is not on this computer yet.",
        "{count} songs were separated with Sketch, in draft quality: {model} is not on this computer yet.",
        len(jobs),
        model=model,
    )


def _refused_files_text(refusals: Sequence[RejectedPath]) -> str:
    return tr_count(
        "{count} file could not be added: {names}.",
        "{count} files could not be added: {names}.",
        len(refusals),
        names=_names_text(refusals),
    )


def _names_text(refusals: Sequence[RejectedPath]) -> str:
    names = [printable(refusal.path.name or refusal.path, 40) for refusal in refusals[:3]]
    return ", ".join(names) + (" …" if len(refusals) > len(names) else "")
