"""Transport: play, pause, seek and mix of a track.

Audio modules are imported only when a track is loaded: the window appears a tenth of a second sooner.
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
    """Playback of one track at a time, for use by one thread, the window's.

    Without a sound device everything works except playing.
    """

    def __init__(self) -> None:
        self.on_ended: Callable[[], None] | None = None
        """Called from another thread when the track has been played to its end."""
        self.on_error: Callable[[str], None] | None = None
        """Called from another thread with an error message when playback fails."""
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
        """Load a track's stem files, all of one sample rate and length, paused at the start. Raises StorageError."""
        from desktop.playback.source import StemFileSource

        self.load_source(StemFileSource(paths), names)

    def load_source(self, source: "PlaybackSource", names: Sequence[str]) -> None:
        """Load a source, with a name for each of its lanes, paused at the start."""
        self.unload()
        self._source = source
        self._lane_names = tuple(names)
        self._gains_db = [0.0] * len(names)
        self._mutes = [False] * len(names)
        self._solos = [False] * len(names)

    def replace_source(self, source: "PlaybackSource") -> None:
        """Switch to another source of the same lanes, at the same position and with the same mix, without a gap.

        Raises ValueError if no track is loaded or the number of lanes differs.
        """
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
        """Unload the track and release the device."""
        self._close_player()
        self._source = None
        self._lane_names = ()
        self._playhead = 0

    def close(self) -> None:
        """Unload the track and release all resources."""
        self.unload()

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the loaded stems."""
        return self._lane_names

    @property
    def frames(self) -> int:
        """Length of the track in frames; 0 without a track."""
        return self._source.frames if self._source else 0

    @property
    def sample_rate(self) -> int:
        """Sample rate of the track in Hz; 44100 without a track."""
        return self._source.sample_rate if self._source else 44100

    @property
    def is_playing(self) -> bool:
        """Whether the track plays: from `play` to `pause` or to the track's end."""
        player = self._player
        return player is not None and player.is_gate_open

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet; it resumes by itself."""
        reader = self._reader
        return self.is_playing and reader is not None and reader.is_buffering

    @property
    def position(self) -> int:
        """Frame that is heard now."""
        player, source = self._player, self._source
        if not (player and source and self.is_playing):
            return self._playhead
        requested_at, number, mixed = player.last_block
        if number != self._seek_number:
            return self._playhead
        time_until_heard = player.latency - (monotonic() - requested_at)
        heard = (mixed - time_until_heard * player.sample_rate) * source.sample_rate / player.sample_rate
        # The playhead never moves back, and never past the last mixed frame.
        mixed_frame = mixed * source.sample_rate / player.sample_rate
        self._playhead = int(max(self._playhead, min(heard, mixed_frame, source.frames)))
        return self._playhead

    def play(self) -> None:
        """Play from the playhead, or from the start if it is at the end; errors are reported to `on_error`."""
        if self._source is None or self.is_playing:
            return
        if self._playhead >= self._source.frames:
            self.seek(0)
        player, reader = self._ensure_started(self._source)
        player.is_gate_open = True
        reader.wake()

    def pause(self) -> None:
        """Pause at the current position."""
        if self._player and self.is_playing:
            position = self.position
            self._player.is_gate_open = False
            self.seek(position)

    def stop(self) -> None:
        """Pause and move to the start."""
        self.pause()
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Move the playhead to `frame`, clamped to the track."""
        self._playhead = max(0, min(frame, self.frames))
        self._seek_number += 1
        self._send_cue()

    def gain_db(self, lane: int) -> float:
        """Return the level of a lane in dB."""
        return self._gains_db[lane]

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set the level of a lane in dB; -60 is silence."""
        self._gains_db[lane] = db
        self._apply_levels()

    def is_muted(self, lane: int) -> bool:
        """Return True if a lane is muted."""
        return self._mutes[lane]

    def set_mute(self, lane: int, mute: bool) -> None:
        """Mute or unmute a lane."""
        self._mutes[lane] = mute
        self._apply_levels()

    def is_soloed(self, lane: int) -> bool:
        """Return True if a lane is soloed."""
        return self._solos[lane]

    def set_solo(self, lane: int, solo: bool) -> None:
        """Solo a lane or end its solo; while any lane is soloed, only soloed lanes are heard."""
        self._solos[lane] = solo
        self._apply_levels()

    def is_audible(self, lane: int) -> bool:
        """Return False for a muted lane, and for one that is not soloed while another is."""
        return not self._mutes[lane] and (self._solos[lane] or not any(self._solos))

    @property
    def master_db(self) -> float:
        """Master level in dB."""
        return self._master_gain_db

    def set_master_db(self, db: float) -> None:
        """Set the master level in dB; -60 is silence."""
        self._master_gain_db = db
        self._apply_levels()

    def take_peak_levels(self) -> tuple[float, ...]:
        """Return and reset the largest absolute sample of each lane since the last call, after its fader."""
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
