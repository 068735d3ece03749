"""Sound engine in this process: a player, and the reader that feeds it."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

from desktop.errors import UnbraidError
from desktop.playback.adaptive_latency import AdaptiveLatency
from desktop.playback.cue import Cue
from desktop.playback.engine import Gains, HeardFrame
from desktop.playback.levels import Dropouts, Levels
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.playback.reader import Reader
from desktop.playback.ring import Ring
from desktop.playback.status import SoundStatus
from desktop.text.message import Message


class LocalEngine:
    """Sound engine that plays in this process. A device is opened when a song is first played."""

    def __init__(self, status: SoundStatus | None = None) -> None:
        """Publish position, levels and dropouts in `status`."""
        self.on_stopped: Callable[[int, UnbraidError | None], None] = lambda seek_number, error: None
        self.on_notice: Callable[[Message], None] = lambda message: None
        self.on_time_map: Callable[[Ring], None] = lambda ring: None
        """Called from another thread with a ring that has another time map, before it is heard."""
        self.player: Player | None = None
        self.reader: Reader | None = None
        self._status = status or SoundStatus()
        self._lane_names: tuple[str, ...] = ()
        self._cue: Cue | None = None
        self._gains: Gains | None = None
        self._output = OutputSettings()
        self._latency = AdaptiveLatency()
        self._closed_reader: Reader | None = None
        self._lock = threading.Lock()
        """Guards the gate: the end of one seek must not close it for the next."""

    def open_song(self, lane_names: Sequence[str]) -> None:
        """Prepare for a song with these lanes: stems, original, click. The song before is closed."""
        self.close_song()
        self._lane_names = tuple(lane_names)

    def close_song(self) -> None:
        """Close the song; the device is released soon after."""
        if self.player:
            self.player.is_gate_open = False
        if self.reader:
            self.reader.close()
            self._closed_reader = self.reader
        self.reader = self.player = self._cue = self._gains = None

    def close(self) -> None:
        """Close the song and wait until the device is released."""
        self.close_song()
        if self._closed_reader:
            self._closed_reader.join()

    def cue(self, cue: Cue, is_playing: bool) -> None:
        """Play from `cue`, or be ready to if it is paused; only the latest cue counts."""
        with self._lock:
            self._cue = cue
            if self.reader and self.player:
                self.player.is_gate_open = is_playing and not self.reader.has_ended
                self.reader.cue = cue
                self.reader.wake()
        if is_playing:
            self.play()

    def play(self) -> None:
        """Play the latest cue."""
        if self._cue is None:
            return
        if self.player is None or self.reader is None or self.reader.has_ended:
            self._start(self._cue)
        assert self.player
        assert self.reader
        self.player.is_gate_open = True
        self.reader.wake()

    def set_gains(self, gains: Gains) -> None:
        """Move to other gains, with ramps if the song plays."""
        self._gains = gains
        if self.player:
            self.player.set_gains(gains.master, gains.lanes)
            self.player.has_limiter = gains.has_limiter

    def set_output(self, settings: OutputSettings) -> None:
        """Use another output, at once if a device is open."""
        self._output = settings
        if self.reader:
            self.reader.set_output(settings)

    def heard(self, seek_number: int) -> HeardFrame | None:
        """Return what is heard now; None before this seek is heard."""
        ring = self.player.current_ring if self.player else None
        position = self._status.position.read()
        frame = position.heard_frame(seek_number)
        if ring is None or frame is None or ring.seek_number != seek_number:
            return None
        return HeardFrame(frame, ring.start, (0, position.device_number), ring.time_map)

    def take_levels(self) -> Levels | None:
        """Return and reset the levels since the last call; None if no song has been played."""
        return self.player.take_levels() if self.player else None

    @property
    def is_playing(self) -> bool:
        """Whether a song plays."""
        return self.player is not None and self.player.is_gate_open

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet."""
        return self._status.is_buffering

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since the song was opened."""
        return self._status.dropouts

    def _start(self, cue: Cue) -> None:
        """Begin anew with a player and a reader, which waits until the reader before has released the device."""
        predecessor, self._closed_reader = self.reader or self._closed_reader, None
        self.player = player = Player(len(self._lane_names), self._status)
        if self._gains:
            self.set_gains(self._gains)
        self.reader = Reader(
            player,
            cue,
            partial(self._handle_end, player),
            self._handle_error,
            predecessor,
            self._output,
            self._lane_names,
            self.on_notice,
            self.on_time_map,
            self._latency,
        )

    def _handle_end(self, player: Player, seek_number: int) -> None:
        with self._lock:
            if self._cue and self._cue.seek_number == seek_number:
                player.is_gate_open = False
        self.on_stopped(seek_number, None)

    def _handle_error(self, seek_number: int, error: UnbraidError) -> None:
        self.on_stopped(seek_number, error)
