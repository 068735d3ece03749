"""The one way from window and keyboard to the transport, and back: nothing else in the window plays sound."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.audio.stem_order import in_order
from desktop.errors import UnusableTrackError
from desktop.playback.transport import Transport
from desktop.ui.background import Background
from desktop.ui.player.levels import MAX_DB, MIN_DB
from desktop.ui.player.mix import LaneMix, MixMemory

if TYPE_CHECKING:
    from desktop.playback.song import Song
    from desktop.segments.store import About

TICK_MS = 16
TICKS_A_METER = 2


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
        self._memory = MixMemory()
        self._key: str | None = None
        self._ready = False
        self._generation = 0
        self._play_when_ready = False
        self._touched = False
        self._wanted_key = ""
        self._last_position = -1
        self._ticks = 0
        self._waiting = False
        self._background = Background("song", self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        # The transport calls these from the sound's own threads.
        transport.on_trouble = lambda sentence: self._background.in_window(lambda: self._on_trouble(sentence))
        transport.on_ended = lambda: self._background.in_window(self._on_ended)

    @property
    def ready(self) -> bool:
        """True when a song is loaded and can be played."""
        return self._ready

    @property
    def playing(self) -> bool:
        """True while the song runs."""
        return self._ready and self._transport.playing

    @property
    def touched(self) -> bool:
        """True when the user has played, paused, sought or mixed the song that is in the player."""
        return self._key is not None and (self._touched or self.playing or self._play_when_ready)

    @property
    def waiting(self) -> bool:
        """True while playing stands at a part that is not there yet."""
        return self._ready and self._transport.waiting

    @property
    def position(self) -> int:
        """The playhead in frames."""
        return self._transport.position if self._ready else 0

    @property
    def seconds(self) -> float:
        """The playhead in seconds."""
        return self.position / self._rate()

    @property
    def duration(self) -> float:
        """The song's length in seconds; 0 without a song."""
        return self._transport.frames / self._rate() if self._ready else 0.0

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the loaded stems."""
        return self._transport.lanes if self._ready else ()

    @property
    def master_db(self) -> float:
        """The level of everything."""
        return self._master_db

    def lane(self, lane: int) -> LaneMix:
        """How a lane is mixed."""
        if not self._ready or not self._has(lane):
            return LaneMix()
        return LaneMix(self._transport.gain_db(lane), self._transport.muted(lane), self._transport.soloed(lane))

    def audible(self, lane: int) -> bool:
        """False while a mute, or another lane's solo, silences this one."""
        return not self._has(lane) or self._transport.audible(lane)

    def load(self, key: str, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Make a song playable, its files opened in a thread; `key` finds its mix again later.

        A song of this key that is playable already, with the same lanes, goes on where it is with the new files.
        """
        self._load(key, names, lambda: _finished(paths))

    def load_unfinished(self, key: str, folders: tuple[Path, Path], about: "About") -> None:
        """Make what there is of a song in work playable: the folders of its finished segments and of its draft.

        `about` says what their stems are.
        """
        self._load(key, in_order(about.sources), lambda: _unfinished(*folders, about))

    def _load(self, key: str, names: Sequence[str], opened: Callable[[], "Song"]) -> None:
        if self._ready and self._key == key and self._transport.lanes == tuple(names):
            self._background.run(
                opened, lambda song: self._go_on(key, song), lambda error: self.notice.emit(str(error))
            )
            return
        again = self._key == key
        goes_on, touched = again and (self.playing or self._play_when_ready), again and self._touched
        self._leave()
        self._key, self._play_when_ready, self._touched = key, goes_on, touched
        generation = self._generation
        self._background.run(
            lambda: self._open(generation, names, opened),
            lambda _: self._on_loaded(generation),
            lambda error: self._on_refused(generation, str(error)),
        )

    def _go_on(self, key: str, song: "Song") -> None:
        if self._ready and self._key == key and song.lanes == len(self._transport.lanes):
            self._transport.go_on_with(song)
            self.loaded_changed.emit()
            self._announce_position()

    def unload(self) -> None:
        """Let go of the song."""
        if self._key is not None:
            self._leave()
            self._background.run(self._transport.unload)

    def close(self) -> None:
        """Stop following the sound, and wait for a song that is being opened; the transport is its owner's to close."""
        self._leave()
        self._background.close()

    def toggle(self) -> None:
        """Play or pause. While the song is still being opened, play as soon as it is."""
        self._touched, self._wanted_key = True, ""
        if not self._ready:
            self._play_when_ready = self._key is not None and not self._play_when_ready
        elif self._transport.playing:
            self._pause()
        else:
            self._play()

    def play_when_loaded(self, key: str) -> None:
        """Play the song of this key as soon as it is loaded, unless the user plays something before."""
        self._wanted_key = key

    def stop(self) -> None:
        """Pause and go back to the start."""
        if self._ready:
            self._transport.stop()
            self._rest()

    def to_start(self) -> None:
        """Go back to the start, and go on playing when playing."""
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Move the playhead, within the song."""
        if self._ready:
            self._touched = True
            self._transport.seek(max(0, min(int(frame), self._transport.frames)))
            self._announce_position()

    def seek_seconds(self, second: float) -> None:
        """Move the playhead to a time."""
        self.seek(round(second * self._rate()))

    def seek_by(self, seconds: float) -> None:
        """Move the playhead on, or back."""
        self.seek(self.position + round(seconds * self._rate()))

    def set_mute(self, lane: int, muted: bool) -> None:
        """Mute or unmute a lane. Does nothing when the lane is in that state already."""
        if self._has(lane) and self._transport.muted(lane) != muted:
            self._touched = True
            self._transport.set_mute(lane, muted)
            self.lanes_changed.emit()

    def set_solo(self, lane: int, soloed: bool) -> None:
        """Solo a lane, or end its solo. Does nothing when the lane is in that state already."""
        if self._has(lane) and self._transport.soloed(lane) != soloed:
            self._touched = True
            self._transport.set_solo(lane, soloed)
            self.lanes_changed.emit()

    def toggle_mute(self, lane: int) -> None:
        """Mute a lane, or unmute it."""
        self.set_mute(lane, not self.lane(lane).muted)

    def toggle_solo(self, lane: int) -> None:
        """Solo a lane, or end its solo."""
        self.set_solo(lane, not self.lane(lane).soloed)

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set a lane's level."""
        if self._has(lane):
            self._touched = True
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

    def _has(self, lane: int) -> bool:
        return self._ready and 0 <= lane < len(self._transport.lanes)

    def _rate(self) -> int:
        return (self._transport.sample_rate if self._ready else 0) or 1

    def _play(self) -> None:
        if self._transport.position >= self._transport.frames:
            self._transport.seek(0)
        self._transport.play()
        self._timer.start()
        self.playing_changed.emit(True)

    def _pause(self) -> None:
        self._transport.pause()
        self._rest()

    def _rest(self) -> None:
        """Stop following the sound: a paused window uses no processor."""
        self._timer.stop()
        self.levels_changed.emit(())
        self._announce_position()
        self._announce_waiting(False)
        self.playing_changed.emit(False)

    def _tick(self) -> None:
        if not self._transport.playing:
            self._rest()
            return
        self._announce_position()
        self._announce_waiting(self._transport.waiting)
        self._ticks += 1
        if self._ticks % TICKS_A_METER == 0:
            self.levels_changed.emit(self._transport.levels())

    def _announce_waiting(self, waiting: bool) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    def _announce_position(self) -> None:
        position = self._transport.position
        if position != self._last_position:
            self._last_position = position
            self.position_changed.emit(position)

    def _leave(self) -> None:
        """Forget the current song, its mix kept for when it comes back."""
        if self._ready and self._key is not None:
            self._memory.keep(self._key, self._transport)
            self._transport.pause()
        self._generation += 1
        self._key, self._ready, self._play_when_ready, self._touched = None, False, False, False
        self._timer.stop()
        self.levels_changed.emit(())
        self.playing_changed.emit(False)
        self.loaded_changed.emit()

    def _open(self, generation: int, names: Sequence[str], opened: Callable[[], "Song"]) -> None:
        """Open a song's stems, in the thread, unless another song is wanted by now. Raises UnusableTrackError."""
        if generation != self._generation:
            return
        try:
            self._transport.take(opened(), names)
        except (OSError, RuntimeError, ValueError) as error:
            sentence = "The stems of this song cannot be opened. Separate the song again to make them anew."
            raise UnusableTrackError(sentence) from error

    def _on_refused(self, generation: int, sentence: str) -> None:
        if generation == self._generation:
            self._key = None
            self.notice.emit(sentence)

    def _on_loaded(self, generation: int) -> None:
        if generation != self._generation:
            return
        self._ready, self._last_position = True, -1
        if self._key is not None:
            self._memory.restore(self._key, self._transport)
        self.loaded_changed.emit()
        self.lanes_changed.emit()
        self._announce_position()
        if self._play_when_ready or self._key == self._wanted_key:
            self._play_when_ready, self._wanted_key = False, ""
            self._play()

    def _on_trouble(self, sentence: str) -> None:
        self._rest()
        self.notice.emit(sentence)

    def _on_ended(self) -> None:
        if self._ready and not self._transport.playing:
            self._rest()


def _finished(paths: Sequence[Path]) -> "Song":
    # With all that computes with sound, in the background: the window comes up sooner.
    from desktop.playback.stems import StemFiles

    return StemFiles(paths)


def _unfinished(segments: Path, draft: Path, about: "About") -> "Song":
    from desktop.playback.unfinished_song import UnfinishedSong

    return UnfinishedSong(segments, draft, about)
