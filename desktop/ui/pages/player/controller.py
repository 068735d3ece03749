"""Player controller: connects window and keyboard to the session; nothing else in the window plays sound."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.playback.levels import Levels
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import CountInBeat, Session
from desktop.playback.song_state import SongState
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.analysis_controls import AnalysisControls
from desktop.ui.pages.player.found_analysis import FoundAnalysis
from desktop.ui.pages.player.loop_controls import LoopControls
from desktop.ui.pages.player.mix_controls import MixControls
from desktop.ui.pages.player.practice_controls import PracticeControls
from desktop.ui.pages.player.song_loader import OpenedSong, SongStateStore
from desktop.ui.pages.player.state_saver import StateSaver
from desktop.ui.pages.player.tempo_tapper import TempoTapper
from desktop.ui.pages.player.track_loader import TrackLoader

TICK_INTERVAL_MS = 16
TICKS_PER_METER_UPDATE = 2


class PlayerController(QObject):
    """Plays the loaded track and emits its state, with a timer that runs only during playback."""

    position_changed = Signal(int)
    """Playhead in frames."""
    playing_changed = Signal(bool)
    waiting_changed = Signal(bool)
    """True if playback waits for a part that does not exist yet, False if it has resumed."""
    loaded_changed = Signal()
    """Another track is loaded, or none."""
    levels_changed = Signal(object)
    """`Levels` of the lanes and of the master, some thirty times a second during playback; empty when it stops."""
    speed_changed = Signal()
    """The speed trainer has changed the speed, or the round of the loop is another."""
    count_in_changed = Signal()
    """Another beat of the count-in is heard, or none any more."""
    chord_requested = Signal()
    """The user wants to name the chord at the playhead."""
    notice = Signal(str)
    """Message for the user."""

    def __init__(self, session: Session, states: SongStateStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._states = states
        self._last_position = -1
        self._tick_count = 0
        self._waiting = False
        self._shown_speed = (100.0, 0)
        self._count_in_beat: CountInBeat | None = None
        self._background = BackgroundRunner("song", self)
        self._saver = StateSaver(states, self._background, self._loaded_state, self)
        self.mix = MixControls(session, self)
        self.mix.changed.connect(self._saver.save_soon)
        self.tracks = TrackLoader(session, states, self._background, lambda: self.mix.master, self)
        self.mix.lane_set.connect(self.tracks.note_user_input)
        self.practice = PracticeControls(session, self)
        self.practice.edited.connect(self._saver.save_soon)
        self.analysis = AnalysisControls(session, self.practice.apply, self)
        self.practice.changed.connect(self.analysis.refresh)
        self.found_analysis = FoundAnalysis(session, states, self.analysis, self._background, self)
        self.tempo_taps = TempoTapper(self, self.analysis)
        self.loops = LoopControls(
            self.practice, self.analysis, lambda: self.position_seconds, lambda: self.is_playing, self
        )
        self.loops.seek_requested.connect(self.seek_to_seconds)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self.tracks.closing.connect(self._saver.save_now)
        self.tracks.closed.connect(self._on_closed)
        self.tracks.opened.connect(self._on_opened)
        self.tracks.source_replaced.connect(self._on_source_replaced)
        self.tracks.failed.connect(self.notice)
        # Session and states call these from their threads.
        session.on_error = lambda message: self._background.call_in_gui_thread(lambda: self._on_playback_error(message))
        session.on_notice = lambda message: self._background.call_in_gui_thread(lambda: self.notice.emit(message))
        states.on_notice = lambda message: self._background.call_in_gui_thread(lambda: self.notice.emit(str(message)))
        session.on_ended = lambda: self._background.call_in_gui_thread(self._on_ended)

    @property
    def is_ready(self) -> bool:
        """Whether a track is loaded and can be played."""
        return self.tracks.is_ready

    @property
    def is_playing(self) -> bool:
        """Whether the track plays."""
        return self.is_ready and self._session.is_playing

    @property
    def is_waiting(self) -> bool:
        """Whether playback waits for a part that does not exist yet."""
        return self.is_ready and self._session.is_buffering

    @property
    def position(self) -> int:
        """Playhead in frames; 0 without a track."""
        return self._session.position if self.is_ready else 0

    @property
    def position_seconds(self) -> float:
        """Playhead in seconds; 0 without a track."""
        return self.position / self._sample_rate()

    @property
    def duration(self) -> float:
        """Length of the track in seconds; 0 without a track."""
        return self._session.duration_s if self.is_ready else 0.0

    @property
    def count_in_beat(self) -> CountInBeat | None:
        """Beat of the count-in that is heard; None while no count-in is."""
        return self._count_in_beat

    @property
    def speed_percent(self) -> float:
        """Speed in percent, which the speed trainer changes while a loop repeats."""
        return self._session.speed_percent

    @property
    def loop_round(self) -> int:
        """Number of times that the loop was played since playback started, or sought."""
        return self._session.loop_round

    @property
    def output(self) -> OutputSettings:
        """Device and routing of the sound."""
        return self._session.output

    @property
    def lane_names(self) -> tuple[str, ...]:
        """Names of the loaded stems."""
        return self._session.lane_names if self.is_ready else ()

    def close(self) -> None:
        """Stop the timers, and wait until the state of the track is saved; the caller closes the session."""
        self.tracks.unload()
        self._background.close(run_pending=True)

    def toggle_playback(self) -> None:
        """Play or pause; while the track is still being opened, set or clear that it plays once it is loaded."""
        self.tracks.note_user_input()
        self.tracks.forget_autoplay()
        if not self.is_ready:
            self.tracks.toggle_play_when_ready()
        elif self._session.is_playing:
            self._session.pause()
            self._on_stopped()
        else:
            self._play()

    def stop(self) -> None:
        """Pause and return to the start."""
        if self.is_ready:
            self._session.stop()
            self._on_stopped()

    def seek_to_start(self) -> None:
        """Return to the start without pausing."""
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Move the playhead to `frame`, clamped to the track."""
        if self.is_ready:
            self.tracks.note_user_input()
            self._session.seek(max(0, min(int(frame), self._session.frames)))
            self._emit_position()
            self._saver.save_soon()

    def seek_to_seconds(self, seconds: float) -> None:
        """Move the playhead to a time in seconds."""
        self.seek(round(seconds * self._sample_rate()))

    def return_to_loop_start(self) -> None:
        """Return to the start of the loop that repeats, or else to that of the song."""
        loop = self.practice.state.repeated_loop
        self.seek_to_seconds(loop.start_s if loop else 0.0)

    def seek_by(self, seconds: float) -> None:
        """Move the playhead forward by `seconds`, or back if they are negative."""
        self.seek(self.position + round(seconds * self._sample_rate()))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change of the track's state to take back."""
        return self.is_ready and self._session.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that `undo` took back last."""
        return self.is_ready and self._session.can_redo

    def undo(self) -> None:
        """Take back the last change of the track's state."""
        if self.is_ready and self._session.undo():
            self._refresh_state()

    def redo(self) -> None:
        """Repeat the change that `undo` took back last."""
        if self.is_ready and self._session.redo():
            self._refresh_state()

    def choose_snapshot(self, name: str) -> None:
        """Hear another snapshot of the mix."""
        if self.is_ready:
            self._session.apply(self._session.state.with_snapshot(name))
            self._refresh_state()

    def set_visible_range(self, start_s: float, end_s: float | None) -> None:
        """Keep the part of the song in view with the song; `end_s` is None for the whole song."""
        if self.is_ready:
            self._session.apply(self._session.state.with_view(start_s=start_s, end_s=end_s))
            self._saver.save_soon()

    def read_states(self, job_ids: Sequence[str], on_read: Callable[[Mapping[str, SongState]], None]) -> None:
        """Call `on_read` with the states of these jobs, that of the loaded track as it is now, once they are read."""
        self._saver.save_now()
        self._background.run(lambda: {job_id: self._states.load(job_id) for job_id in job_ids}, on_read)

    def _refresh_state(self) -> None:
        self.mix.refresh()
        self.practice.changed.emit()

    def _loaded_state(self) -> tuple[str, SongState] | None:
        job_id = self.tracks.job_id
        return (job_id, self._session.snapshot()) if self.is_ready and job_id is not None else None

    def _sample_rate(self) -> int:
        return (self._session.sample_rate if self.is_ready else 0) or 1

    def _play(self) -> None:
        if self._session.position >= self._session.frames:
            self._session.seek(0)
        self._session.play()
        self._timer.start()
        self._saver.set_periodic(True)
        self.playing_changed.emit(True)

    def _on_stopped(self) -> None:
        """Stop the timer, so that a paused window uses no CPU time, and save where playback stopped."""
        self._timer.stop()
        self._saver.set_periodic(False)
        self._saver.save_now()
        self.levels_changed.emit(Levels())
        self._emit_position()
        self._emit_waiting(False)
        self._emit_count_in(None)
        self.playing_changed.emit(False)

    def _tick(self) -> None:
        if not self._session.is_playing:
            self._on_stopped()
            return
        self._emit_position()
        self._emit_waiting(self._session.is_buffering)
        self._emit_speed()
        self._emit_count_in(self._session.count_in_beat)
        self._tick_count += 1
        if self._tick_count % TICKS_PER_METER_UPDATE == 0:
            self.levels_changed.emit(self._session.take_levels())

    def _emit_waiting(self, waiting: bool) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)

    def _emit_speed(self) -> None:
        speed = (self._session.speed_percent, self._session.loop_round)
        if speed != self._shown_speed:
            self._shown_speed = speed
            self.speed_changed.emit()

    def _emit_count_in(self, beat: CountInBeat | None) -> None:
        if beat != self._count_in_beat:
            self._count_in_beat = beat
            self.count_in_changed.emit()

    def _emit_position(self) -> None:
        position = self._session.position
        if position != self._last_position:
            self._last_position = position
            self.position_changed.emit(position)

    def _on_closed(self) -> None:
        self._timer.stop()
        self._saver.set_periodic(False)
        self.levels_changed.emit(Levels())
        self._emit_count_in(None)
        self.playing_changed.emit(False)
        self.loaded_changed.emit()

    def _on_source_replaced(self) -> None:
        self.loaded_changed.emit()
        self._emit_position()

    def _on_opened(self, opened: OpenedSong) -> None:
        self._last_position = -1
        self.loaded_changed.emit()
        self.found_analysis.open(self.tracks.job_id, opened.analysis)
        self.mix.lanes_changed.emit()
        self.practice.changed.emit()
        self._emit_position()
        if self.tracks.take_autoplay():
            self._play()

    def _on_playback_error(self, message: str) -> None:
        self._on_stopped()
        self.notice.emit(message)

    def _on_ended(self) -> None:
        if self.is_ready and not self._session.is_playing:
            self._on_stopped()
