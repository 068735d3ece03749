"""What happens and must be said: each thing once, with what can be done about it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.audio.files import Refusal
from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState
from desktop.jobs.sentences import attempt_words
from desktop.ui.dialogs.refused import RefusedFiles, refused_words
from desktop.ui.dialogs.sheet import Sheet
from desktop.ui.drop import Given
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.adder import Added, Duplicate
from desktop.ui.jobs.batch import BatchResult
from desktop.ui.jobs.library import Library
from desktop.ui.jobs.status import FAILED, fell_back
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.sentences import MODEL_TITLES
from desktop.ui.theme import tokens

_REFUSED, _TROUBLE, _DRAFT, _UNREADABLE, _KEPT, _BATCH = "refused", "trouble", "draft", "unreadable", "kept", "batch"
_LEFT_OUT = "left out"
_MOST_FOLDERS = 3
_KNOWN, _IN_BIN = "known", "in bin"


class Messages(QObject):
    """Turns events into notices."""

    show_asked = Signal(str)
    """What the table is to be searched for."""

    def __init__(
        self, library: Library, player: PlayerController, feed: JobFeed, notices: NoticeStrip, window: QWidget
    ) -> None:
        super().__init__(window)
        self._library = library
        self._notices = notices
        self._window = window
        self._refusals: list[Refusal] = []
        self._drafts: dict[str, Job] = {}
        self._kept: dict[str, Job] = {}
        feed.trouble.connect(self._tell_trouble)
        player.notice.connect(notices.say)
        library.adder.finished.connect(self._tell_added)
        library.refresher.failed.connect(self._tell_unreadable)
        library.refresher.loaded.connect(self._clear_unreadable)
        library.jobs.draft_made.connect(self._tell_draft)
        library.jobs.rowsRemoved.connect(self._forget_removed_drafts)
        library.jobs.attempt_ended.connect(self._tell_kept)
        library.commands.retried.connect(self._forget_draft)
        library.batches.ended.connect(self._tell_batch)
        library.commands.retried.connect(self._forget_kept)

    def _tell_trouble(self, sentence: str) -> None:
        if sentence:
            self._notices.show_notice(Notice(sentence, key=_TROUBLE, tone=tokens.BAD))
        else:
            self._notices.clear(_TROUBLE)

    def _tell_unreadable(self, sentence: str) -> None:
        self._notices.show_notice(Notice(sentence, key=_UNREADABLE, tone=tokens.BAD))

    def _clear_unreadable(self) -> None:
        self._notices.clear(_UNREADABLE)

    def _tell_added(self, done: Added) -> None:
        if done.trouble:
            self._notices.show_notice(Notice(done.trouble, key=done.trouble, tone=tokens.BAD))
        if done.left_out:
            sentence = " ".join(folder.sentence for folder in done.left_out[:_MOST_FOLDERS])
            self._notices.show_notice(Notice(sentence, key=_LEFT_OUT))
        if done.refusals:
            self._refusals += done.refusals
            self._tell_refused(tuple(self._refusals))
        known = [song for song in done.duplicates if not song.in_bin]
        if known:
            open_first = ("Open", lambda: self._library.song_asked.emit(known[0].job_id))
            self._tell_duplicates(known, "already in your library", _KNOWN, open_first, done)
        removed = [song for song in done.duplicates if song.in_bin]
        if removed:
            restore = ("Restore", lambda: self._library.removals.restore([song.job_id for song in removed]))
            self._tell_duplicates(removed, "among the removed songs", _IN_BIN, restore, done)

    def _tell_duplicates(
        self, songs: Sequence[Duplicate], where: str, key: str, way_out: tuple[str, Callable[[], None]], done: Added
    ) -> None:
        """Say that songs were not added, and offer a way out, or to add them in spite of it."""
        paths = tuple(song.path for song in songs)
        self._notices.show_notice(
            Notice(
                songs[0].sentence if len(songs) == 1 else f"{len(songs)} songs are {where}.",
                key=key,
                action=way_out[0],
                act=way_out[1],
                more=("Add again", lambda: self._library.adder.add(Given(paths), done.options, again=True)),
            )
        )

    def _tell_refused(self, refusals: Sequence[Refusal]) -> None:
        """Collect refusals in one notice, for as long as it stands."""
        # The old notice goes first: its going forgets what it had collected.
        self._notices.clear(_REFUSED)
        self._refusals = list(refusals)
        one = len(refusals) == 1
        sentence = refusals[0].reason if one else f"{refused_words(refusals)}: {_names(refusals)}."
        self._notices.show_notice(
            Notice(
                sentence,
                key=_REFUSED,
                tone=tokens.BAD,
                action="" if one else "Details",
                act=lambda: self._show_refused(refusals),
                on_gone=self._refusals.clear,
            )
        )

    def _show_refused(self, refusals: Sequence[Refusal]) -> None:
        self._refusals.clear()
        RefusedFiles(refusals, self._window).show()

    def _tell_batch(self, result: BatchResult) -> None:
        """Say how several songs ended; of a single one its row says it."""
        done, failed = len(result.done), len(result.failed)
        told_already = not done and all(job.last_attempt for job in result.failed)
        if done + failed < 2 or told_already:
            return
        self._notices.show_notice(
            Notice(
                batch_words(done, failed),
                key=_BATCH,
                tone=tokens.BAD if failed else tokens.GOOD,
                action="Show failed" if failed else "",
                act=lambda: self.show_asked.emit(FAILED),
            )
        )

    def _tell_draft(self, job: Job) -> None:
        self._drafts[job.id] = job
        self._show_drafts()

    def _forget_draft(self, job: Job) -> None:
        if self._drafts.pop(job.id, None):
            self._show_drafts()

    def _forget_removed_drafts(self) -> None:
        if any(self._library.jobs.job(job_id) is None for job_id in self._drafts):
            self._show_drafts()

    def _show_drafts(self) -> None:
        """Say once that Sketch stood in, however many songs it was, for as long as the notice stands."""
        known = (self._library.jobs.job(job_id) for job_id in self._drafts)
        drafts = [job for job in known if job is not None and fell_back(job)]
        self._notices.clear(_DRAFT)  # its going forgets what it had collected
        self._drafts = {job.id: job for job in drafts}
        if not drafts:
            return
        wanted = drafts[-1].options.model
        title = MODEL_TITLES.get(wanted, wanted)
        name = f"“{shown(drafts[0].title, 40)}” was" if len(drafts) == 1 else f"{len(drafts)} songs were"
        self._notices.show_notice(
            Notice(
                f"{name} separated with Sketch, in draft quality: {title} is not on this computer yet.",
                key=_DRAFT,
                action=f"Separate again with {title}",
                act=lambda: self._separate_again(tuple(drafts)),
                on_gone=self._drafts.clear,
            )
        )

    def _tell_kept(self, job: Job) -> None:
        self._say_kept({**self._kept, job.id: job})

    def _forget_kept(self, job: Job) -> None:
        if job.id in self._kept:
            self._say_kept({job_id: kept for job_id, kept in self._kept.items() if job_id != job.id})

    def _say_kept(self, kept: dict[str, Job]) -> None:
        """Collect the songs that were not separated again in one notice, for as long as it stands."""
        self._notices.clear(_KEPT)  # its going forgets what it had collected
        self._kept = kept
        if not kept:
            return
        jobs = list(kept.values())
        failed = any(job.last_attempt and job.last_attempt.state is JobState.FAILED for job in jobs)
        many = f"{len(jobs)} songs were not separated again. Their earlier stems are kept."
        self._notices.show_notice(
            Notice(
                many if len(jobs) > 1 else attempt_words(jobs[0], f"“{shown(jobs[0].title, 40)}”"),
                key=_KEPT,
                tone=tokens.BAD if failed else tokens.ACCENT,
                action="Details" if len(jobs) > 1 else "",
                act=lambda: self._show_kept(jobs),
                on_gone=kept.clear,
            )
        )

    def _show_kept(self, jobs: Sequence[Job]) -> None:
        self._kept.clear()
        lines = [f"{shown(job.title, 300)}\n    {attempt_words(job)}\n" for job in jobs]
        heading = f"{len(jobs)} songs were not separated again"
        Sheet(heading, "Their earlier stems are kept.", "\n".join(lines), self._window).show()

    def _separate_again(self, drafts: Sequence[Job]) -> None:
        self._drafts.clear()
        self._library.commands.retry(drafts)


def batch_words(done: int, failed: int) -> str:
    """Return how the songs of a batch ended: "61 songs done, 3 failed."."""
    counted = "1 song" if done == 1 else f"{done} songs"
    if not failed:
        return f"{counted} done. The stems are ready."
    return f"{counted} done, {failed} failed." if done else f"{failed} songs failed."


def _names(refusals: Sequence[Refusal]) -> str:
    names = [shown(refusal.path.name or refusal.path, 40) for refusal in refusals[:3]]
    return ", ".join(names) + (" …" if len(refusals) > len(names) else "")
