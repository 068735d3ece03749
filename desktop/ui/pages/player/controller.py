"""The one way from window and keyboard to the transport, and back: nothing else in the window plays sound."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.audio.stems import sort_stem_names
from desktop.errors import UnusableTrackError
from desktop.playback.transport import Transport
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.mix import LaneMix, MixStore
from desktop.ui.widgets.levels import MAX_DB, MIN_DB

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest

TICK_INTERVAL_MS = 16
TICKS_PER_METER_UPDATE = 2


class PlayerController(QObject):
    """Plays the loaded song. Its timer runs only while there is sound to follow."""

    position_changed = Signal(int)
    """The playhead in frames."""
    playing_changed = Signal(bool)
    waiting_changed = Signal(bool)
    """Playing came to a part that is not there yet, or goes on."""
    lanes_changed = Signal()
    """A mute, a solo or a level was set."""
    master_changed = Signal(float)
    loaded_changed = Signal()
    """Another song can be played, or none."""
    levels_changed = Signal(tuple)
    """Linear peak of each lane, some thirty times a second while playing."""
    notice = Signal(str)
    """A sentence for the user."""

    def __init__(self, transport: Transport, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._transport = transport
        self._master_db = transport.master_db
        self._mixes = MixStore()
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
        # The transport calls these from the sound's own threads.
        transport.on_error = lambda sentence: self._background.call_in_gui_thread(
            lambda: self._on_playback_error(sentence)
        )
        transport.on_ended = lambda: self._background.call_in_gui_thread(self._on_ended)

    @property
    def is_ready(self) -> bool:
        """True when a song is loaded and can be played."""
        return self._ready

    @property
    def is_playing(self) -> bool:
        """True while the song runs."""
        return self._ready and self._transport.is_playing

    @property
    def has_user_input(self) -> bool:
        """True when the user has played, paused, sought or mixed the song that is in the player."""
        return self._key is not None and (self._has_user_input or self.is_playing or self._play_when_ready)

    @property
    def is_waiting(self) -> bool:
        """True while playing stands at a part that is not there yet."""
        return self._ready and self._transport.is_buffering

    @property
    def position(self) -> int:
        """The playhead in frames."""
        return self._transport.position if self._ready else 0

    @property
    def position_seconds(self) -> float:
        """The playhead in seconds."""
        return self.position / self._sample_rate()

    @property
    def duration(self) -> float:
        """The song's length in seconds; 0 without a song."""
        return self._transport.frames / self._sample_rate() if self._ready else 0.0

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the loaded stems."""
        return self._transport.lane_names if self._ready else ()

    @property
    def master_db(self) -> float:
        """The level of everything."""
        return self._master_db

    def lane_mix(self, lane: int) -> LaneMix:
        """How a lane is mixed."""
        if not self._ready or not self._has_lane(lane):
            return LaneMix()
        return LaneMix(self._transport.gain_db(lane), self._transport.is_muted(lane), self._transport.is_soloed(lane))

    def is_audible(self, lane: int) -> bool:
        """False while a mute, or another lane's solo, silences this one."""
        return not self._has_lane(lane) or self._transport.is_audible(lane)

    def load(self, key: str, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Make a song playable, its files opened in a thread; `key` finds its mix again later.

        A song of this key that is playable already, with the same lanes, goes on where it is with the new files.
        """
        self._load_song(key, names, lambda: _open_finished_song(paths))

    def load_partial(self, key: str, folders: tuple[Path, Path], manifest: "StoreManifest") -> None:
        """Make what there is of a song in work playable: the folders of its finished segments and of its draft.

        `about` says what their stems are.
        """
        self._load_song(key, sort_stem_names(manifest.sources), lambda: _open_partial_song(*folders, manifest))

    def _load_song(self, key: str, names: Sequence[str], open_song: Callable[[], "PlaybackSource"]) -> None:
        if self._ready and self._key == key and self._transport.lane_names == tuple(names):
            self._background.run(
                open_song, lambda song: self._continue_with(key, song), lambda error: self.notice.emit(str(error))
            )
            return
        is_same_song = self._key == key
        keeps_playing, has_user_input = (
            is_same_song and (self.is_playing or self._play_when_ready),
            is_same_song and self._has_user_input,
        )
        self._forget_song()
        self._key, self._play_when_ready, self._has_user_input = key, keeps_playing, has_user_input
        generation = self._generation
        self._background.run(
            lambda: self._open_song(generation, names, open_song),
            lambda _: self._on_loaded(generation),
            lambda error: self._on_load_failed(generation, str(error)),
        )

    def _continue_with(self, key: str, song: "PlaybackSource") -> None:
        if self._ready and self._key == key and song.lanes == len(self._transport.lane_names):
            self._transport.replace_source(song)
            self.loaded_changed.emit()
            self._emit_position()

    def unload(self) -> None:
        """Let go of the song."""
        if self._key is not None:
            self._forget_song()
            self._background.run(self._transport.unload)

    def close(self) -> None:
        """Stop following the sound, and wait for a song that is being opened; the transport is its owner's to close."""
        self._forget_song()
        self._background.close()

    def toggle_playback(self) -> None:
        """Play or pause. While the song is still being opened, play as soon as it is."""
        self._has_user_input, self._autoplay_key = True, ""
        if not self._ready:
            self._play_when_ready = self._key is not None and not self._play_when_ready
        elif self._transport.is_playing:
            self._pause()
        else:
            self._play()

    def play_when_loaded(self, key: str) -> None:
        """Play the song of this key as soon as it is loaded, unless the user plays something before."""
        self._autoplay_key = key

    def stop(self) -> None:
        """Pause and go back to the start."""
        if self._ready:
            self._transport.stop()
            self._on_stopped()

    def seek_to_start(self) -> None:
        """Go back to the start, and go on playing when playing."""
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Move the playhead, within the song."""
        if self._ready:
            self._has_user_input = True
            self._transport.seek(max(0, min(int(frame), self._transport.frames)))
            self._emit_position()

    def seek_to_seconds(self, seconds: float) -> None:
        """Move the playhead to a time."""
        self.seek(round(seconds * self._sample_rate()))

    def seek_by(self, seconds: float) -> None:
        """Move the playhead on, or back."""
        self.seek(self.position + round(seconds * self._sample_rate()))

    def set_mute(self, lane: int, muted: bool) -> None:
        """Mute or unmute a lane. Does nothing when the lane is in that state already."""
        if self._has_lane(lane) and self._transport.is_muted(lane) != muted:
            self._has_user_input = True
            self._transport.set_mute(lane, muted)
            self.lanes_changed.emit()

    def set_solo(self, lane: int, soloed: bool) -> None:
        """Solo a lane, or end its solo. Does nothing when the lane is in that state already."""
        if self._has_lane(lane) and self._transport.is_soloed(lane) != soloed:
            self._has_user_input = True
            self._transport.set_solo(lane, soloed)
            self.lanes_changed.emit()

    def toggle_mute(self, lane: int) -> None:
        """Mute a lane, or unmute it."""
        self.set_mute(lane, not self.lane_mix(lane).muted)

    def toggle_solo(self, lane: int) -> None:
        """Solo a lane, or end its solo."""
        self.set_solo(lane, not self.lane_mix(lane).soloed)

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set a lane's level."""
        if self._has_lane(lane):
            self._has_user_input = True
            self._transport.set_gain_db(lane, max(MIN_DB, min(MAX_DB, db)))
            self.lanes_changed.emit()

    def set_master_db(self, db: float) -> None:
        """Set the level of everything; stays for the next song."""
        self._master_db = level = max(MIN_DB, min(MAX_DB, db))
        if self._ready:
            self._transport.set_master_db(level)
        else:  # the thread may be at work on the transport, which is for one thread at a time
            self._background.run(lambda: self._transport.set_master_db(level))
        self.master_changed.emit(level)

    def _has_lane(self, lane: int) -> bool:
        return self._ready and 0 <= lane < len(self._transport.lane_names)

    def _sample_rate(self) -> int:
        return (self._transport.sample_rate if self._ready else 0) or 1

    def _play(self) -> None:
        if self._transport.position >= self._transport.frames:
            self._transport.seek(0)
        self._transport.play()
        self._timer.start()
        self.playing_changed.emit(True)

    def _pause(self) -> None:
        self._transport.pause()
        self._on_stopped()

    def _on_stopped(self) -> None:
        """Stop following the sound: a paused window uses no processor."""
        self._timer.stop()
        self.levels_changed.emit(())
        self._emit_position()
        self._emit_waiting(False)
        self.playing_changed.emit(False)

    def _tick(self) -> None:
        if not self._transport.is_playing:
            self._on_stopped()
            return
        self._emit_position()
        self._emit_waiting(self._transport.is_buffering)
        self._tick_count += 1
        if self._tick_count % TICKS_PER_METER_UPDATE == 0:
            self.levels_changed.emit(self._transport.take_peak_levels())

    def _emit_waiting(self, waiting: bool) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    def _emit_position(self) -> None:
        position = self._transport.position
        if position != self._last_position:
            self._last_position = position
            self.position_changed.emit(position)

    def _forget_song(self) -> None:
        """Forget the current song, its mix kept for when it comes back."""
        if self._ready and self._key is not None:
            self._mixes.save(self._key, self._transport)
            self._transport.pause()
        self._generation += 1
        self._key, self._ready, self._play_when_ready, self._has_user_input = None, False, False, False
        self._timer.stop()
        self.levels_changed.emit(())
        self.playing_changed.emit(False)
        self.loaded_changed.emit()

    def _open_song(self, generation: int, names: Sequence[str], open_song: Callable[[], "PlaybackSource"]) -> None:
        """Open a song's stems, in the thread, unless another song is wanted by now. Raises UnusableTrackError."""
        if generation != self._generation:
            return
        try:
            self._transport.load_source(open_song(), names)
        except (OSError, RuntimeError, ValueError) as error:
            message = "The stems of this song cannot be opened. Separate the song again to make them anew."
            raise UnusableTrackError(message) from error

    def _on_load_failed(self, generation: int, message: str) -> None:
        if generation == self._generation:
            self._key = None
            self.notice.emit(message)

    def _on_loaded(self, generation: int) -> None:
        if generation != self._generation:
            return
        self._ready, self._last_position = True, -1
        if self._key is not None:
            self._mixes.restore(self._key, self._transport)
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
        if self._ready and not self._transport.is_playing:
            self._on_stopped()


def _open_finished_song(paths: Sequence[Path]) -> "PlaybackSource":
    # With all that computes with sound, in the background: the window comes up sooner.
    from desktop.playback.source import StemFileSource

    return StemFileSource(paths)


def _open_partial_song(segments: Path, draft: Path, manifest: "StoreManifest") -> "PlaybackSource":
    from desktop.playback.partial_source import PartialSource

    return PartialSource(segments, draft, manifest)
