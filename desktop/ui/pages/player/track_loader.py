"""Track loader: opens tracks in the background and hands them to the session, one at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.audio.stems import sort_stem_names
from desktop.playback.mix import Master
from desktop.playback.session import Session
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.song_loader import (
    OpenedSong,
    SongStateStore,
    open_partial_results,
    open_song,
    open_stem_files,
)

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest


class TrackLoader(QObject):
    """Loads the track of a job, and notes whether to play it once it is loaded."""

    closing = Signal()
    """The track is about to be closed, and its state can still be saved."""
    closed = Signal()
    """There is no track now, or another one is being opened."""
    opened = Signal(object)
    """Its `OpenedSong`, once the session has the track."""
    source_replaced = Signal()
    """The loaded track goes on with other files, at its position."""
    failed = Signal(str)
    """Message why a track could not be opened."""

    def __init__(
        self,
        session: Session,
        states: SongStateStore,
        background: BackgroundRunner,
        master: Callable[[], Master],
        parent: QObject,
    ) -> None:
        """`master` returns the level and the limiter of the master, which stay from track to track."""
        super().__init__(parent)
        self._session, self._states, self._background, self._master = session, states, background, master
        self._job_id: str | None = None
        self._is_ready = False
        self._generation = 0
        self._plays_when_ready = False
        self._has_user_input = False
        self._autoplay_job_id = ""

    @property
    def job_id(self) -> str | None:
        """Job of the track that is loaded or being opened; None without a track."""
        return self._job_id

    @property
    def is_ready(self) -> bool:
        """Whether a track is loaded and can be played."""
        return self._is_ready

    @property
    def has_user_input(self) -> bool:
        """Whether the user has played, paused, sought or mixed the track since it was chosen."""
        return self._job_id is not None and (self._has_user_input or self._is_played)

    def note_user_input(self) -> None:
        """Note that the user has played, paused, sought or mixed the track."""
        self._has_user_input = True

    def play_when_loaded(self, job_id: str) -> None:
        """Play the track of this job once it is loaded, unless the user plays or pauses before."""
        self._autoplay_job_id = job_id

    def forget_autoplay(self) -> None:
        """Do not play the track that `play_when_loaded` asked for."""
        self._autoplay_job_id = ""

    def toggle_play_when_ready(self) -> None:
        """Set or clear that the track that is being opened plays once it is loaded."""
        self._plays_when_ready = self._job_id is not None and not self._plays_when_ready

    def take_autoplay(self) -> bool:
        """Return whether the track that was loaded now is to be played, and forget it."""
        plays = self._plays_when_ready or self._job_id == self._autoplay_job_id
        if plays:
            self._plays_when_ready, self._autoplay_job_id = False, ""
        return plays

    def load(self, job_id: str, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Load stem files in a background thread; their state is kept under `job_id`.

        If the track of this job, with the same lanes, is loaded already, it continues at its position with the new files.
        """
        self._load(job_id, names, lambda: open_stem_files(paths))

    def load_partial(self, job_id: str, folders: tuple[Path, Path], manifest: "StoreManifest") -> None:
        """Load the partial results of a track from `folders`: the one of finished segments, and the one of the draft.

        `manifest` lists their stems. Otherwise like `load`.
        """
        self._load(job_id, sort_stem_names(manifest.sources), lambda: open_partial_results(*folders, manifest))

    def unload(self) -> None:
        """Close the track, if there is one; its state is saved for when it is loaded again."""
        if self._job_id is not None:
            self._close_track()

    def _load(self, job_id: str, names: Sequence[str], open_source: "Callable[[], PlaybackSource]") -> None:
        if self._is_ready and self._job_id == job_id and self._session.lane_names == tuple(names):
            self._background.run(
                open_source,
                lambda source: self._replace_source(job_id, source),
                lambda error: self.failed.emit(str(error)),
            )
            return
        is_same_track = self._job_id == job_id
        plays, has_user_input = is_same_track and self._is_played, is_same_track and self._has_user_input
        self._close_track()
        self._job_id, self._plays_when_ready, self._has_user_input = job_id, plays, has_user_input
        generation = self._generation
        self._background.run(
            lambda: open_song(open_source, self._states, job_id) if generation == self._generation else None,
            lambda opened: self._on_opened(generation, names, opened),
            lambda error: self._on_failed(generation, str(error)),
        )

    @property
    def _is_played(self) -> bool:
        """Whether the track plays, or will once it is loaded."""
        return self._plays_when_ready or (self._is_ready and self._session.is_playing)

    def _close_track(self) -> None:
        self.closing.emit()
        self._session.close_song()
        self._generation += 1
        self._job_id, self._is_ready, self._plays_when_ready, self._has_user_input = None, False, False, False
        self.closed.emit()

    def _replace_source(self, job_id: str, source: "PlaybackSource") -> None:
        if self._is_ready and self._job_id == job_id and source.lanes == len(self._session.lane_names):
            self._session.replace_source(source)
            self.source_replaced.emit()

    def _on_opened(self, generation: int, names: Sequence[str], opened: OpenedSong | None) -> None:
        if opened is None or generation != self._generation:
            return
        self._session.open(opened.source, names, replace(opened.state, master=self._master()))
        self._is_ready = True
        self.opened.emit(opened)

    def _on_failed(self, generation: int, message: str) -> None:
        if generation == self._generation:
            self._job_id = None
            self.failed.emit(message)
