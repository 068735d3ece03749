"""Tempo tapper: sets the tempo of the loaded track from taps in time with it."""

from time import monotonic
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from desktop.ui.pages.player.analysis_controls import AnalysisControls
from desktop.ui.pages.player.tempo_taps import TempoTaps


class Playhead(Protocol):
    """What a tapper has to know about playback."""

    @property
    def is_ready(self) -> bool:
        """Whether a track is loaded."""
        ...

    @property
    def is_playing(self) -> bool:
        """Whether the track plays."""
        ...

    @property
    def position_seconds(self) -> float:
        """Playhead in seconds."""
        ...


class TempoTapper(QObject):
    """Takes taps in seconds of the song while it plays, at whatever speed, and in real time while it does not."""

    tapped = Signal()

    def __init__(self, playhead: Playhead, controls: AnalysisControls) -> None:
        super().__init__(playhead if isinstance(playhead, QObject) else None)
        self._playhead, self._controls = playhead, controls
        self._taps, self._was_playing = TempoTaps(), False

    @property
    def count(self) -> int:
        """Number of taps that the tempo comes from; 0 if it was not tapped."""
        return self._taps.count

    def tap(self) -> None:
        """Take a tap."""
        if not self._playhead.is_ready:
            return
        is_playing = self._playhead.is_playing
        if is_playing != self._was_playing:
            self._taps, self._was_playing = TempoTaps(), is_playing
        beat = self._taps.tap(self._playhead.position_seconds if is_playing else monotonic())
        if beat is not None:
            first = beat.first_beat_s if is_playing else self._playhead.position_seconds
            self._controls.set_tapped_tempo(beat.bpm, first)
        self.tapped.emit()
