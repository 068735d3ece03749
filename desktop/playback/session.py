"""Session: playback of one song, and the only entrance to it.

Audio modules are imported when a song is first played: the window appears a tenth of a second sooner.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from desktop.playback.chain_settings import ChainSettings
from desktop.playback.history import SongHistory
from desktop.playback.levels import Dropouts, LaneLevels, Levels
from desktop.playback.mix import CLICK_LANE, ORIGINAL_LANE, Mix, db_to_gain
from desktop.playback.output_settings import OutputSettings
from desktop.playback.song_state import SongState

if TYPE_CHECKING:
    from desktop.analysis.beat_grid import BeatGrid
    from desktop.errors import SoundUnavailableError, StorageError, StretchUnavailableError
    from desktop.playback.player import Player
    from desktop.playback.reader import Cue, Reader
    from desktop.playback.source import PlaybackSource
    from desktop.playback.time_map import TimeMap

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _in_own_thread(
    method: "Callable[Concatenate[Session, Parameters], Result]",
) -> "Callable[Concatenate[Session, Parameters], Result]":
    """Wrap a method of Session: it raises RuntimeError in any thread but the one that created the session."""

    @wraps(method)
    def checked(session: "Session", *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if threading.get_ident() != session.thread_id:
            raise RuntimeError(f"Session.{method.__name__} was called in the thread {threading.current_thread().name}")
        return method(session, *args, **kwargs)

    return checked


class Session:
    """Playback of one song at a time, for use by one thread: the one that created it.

    Sources are opened elsewhere and handed in, and no method waits for a disk or a device, except `close`. Without a
    sound device everything works except playing.
    """

    def __init__(self) -> None:
        self.thread_id = threading.get_ident()
        """The thread that may use the session."""
        self.on_ended: Callable[[], None] | None = None
        """Called from another thread when the song has been played to its end."""
        self.on_error: Callable[[str], None] | None = None
        """Called from another thread with an error message when playback fails."""
        self.on_notice: Callable[[str], None] | None = None
        """Called from another thread with a message when another sound device plays than before."""
        self._source: PlaybackSource | None = None
        self._lane_names: tuple[str, ...] = ()
        self._state = SongState()
        self._history = SongHistory()
        self._grid: BeatGrid | None = None
        self._settings = ChainSettings()
        self._player: Player | None = None
        self._reader: Reader | None = None
        self._closed_reader: Reader | None = None
        self._output = OutputSettings()
        self._playhead = 0
        self._heard_frame = 0.0
        """Frame of the ring, which counts from the last seek, that was heard when the position was asked for."""
        self._device_number = 0
        self._seek_number = 0
        self._ended_seek_number = -1
        """Number of the seek that was played to the end; written by the reader's thread."""

    @_in_own_thread
    def open(self, source: "PlaybackSource", names: Sequence[str], state: SongState | None = None) -> None:
        """Open a song, paused in its `state`: its source, with a name for each lane. The song before is closed."""
        self.close_song()
        self._source = source
        self._lane_names = tuple(names)
        self._state = state or SongState()
        self._settings = ChainSettings.of(self._state, self._lane_names, None)
        self.seek(round(self._state.playhead_s * source.sample_rate))

    @_in_own_thread
    def replace_source(self, source: "PlaybackSource") -> None:
        """Switch to another source of the same lanes, at the same position and with the same mix, without a gap.

        Raises ValueError if no song is open or the number of lanes differs.
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

    @_in_own_thread
    def close_song(self) -> None:
        """Close the song; the device is released soon after."""
        if self._player:
            self._player.is_gate_open = False
        if self._reader:
            self._reader.close()
            self._closed_reader = self._reader
        self._reader = self._player = None
        self._source = None
        self._lane_names = ()
        self._state, self._history = SongState(), SongHistory()
        self._grid, self._settings = None, ChainSettings()
        self._playhead = 0

    @_in_own_thread
    def close(self) -> None:
        """Close the song and wait until the device is released."""
        self.close_song()
        if self._closed_reader:
            self._closed_reader.join()

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the lanes of the song."""
        return self._lane_names

    @property
    def frames(self) -> int:
        """Length of the song in frames; 0 without a song."""
        return self._source.frames if self._source else 0

    @property
    def sample_rate(self) -> int:
        """Sample rate of the song in Hz; 44100 without a song."""
        return self._source.sample_rate if self._source else 44100

    @property
    def is_playing(self) -> bool:
        """Whether the song plays: from `play` to `pause` or to the song's end."""
        player = self._player
        return player is not None and player.is_gate_open

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet; it resumes by itself."""
        reader = self._reader
        return self.is_playing and reader is not None and reader.is_buffering

    @property
    @_in_own_thread
    def position(self) -> int:
        """Frame that is heard now."""
        player, source = self._player, self._source
        if player and source and self._ended_seek_number == self._seek_number:
            self._playhead = source.frames
        if not (player and source and self.is_playing):
            return self._playhead
        time_map = self._follow_callback(player)
        if time_map:
            # One second in frames may be a little less than the whole number that it is.
            frame = int(time_map.second_at(self._heard_frame) * source.sample_rate + 1e-6)
            self._playhead = min(frame, source.frames)
        return self._playhead

    @property
    @_in_own_thread
    def loop_round(self) -> int:
        """Number of times that the loop was played since the last seek."""
        time_map = self._follow_callback(self._player) if self._player and self.is_playing else None
        return time_map.piece_at(self._heard_frame).rounds if time_map else 0

    @property
    def speed_percent(self) -> float:
        """Speed at which the song plays, or would play; the speed trainer's while it decides."""
        return self._settings.percent_at(self.loop_round if self._settings.trainer else 0)

    @property
    @_in_own_thread
    def is_counting_in(self) -> bool:
        """Whether the count-in is heard, and the song not yet."""
        time_map = self._follow_callback(self._player) if self._player and self.is_playing else None
        return time_map is not None and time_map.piece_at(self._heard_frame).is_count_in

    @property
    def state(self) -> SongState:
        """State that was applied last; its playhead is where the last seek or pause put it."""
        return self._state

    @property
    def mix(self) -> Mix:
        """Mix that is heard."""
        return self._state.mix

    @_in_own_thread
    def snapshot(self) -> SongState:
        """Return the state with the playhead where it is now, for keeping."""
        return replace(self._state, playhead_s=self.position / self.sample_rate)

    @_in_own_thread
    def apply(self, state: SongState) -> None:
        """Change the song to `state`; everything but a move of the playhead or of the view can be undone.

        What equals the current `state` stays as it is: a song that plays goes on while its mix changes.
        """
        self._history.record(self._state, state)
        self._change_to(state)

    @_in_own_thread
    def undo(self) -> bool:
        """Return to the state before the last change. Return False if there is none."""
        return self._return_to(self._history.undo(self._state))

    @_in_own_thread
    def redo(self) -> bool:
        """Return to the state before the last `undo`. Return False if there is none, or the state was changed since."""
        return self._return_to(self._history.redo(self._state))

    @property
    def output(self) -> OutputSettings:
        """Settings of the output, which stay as they are from song to song."""
        return self._output

    @_in_own_thread
    def set_output(self, settings: OutputSettings) -> None:
        """Play on another device, with another latency or routing; a song that plays goes on after a short gap."""
        self._output = settings
        if self._reader:
            self._reader.set_output(settings)

    def is_audible(self, lane: int) -> bool:
        """Return False if a mute, or the solo of another lane, silences this lane."""
        return self._state.mix.is_audible(self._lane_names[lane], self._mix_names)

    @_in_own_thread
    def set_grid(self, grid: "BeatGrid | None") -> None:
        """Let the click and the count-in follow `grid`; without one, neither is heard."""
        if grid != self._grid:
            self._grid = grid
            self._update_chain(has_new_count_in=self._state.count_in_bars > 0)

    @_in_own_thread
    def play(self) -> None:
        """Play from the playhead, or from the start if it is at the end; errors are reported to `on_error`."""
        if self._source is None or self.is_playing:
            return
        if self.position >= self._source.frames:
            self.seek(0)
        player, reader = self._ensure_started(self._source)
        player.is_gate_open = True
        reader.wake()

    @_in_own_thread
    def pause(self) -> None:
        """Pause at the current position."""
        if self._player and self.is_playing:
            position = self.position
            self._player.is_gate_open = False
            self.seek(position)

    @_in_own_thread
    def stop(self) -> None:
        """Pause and move to the start."""
        self.pause()
        self.seek(0)

    @_in_own_thread
    def seek(self, frame: int) -> None:
        """Move the playhead to `frame`, clamped to the song."""
        self._playhead = max(0, min(frame, self.frames))
        self._state = replace(self._state, playhead_s=self._playhead / self.sample_rate)
        self._start_seek()

    @_in_own_thread
    def take_levels(self) -> Levels:
        """Return and reset the levels of the lanes and of the master since the last call."""
        return self._player.take_levels() if self._player else Levels((LaneLevels(),) * len(self._lane_names))

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since the song was opened."""
        return self._player.dropouts if self._player else Dropouts()

    def _return_to(self, state: SongState | None) -> bool:
        if state is not None:
            self._change_to(state)
        return state is not None

    def _change_to(self, state: SongState) -> None:
        previous, self._state = self._state, state
        self._apply_gains()
        self._update_chain(has_new_count_in=state.count_in_bars != previous.count_in_bars)
        if state.playhead_s != previous.playhead_s:
            self.seek(round(state.playhead_s * self.sample_rate))

    def _update_chain(self, has_new_count_in: bool) -> None:
        """Have the song read as its state and grid now say, if that differs: at once if it plays."""
        previous, self._settings = self._settings, ChainSettings.of(self._state, self._lane_names, self._grid)
        has_changed = self._settings != previous
        if self.is_playing and has_changed:
            self._playhead = self.position
            self._send_cue()
        elif not self.is_playing and (has_changed or has_new_count_in):
            self._start_seek()

    @property
    def _mix_names(self) -> tuple[str, ...]:
        """Names of the lanes that the mix knows: stems, original."""
        return (*self._lane_names, ORIGINAL_LANE)

    def _apply_gains(self) -> None:
        if self._player:
            state, click_gain = self._state, db_to_gain(self._state.click.gain_db)
            gains = [*state.mix.channel_gains(self._mix_names), (click_gain, click_gain)]
            self._player.set_gains(state.master.gain, gains)
            self._player.has_limiter = state.master.has_limiter

    def _follow_callback(self, player: "Player") -> "TimeMap | None":
        """Update the frame that is heard, and return the time map of its ring; None until the last seek is heard."""
        ring, heard = player.current_ring, player.heard_frame(self._seek_number)
        if ring is None or heard is None or ring.seek_number != self._seek_number:
            return None
        if player.device_number != self._device_number:  # its frames may have another length
            self._device_number, self._heard_frame = player.device_number, float(ring.start)
        self._heard_frame = max(self._heard_frame, heard)  # it never moves back
        return ring.time_map

    def _start_seek(self) -> None:
        """Have the song read from the playhead on."""
        self._seek_number += 1
        self._heard_frame = 0.0
        self._send_cue()

    def _create_cue(self, source: "PlaybackSource") -> "Cue":
        from desktop.playback.click import count_in_beats
        from desktop.playback.reader import Cue

        bars = 0 if self.is_playing else self._state.count_in_bars
        count_in = count_in_beats(self._grid, self._playhead / source.sample_rate, bars) if self._grid and bars else ()
        return Cue(source, self._playhead, self._seek_number, self._settings, count_in)

    def _send_cue(self) -> None:
        if self._reader and self._source:
            self._reader.cue = self._create_cue(self._source)
            self._reader.wake()

    def _ensure_started(self, source: "PlaybackSource") -> "tuple[Player, Reader]":
        if self._player is None or self._reader is None or self._reader.has_ended:
            from desktop.playback.chain import EXTRA_LANES
            from desktop.playback.player import Player
            from desktop.playback.reader import Reader

            self._player = player = Player(len(self._lane_names) + EXTRA_LANES)
            self._heard_frame, self._device_number = 0.0, 1
            self._apply_gains()
            predecessor, self._closed_reader = self._reader or self._closed_reader, None
            self._reader = Reader(
                player,
                self._create_cue(source),
                partial(self._handle_end, player),
                self._handle_error,
                predecessor,
                self._output,
                (*self._mix_names, CLICK_LANE),
                self._handle_notice,
            )
        return self._player, self._reader

    def _handle_end(self, player: "Player", seek_number: int) -> None:
        self._ended_seek_number = seek_number
        player.is_gate_open = False
        if self.on_ended:
            self.on_ended()

    def _handle_notice(self, message: str) -> None:
        if self.on_notice:
            self.on_notice(message)

    def _handle_error(self, error: "SoundUnavailableError | StorageError | StretchUnavailableError") -> None:
        if self.on_error:
            self.on_error(str(error))
