"""Session: playback of one song, and the only entrance to it.

Modules that need numpy are imported when a song is first opened: the window appears a tenth of a second sooner.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar

from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains, SoundEngine
from desktop.playback.history import SongHistory
from desktop.playback.levels import Dropouts, LaneLevels, Levels
from desktop.playback.mix import CLICK_LANE, ORIGINAL_LANE, Mix
from desktop.playback.output_settings import OutputSettings
from desktop.playback.song_state import SongState
from desktop.playback.sound_process import SoundProcess

if TYPE_CHECKING:
    from desktop.analysis.beat_grid import BeatGrid
    from desktop.errors import UnbraidError
    from desktop.playback.click import Beat
    from desktop.playback.cue import Cue
    from desktop.playback.source import PlaybackSource
    from desktop.playback.time_map import TimeMap
    from desktop.text.message import Message

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


class CountInBeat(NamedTuple):
    """Beat of a count-in."""

    number: int
    """Counted from 1."""
    total: int
    """Number of beats of the count-in."""


class Session:
    """Playback of one song at a time, for use by one thread: the one that created it.

    Sources are opened elsewhere and handed in, and no method waits for a disk or a device, except `close`. Without a
    sound device everything works except playing.
    """

    def __init__(self, engine: SoundEngine | None = None) -> None:
        """Play with `engine`; None plays in a process of its own."""
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
        self._engine = engine or SoundProcess()
        self._engine.on_stopped, self._engine.on_notice = self._handle_stop, self._handle_notice
        self._output = OutputSettings()
        self._playhead = 0
        self._heard_frame = 0.0
        """Frame of the ring, which counts from the last seek, that was heard when the position was asked for."""
        self._heard_rounds = 0
        """Number of times that the loop was played at that frame: the last one known, while a process is replaced."""
        self._heard_device = (-1, -1)
        self._count_in: Sequence[Beat] = ()
        self._wants_to_play = False
        self._seek_number = 0
        self._stopped_seek_number = self._ended_seek_number = -1
        """Numbers of the seek that was played to the end, or failed, and of the one that was played to the end.

        Written by a thread of the engine.
        """

    @_in_own_thread
    def open(self, source: "PlaybackSource", names: Sequence[str], state: SongState | None = None) -> None:
        """Open a song, paused in its `state`: its source, with a name for each lane. The song before is closed."""
        self.close_song()
        self._source = source
        self._lane_names = tuple(names)
        self._state = state or SongState()
        self._settings = ChainSettings.of(self._state, self._lane_names, None)
        self._engine.open_song((*self._mix_names, CLICK_LANE))
        self._apply_gains()
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
        self._engine.close_song()
        self._wants_to_play = False
        self._source = None
        self._lane_names = ()
        self._state, self._history = SongState(), SongHistory()
        self._grid, self._settings = None, ChainSettings()
        self._playhead = 0

    @_in_own_thread
    def close(self) -> None:
        """Close the song and wait until the device is released."""
        self.close_song()
        self._engine.close()

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
    def duration_s(self) -> float:
        """Length of the song in seconds; 0 without a song."""
        return self.frames / self.sample_rate

    @property
    def is_playing(self) -> bool:
        """Whether the song plays: from `play` to `pause` or to the song's end."""
        return self._wants_to_play and self._stopped_seek_number != self._seek_number

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet; it resumes by itself."""
        return self.is_playing and self._engine.is_buffering

    @property
    @_in_own_thread
    def position(self) -> int:
        """Frame that is heard now."""
        source = self._source
        if source and self._ended_seek_number == self._seek_number:
            self._playhead = source.frames
        if not (source and self.is_playing):
            return self._playhead
        time_map = self._follow_callback()
        if time_map:
            # One second in frames may be a little less than the whole number that it is.
            frame = int(time_map.second_at(self._heard_frame) * source.sample_rate + 1e-6)
            self._playhead = min(frame, source.frames)
        return self._playhead

    @property
    @_in_own_thread
    def loop_round(self) -> int:
        """Number of times that the loop was played since the last seek."""
        if not self.is_playing:
            return 0
        if time_map := self._follow_callback():
            self._heard_rounds = time_map.piece_at(self._heard_frame).rounds
        return self._heard_rounds

    @property
    def speed_percent(self) -> float:
        """Speed at which the song plays, or would play; the speed trainer's while it decides."""
        return self._settings.percent_at(self.loop_round if self._settings.trainer else 0)

    @property
    @_in_own_thread
    def is_counting_in(self) -> bool:
        """Whether the count-in is heard, and the song not yet."""
        time_map = self._follow_callback() if self.is_playing else None
        return time_map is not None and time_map.piece_at(self._heard_frame).is_count_in

    @property
    @_in_own_thread
    def count_in_beat(self) -> CountInBeat | None:
        """Beat of the count-in that is heard; None while no count-in is."""
        if not self.is_counting_in:
            return None
        time_map = self._follow_callback()
        second = time_map.running_second_at(self._heard_frame) if time_map else 0.0
        begun = sum(beat.second <= second for beat in self._count_in)
        return CountInBeat(max(1, begun), len(self._count_in))

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

    @property
    def can_undo(self) -> bool:
        """Whether `undo` would change anything."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether `redo` would change anything."""
        return self._history.can_redo

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
        self._engine.set_output(settings)

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
        position = self.position
        if position >= self._source.frames or self._stopped_seek_number == self._seek_number:
            self.seek(position if position < self._source.frames else 0)
        self._wants_to_play = True
        self._engine.play()

    @_in_own_thread
    def pause(self) -> None:
        """Pause at the current position."""
        if self.is_playing:
            position = self.position
            self._wants_to_play = False
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
        return self._engine.take_levels() or Levels((LaneLevels(),) * len(self._lane_names))

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since the song was opened."""
        return self._engine.dropouts

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
        self._engine.set_gains(Gains.of(self._state, self._lane_names))

    def _follow_callback(self) -> "TimeMap | None":
        """Update the frame that is heard, and return the time map of its ring; None until the last seek is heard."""
        heard = self._engine.heard(self._seek_number)
        if heard is None:
            return None
        if heard.device != self._heard_device:
            self._heard_device, self._heard_frame = heard.device, float(heard.first_frame)
        self._heard_frame = max(self._heard_frame, heard.frame)  # it never moves back
        return heard.time_map

    def _start_seek(self) -> None:
        """Have the song read from the playhead on."""
        self._wants_to_play = self.is_playing  # before the number of the seek that may have stopped is gone
        self._seek_number += 1
        self._heard_frame, self._heard_rounds = 0.0, 0
        self._send_cue()

    def _create_cue(self, source: "PlaybackSource") -> "Cue":
        from desktop.playback.click import count_in_beats
        from desktop.playback.cue import Cue

        bars = 0 if self.is_playing else self._state.count_in_bars
        count_in = count_in_beats(self._grid, self._playhead / source.sample_rate, bars) if self._grid and bars else ()
        if not self.is_playing:  # a cue during playback leaves the count-in as it is
            self._count_in = count_in
        return Cue(source, self._playhead, self._seek_number, self._settings, count_in)

    def _send_cue(self) -> None:
        if self._source:
            self._engine.cue(self._create_cue(self._source), self.is_playing)

    def _handle_stop(self, seek_number: int, error: "UnbraidError | None") -> None:
        if seek_number != self._seek_number:
            return  # it plays elsewhere meanwhile
        if error is None:
            self._ended_seek_number = seek_number
        self._stopped_seek_number = seek_number
        if error is None and self.on_ended:
            self.on_ended()
        elif error is not None and self.on_error:
            self.on_error(str(error))

    def _handle_notice(self, message: "Message") -> None:
        if self.on_notice:
            self.on_notice(str(message))
