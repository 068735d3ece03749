"""Player controller: connects window and keyboard to the session; nothing else in the window plays sound."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.audio.stems import sort_stem_names
from desktop.errors import UnusableTrackError
from desktop.playback.mix import LaneMix, Mix, SongState, clamp_db
from desktop.playback.session import Session
from desktop.text.message import Message
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.song_states import SongStateStore

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest

TICK_INTERVAL_MS = 16
TICKS_PER_METER_UPDATE = 2
SAVE_DELAY_MS = 1000
"""Milliseconds from a change to its saving, together with the changes that follow it meanwhile."""


class PlayerController(QObject):
    """Plays the loaded track and emits its state, with a timer that runs only during playback."""

    position_changed = Signal(int)
    """Playhead in frames."""
    playing_changed = Signal(bool)
    waiting_changed = Signal(bool)
    """True if playback waits for a part that does not exist yet, False if it has resumed."""
    lanes_changed = Signal()
    """A mute, a solo or a level has changed."""
    master_changed = Signal(float)
    loaded_changed = Signal()
    """Another track is loaded, or none."""
    levels_changed = Signal(tuple)
    """Linear peak of each lane, some thirty times a second during playback; empty when playback stops."""
    notice = Signal(str)
    """Message for the user."""

    def __init__(self, session: Session, states: SongStateStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._states = states
        self._master_db = 0.0
        self._key: str | None = None
        self._ready = False
        self._generation = 0
        self._play_when_ready = False
        self._has_user_input = False
        self._autoplay_key = ""
        self._last_position = -1
        self._tick_count = 0
        self._waiting = False
        self._background = BackgroundRunner("song", self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_DELAY_MS)
        self._save_timer.timeout.connect(self._save_state)
        # The session calls these from its audio threads.
        session.on_error = lambda message: self._background.call_in_gui_thread(lambda: self._on_playback_error(message))
        session.on_ended = lambda: self._background.call_in_gui_thread(self._on_ended)

    @property
    def is_ready(self) -> bool:
        """Whether a track is loaded and can be played."""
        return self._ready

    @property
    def is_playing(self) -> bool:
        """Whether the track plays."""
        return self._ready and self._session.is_playing

    @property
    def has_user_input(self) -> bool:
        """Whether the user has played, paused, sought or mixed the track that is in the player."""
        return self._key is not None and (self._has_user_input or self.is_playing or self._play_when_ready)

    @property
    def is_waiting(self) -> bool:
        """Whether playback waits for a part that does not exist yet."""
        return self._ready and self._session.is_buffering

    @property
    def position(self) -> int:
        """Playhead in frames; 0 without a track."""
        return self._session.position if self._ready else 0

    @property
    def position_seconds(self) -> float:
        """Playhead in seconds; 0 without a track."""
        return self.position / self._sample_rate()

    @property
    def duration(self) -> float:
        """Length of the track in seconds; 0 without a track."""
        return self._session.frames / self._sample_rate() if self._ready else 0.0

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the loaded stems."""
        return self._session.lane_names if self._ready else ()

    @property
    def master_db(self) -> float:
        """Master level in dB."""
        return self._master_db

    def lane_mix(self, lane: int) -> LaneMix:
        """Return level, mute and solo of a lane."""
        return self._session.mix.lane(self._session.lane_names[lane]) if self._has_lane(lane) else LaneMix()

    def is_audible(self, lane: int) -> bool:
        """Return False if a mute, or another lane's solo, silences this lane."""
        return not self._has_lane(lane) or self._session.is_audible(lane)

    def load(self, key: str, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Load stem files in a background thread; `key` is the id of its job, under which its state is kept.

        If a track with this key and the same lanes is loaded already, it continues at its position with the new files.
        """
        self._load_track(key, names, lambda: _open_stem_files(paths))

    def load_partial(self, key: str, folders: tuple[Path, Path], manifest: "StoreManifest") -> None:
        """Load the partial results of a track from `folders`: the one of finished segments, and the one of the draft.

        `manifest` lists their stems. Otherwise like `load`.
        """
        self._load_track(key, sort_stem_names(manifest.sources), lambda: _open_partial_source(*folders, manifest))

    def _load_track(self, key: str, names: Sequence[str], open_source: Callable[[], "PlaybackSource"]) -> None:
        if self._ready and self._key == key and self._session.lane_names == tuple(names):
            self._background.run(
                open_source,
                lambda source: self._replace_source(key, source),
                lambda error: self.notice.emit(str(error)),
            )
            return
        is_same_track = self._key == key
        keeps_playing, has_user_input = (
            is_same_track and (self.is_playing or self._play_when_ready),
            is_same_track and self._has_user_input,
        )
        self._forget_track()
        self._key, self._play_when_ready, self._has_user_input = key, keeps_playing, has_user_input
        generation = self._generation
        self._background.run(
            lambda: self._open_track(generation, key, open_source),
            lambda opened: self._on_opened(generation, names, opened),
            lambda error: self._on_load_failed(generation, str(error)),
        )

    def _replace_source(self, key: str, source: "PlaybackSource") -> None:
        if self._ready and self._key == key and source.lanes == len(self._session.lane_names):
            self._session.replace_source(source)
            self.loaded_changed.emit()
            self._emit_position()

    def unload(self) -> None:
        """Unload the track."""
        if self._key is not None:
            self._forget_track()

    def close(self) -> None:
        """Stop the timers, and wait until the state of the track is saved; the caller closes the session."""
        self._forget_track()
        self._background.close(run_pending=True)

    def toggle_playback(self) -> None:
        """Play or pause; while the track is still being opened, set or clear that it plays once it is loaded."""
        self._has_user_input, self._autoplay_key = True, ""
        if not self._ready:
            self._play_when_ready = self._key is not None and not self._play_when_ready
        elif self._session.is_playing:
            self._pause()
        else:
            self._play()

    def play_when_loaded(self, key: str) -> None:
        """Play the track of this key once it is loaded, unless the user plays or pauses before."""
        self._autoplay_key = key

    def stop(self) -> None:
        """Pause and return to the start."""
        if self._ready:
            self._session.stop()
            self._on_stopped()

    def seek_to_start(self) -> None:
        """Return to the start without pausing."""
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Move the playhead to `frame`, clamped to the track."""
        if self._ready:
            self._has_user_input = True
            self._session.seek(max(0, min(int(frame), self._session.frames)))
            self._emit_position()
            self._save_soon()

    def seek_to_seconds(self, seconds: float) -> None:
        """Move the playhead to a time in seconds."""
        self.seek(round(seconds * self._sample_rate()))

    def seek_by(self, seconds: float) -> None:
        """Move the playhead forward by `seconds`, or back if they are negative."""
        self.seek(self.position + round(seconds * self._sample_rate()))

    def set_mute(self, lane: int, muted: bool) -> None:
        """Mute or unmute a lane; do nothing if it is in that state already."""
        self._set_lane(lane, replace(self.lane_mix(lane), mute=muted))

    def set_solo(self, lane: int, soloed: bool) -> None:
        """Solo a lane or end its solo; do nothing if it is in that state already."""
        self._set_lane(lane, replace(self.lane_mix(lane), solo=soloed))

    def toggle_mute(self, lane: int) -> None:
        """Mute a lane, or unmute it if it is muted."""
        self.set_mute(lane, not self.lane_mix(lane).mute)

    def toggle_solo(self, lane: int) -> None:
        """Solo a lane, or end its solo if it is soloed."""
        self.set_solo(lane, not self.lane_mix(lane).solo)

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set a lane's level in dB, clamped to the fader's range."""
        self._set_lane(lane, replace(self.lane_mix(lane), gain_db=clamp_db(db)))

    def set_master_db(self, db: float) -> None:
        """Set the master level in dB, clamped to the fader's range; it is kept for the next track."""
        level = clamp_db(db)
        if self._ready:
            self._apply_mix(replace(self._session.mix, master_db=level))
        else:
            self._show_master(level)

    def undo(self) -> None:
        """Take back the last change of the track's mix."""
        if self._ready and self._session.undo():
            self._on_mix_changed()

    def redo(self) -> None:
        """Repeat the change that `undo` took back last."""
        if self._ready and self._session.redo():
            self._on_mix_changed()

    def _set_lane(self, lane: int, mix: LaneMix) -> None:
        if self._has_lane(lane) and mix != self.lane_mix(lane):
            self._has_user_input = True
            self._apply_mix(self._session.mix.with_lane(self._session.lane_names[lane], mix))

    def _apply_mix(self, mix: Mix) -> None:
        self._session.apply(replace(self._session.state, mix=mix))
        self._on_mix_changed()

    def _on_mix_changed(self) -> None:
        self.lanes_changed.emit()
        if self._session.mix.master_db != self._master_db:
            self._show_master(self._session.mix.master_db)
        self._save_soon()

    def _show_master(self, db: float) -> None:
        self._master_db = db
        self.master_changed.emit(db)

    def _save_soon(self) -> None:
        if not self._save_timer.isActive():
            self._save_timer.start()

    def _save_state(self) -> None:
        """Save the state of the track in the background."""
        self._save_timer.stop()
        key = self._key
        if self._ready and key is not None:
            state = self._session.snapshot()
            self._background.run(lambda: self._states.save(key, state))

    def _has_lane(self, lane: int) -> bool:
        return self._ready and 0 <= lane < len(self._session.lane_names)

    def _sample_rate(self) -> int:
        return (self._session.sample_rate if self._ready else 0) or 1

    def _play(self) -> None:
        if self._session.position >= self._session.frames:
            self._session.seek(0)
        self._session.play()
        self._timer.start()
        self.playing_changed.emit(True)

    def _pause(self) -> None:
        self._session.pause()
        self._on_stopped()

    def _on_stopped(self) -> None:
        """Stop the timer, so that a paused window uses no CPU time, and save where playback stopped."""
        self._timer.stop()
        self._save_state()
        self.levels_changed.emit(())
        self._emit_position()
        self._emit_waiting(False)
        self.playing_changed.emit(False)

    def _tick(self) -> None:
        if not self._session.is_playing:
            self._on_stopped()
            return
        self._emit_position()
        self._emit_waiting(self._session.is_buffering)
        self._tick_count += 1
        if self._tick_count % TICKS_PER_METER_UPDATE == 0:
            self.levels_changed.emit(self._session.take_peak_levels())

    def _emit_waiting(self, waiting: bool) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    def _emit_position(self) -> None:
        position = self._session.position
        if position != self._last_position:
            self._last_position = position
            self.position_changed.emit(position)

    def _forget_track(self) -> None:
        """Close the current track, and save its state for when it is loaded again."""
        self._save_state()
        self._session.close_song()
        self._generation += 1
        self._key, self._ready, self._play_when_ready, self._has_user_input = None, False, False, False
        self._timer.stop()
        self.levels_changed.emit(())
        self.playing_changed.emit(False)
        self.loaded_changed.emit()

    def _open_track(
        self, generation: int, key: str, open_source: Callable[[], "PlaybackSource"]
    ) -> "tuple[PlaybackSource, SongState] | None":
        """Open a track's stems, in the background thread, unless it was replaced. Raises UnusableTrackError."""
        if generation != self._generation:
            return None
        try:
            return open_source(), self._states.load(key)
        except (OSError, RuntimeError, ValueError) as error:
            message = Message("The stems of this song cannot be opened. Separate the song again.")
            raise UnusableTrackError(message) from error

    def _on_load_failed(self, generation: int, message: str) -> None:
        if generation == self._generation:
            self._key = None
            self.notice.emit(message)

    def _on_opened(
        self, generation: int, names: Sequence[str], opened: "tuple[PlaybackSource, SongState] | None"
    ) -> None:
        if opened is None or generation != self._generation:
            return
        source, state = opened
        mix = replace(state.mix, master_db=self._master_db)
        self._session.open(source, names, replace(state, mix=mix))
        self._ready, self._last_position = True, -1
        self.loaded_changed.emit()
        self.lanes_changed.emit()
        self._emit_position()
        if self._play_when_ready or self._key == self._autoplay_key:
            self._play_when_ready, self._autoplay_key = False, ""
            self._play()

    def _on_playback_error(self, message: str) -> None:
        self._on_stopped()
        self.notice.emit(message)

    def _on_ended(self) -> None:
        if self._ready and not self._session.is_playing:
            self._on_stopped()


def _open_stem_files(paths: Sequence[Path]) -> "PlaybackSource":
    # Imported in the background, like all audio modules, so that the window appears sooner.
    from desktop.playback.source import StemFileSource

    return StemFileSource(paths)


def _open_partial_source(segments: Path, draft: Path, manifest: "StoreManifest") -> "PlaybackSource":
    from desktop.playback.partial_source import PartialSource

    return PartialSource(segments, draft, manifest)
