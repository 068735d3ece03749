"""Play, pause, seek: what a hand does to a song. All methods are for one thread, the window's.

What computes with sound is imported when there is a song: the window comes up a tenth of a second sooner.
"""

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.errors import SoundUnavailableError, StorageError
    from desktop.playback.player import Player
    from desktop.playback.reader import Cue, Reader
    from desktop.playback.source import PlaybackSource


class Transport:
    """One song at a time. Without a sound device everything works but playing."""

    def __init__(self) -> None:
        self.on_ended: Callable[[], None] | None = None
        """Called from another thread when the song has been played to its end."""
        self.on_error: Callable[[str], None] | None = None
        """Called from another thread with a sentence when playing breaks off."""
        self._source: PlaybackSource | None = None
        self._lane_names: tuple[str, ...] = ()
        self._player: Player | None = None
        self._reader: Reader | None = None
        self._playhead = 0
        self._seek_number = 0
        self._gains_db: list[float] = []
        self._mutes: list[bool] = []
        self._solos: list[bool] = []
        self._master_gain_db = 0.0

    def load_files(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Take a song's stems, all of one rate and length; it stands at its beginning. Raises StorageError."""
        from desktop.playback.source import StemFileSource

        self.load_source(StemFileSource(paths), names)

    def load_source(self, source: "PlaybackSource", names: Sequence[str]) -> None:
        """Take a song with a name for each of its lanes; it stands at its beginning."""
        self.unload()
        self._source = source
        self._lane_names = tuple(names)
        self._gains_db = [0.0] * len(names)
        self._mutes = [False] * len(names)
        self._solos = [False] * len(names)

    def replace_source(self, source: "PlaybackSource") -> None:
        """Take another source of the same lanes, at the same place, mixed as before, and without a pause."""
        if self._source is None or source.lanes != len(self._lane_names):
            raise ValueError("not the same song")
        playhead = round(self.position * source.sample_rate / self._source.sample_rate)
        self._source = source
        if self.is_playing:
            self._playhead = playhead
            self._send_cue()
        else:
            self.seek(playhead)

    def unload(self) -> None:
        """Let go of the song and of the device."""
        self._close_player()
        self._source = None
        self._lane_names = ()
        self._playhead = 0

    def close(self) -> None:
        """Let go of everything."""
        self.unload()

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the stems."""
        return self._lane_names

    @property
    def frames(self) -> int:
        """Length of the song."""
        return self._source.frames if self._source else 0

    @property
    def sample_rate(self) -> int:
        """Of the song, in Hz."""
        return self._source.sample_rate if self._source else 44100

    @property
    def is_playing(self) -> bool:
        """True from `play` to `pause`, or to the song's end."""
        player = self._player
        return player is not None and player.is_gate_open

    @property
    def is_buffering(self) -> bool:
        """True while playing has come to a part that is not there yet; it goes on by itself."""
        reader = self._reader
        return self.is_playing and reader is not None and reader.is_buffering

    @property
    def position(self) -> int:
        """The frame that is heard now."""
        player, source = self._player, self._source
        if not (player and source and self.is_playing):
            return self._playhead
        requested_at, number, mixed = player.last_block
        if number != self._seek_number:
            return self._playhead
        time_until_heard = player.latency - (monotonic() - requested_at)
        heard = (mixed - time_until_heard * player.sample_rate) * source.sample_rate / player.sample_rate
        # Never back, and never ahead of what was mixed.
        mixed_frame = mixed * source.sample_rate / player.sample_rate
        self._playhead = int(max(self._playhead, min(heard, mixed_frame, source.frames)))
        return self._playhead

    def play(self) -> None:
        """Go on from the playhead; from the beginning when it is at the end. `on_trouble` tells what stands in the way."""
        if self._source is None or self.is_playing:
            return
        if self._playhead >= self._source.frames:
            self.seek(0)
        player, reader = self._ensure_started(self._source)
        player.is_gate_open = True
        reader.wake()

    def pause(self) -> None:
        """Fall silent and stay where it is."""
        if self._player and self.is_playing:
            place = self.position
            self._player.is_gate_open = False
            self.seek(place)

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Pause at the beginning."""
        self.pause()
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go to a frame of the song."""
        self._playhead = max(0, min(frame, self.frames))
        self._seek_number += 1
        self._send_cue()

    def gain_db(self, lane: int) -> float:
        """Level of a lane."""
        return self._gains_db[lane]

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set the level of a lane; -60 is silence."""
        self._gains_db[lane] = db
        self._apply_levels()

    def is_muted(self, lane: int) -> bool:
        """True while a lane is muted."""
        return self._mutes[lane]

    def set_mute(self, lane: int, mute: bool) -> None:
        """Silence a lane, or not."""
        self._mutes[lane] = mute
        self._apply_levels()

    def is_soloed(self, lane: int) -> bool:
        """True while a lane is played alone, or with other soloed ones."""
        return self._solos[lane]

    def set_solo(self, lane: int, solo: bool) -> None:
        """Play only soloed lanes, while there are any."""
        self._solos[lane] = solo
        self._apply_levels()

    def is_audible(self, lane: int) -> bool:
        """False for a muted lane, and for one beside soloed ones."""
        return not self._mutes[lane] and (self._solos[lane] or not any(self._solos))

    @property
    def master_db(self) -> float:
        """Level of everything together."""
        return self._master_gain_db

    def set_master_db(self, db: float) -> None:
        """Set the level of everything together; -60 is silence."""
        self._master_gain_db = db
        self._apply_levels()

    def take_peak_levels(self) -> tuple[float, ...]:
        """Loudest sample of each lane since the last call, after its fader."""
        if not self._player:
            return (0.0,) * len(self._lane_names)
        peaks = tuple(float(peak) for peak in self._player.mixer.peaks)
        self._player.mixer.peaks[:] = 0.0
        return peaks

    def _apply_levels(self) -> None:
        if self._player:
            levels = [db if self.is_audible(lane) else -inf for lane, db in enumerate(self._gains_db)]
            self._player.set_levels(self._master_gain_db, levels)

    def _create_cue(self, source: "PlaybackSource") -> "Cue":
        from desktop.playback.reader import Cue

        return Cue(source, self._playhead, self._seek_number)

    def _send_cue(self) -> None:
        if self._reader and self._source:
            self._reader.cue = self._create_cue(self._source)
            self._reader.wake()

    def _ensure_started(self, source: "PlaybackSource") -> "tuple[Player, Reader]":
        if self._player is None or self._reader is None or self._reader.has_ended:
            from desktop.playback.player import Player
            from desktop.playback.reader import Reader

            self._player = Player(len(self._lane_names))
            self._apply_levels()
            self._reader = Reader(self._player, self._create_cue(source), self._handle_end, self._handle_error)
        return self._player, self._reader

    def _close_player(self) -> None:
        if self._player:
            self._player.is_gate_open = False
        if self._reader:
            self._reader.close()
        self._reader = self._player = None

    def _handle_end(self) -> None:
        self._playhead = self.frames
        if self._player:
            self._player.is_gate_open = False
        if self.on_ended:
            self.on_ended()

    def _handle_error(self, error: "SoundUnavailableError | StorageError") -> None:
        if self.on_error:
            self.on_error(str(error))
