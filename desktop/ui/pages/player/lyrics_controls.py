"""Lyrics controls: the lyrics of the shown job, those of its file or those that the user edited."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.lyrics.files import read_lyrics_text
from desktop.lyrics.lines import LyricLine
from desktop.lyrics.lrc import parse_lyrics
from desktop.lyrics.timing import LyricTimeline, set_line_time
from desktop.paths import Home
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.controller import PlayerController

_log = logging.getLogger(__name__)


class LyricsControls(QObject):
    """Finds the lyrics of the shown job in the background, and changes them while its track is loaded."""

    changed = Signal()
    """The lines are others, or the search for them has ended."""

    def __init__(self, controller: PlayerController, home: Home, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller, self._practice, self._home = controller, controller.practice, home
        self._background = BackgroundRunner("lyrics", self)
        self._job: Job | None = None
        self._is_requested = False
        self._found: tuple[LyricLine, ...] | None = None
        self._shown: tuple[LyricLine, ...] = ()
        self.timeline = LyricTimeline(())
        """Timeline of `lines`."""
        self._practice.changed.connect(self._refresh)
        controller.loaded_changed.connect(self._refresh)

    @property
    def job(self) -> Job | None:
        """The shown job."""
        return self._job

    @property
    def lines(self) -> tuple[LyricLine, ...]:
        """The lyrics; empty if there are none, or none are found yet."""
        return self._shown

    @property
    def is_loaded(self) -> bool:
        """Whether the search for lyrics has ended."""
        return self._found is not None

    @property
    def can_change(self) -> bool:
        """Whether the track of the shown job is loaded, so that its lyrics can be changed."""
        return self._controller.is_ready

    @property
    def can_restore(self) -> bool:
        """Whether the user edited lyrics that were found."""
        return bool(self._found) and self._practice.state.lyrics is not None

    def show_job(self, job: Job | None) -> None:
        """Show the lyrics of a job; they are looked for at the next `load`."""
        if (job.id if job else None) != (self._job.id if self._job else None):
            self._found, self._is_requested = None, False
            self._job = job
            self._refresh()
        self._job = job

    def load(self) -> None:
        """Look for the lyrics of the job, unless that was done."""
        job = self._job
        if job is None or self._is_requested:
            return
        self._is_requested = True
        folder = self._home.job_folder(job.id)

        def find() -> tuple[LyricLine, ...]:
            from desktop.jobs.lyrics import find_lyrics  # imports the database, which the start of the window need not

            try:
                return find_lyrics(folder, job)
            except OSError as error:
                _log.warning("The lyrics of job %s could not be looked for: %s", job.id, error)
                return ()

        # The folder of the added file may be on a network that does not reply.
        self._background.run_detached(find, lambda lines: self._show_found(job.id, lines))

    def open_file(self, path: Path, on_failure: Callable[[str], None]) -> None:
        """Replace the lyrics by those in a file; call `on_failure` with a message if it has none."""
        job_id = self._job.id if self._job else ""

        def show(lines: tuple[LyricLine, ...]) -> None:
            if not lines:
                on_failure(tr("There are no lyrics in {name}.", name=printable(path.name)))
            elif self._job is not None and self._job.id == job_id:
                self.set_lines(lines)

        self._background.run_detached(lambda: parse_lyrics(read_lyrics_text(path) or ""), show)

    def set_lines(self, lines: Sequence[LyricLine]) -> None:
        """Replace the lyrics; those of the file are kept, for `restore`."""
        edited = tuple(lines)
        if edited != self._shown:
            self._apply(None if edited == self._found else edited)

    def set_time(self, index: int, second: float) -> None:
        """Set the time of a line, and clear the times of others that contradict it."""
        self.set_lines(set_line_time(self._shown, index, second))

    def restore(self) -> None:
        """Return to the lyrics that were found."""
        self._apply(None)

    def close(self) -> None:
        """Deliver no more results."""
        self._background.close()

    def _apply(self, lyrics: tuple[LyricLine, ...] | None) -> None:
        self._practice.apply(replace(self._practice.state, lyrics=lyrics))

    def _show_found(self, job_id: str, lines: tuple[LyricLine, ...]) -> None:
        if self._job is not None and self._job.id == job_id:
            self._found = lines
            self._refresh(is_forced=True)

    def _refresh(self, is_forced: bool = False) -> None:
        edited = self._practice.state.lyrics if self._controller.is_ready else None
        lines = edited if edited is not None else self._found or ()
        if lines != self._shown or is_forced:
            self._shown = lines
            self.timeline = LyricTimeline(lines)
            self.changed.emit()
