"""Analysis controls: tempo, beats, key and chords of the loaded track, as found and as the user corrected them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.analysis.edits import AnalysisEdits, TappedTempo, apply_edits
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.playback.session import Session
from desktop.playback.song_state import SongState


class AnalysisControls(QObject):
    """Holds the analysis of the loaded track, and changes its corrections through `apply`."""

    changed = Signal()
    """The analysis or its corrections have changed, or another track is loaded."""

    def __init__(self, session: Session, apply: Callable[[SongState], None], parent: QObject | None = None) -> None:
        """`apply` changes the track to a state, as one step that can be undone."""
        super().__init__(parent)
        self._session, self._apply_state = session, apply
        self._found: SongAnalysis | None = None
        self._current, self._applied_edits = SongAnalysis(), AnalysisEdits()

    @property
    def found(self) -> SongAnalysis:
        """What the analysis found, without corrections; empty until there is one."""
        return self._found or SongAnalysis()

    @property
    def current(self) -> SongAnalysis:
        """The analysis with the user's corrections."""
        return self._current

    @property
    def edits(self) -> AnalysisEdits:
        """The user's corrections."""
        return self._session.state.edits

    @property
    def is_found(self) -> bool:
        """Whether the track was analysed."""
        return self._found is not None

    def set_found(self, analysis: SongAnalysis | None) -> None:
        """Show another analysis, of the track that is loaded now; None until it is analysed."""
        self._found = analysis
        self._update()

    def refresh(self) -> None:
        """Show the corrections of the session's state, if they are others."""
        if self.edits != self._applied_edits:
            self._update()

    def multiply_tempo(self, factor: float) -> None:
        """Double the tempo, or halve it: a beat between any two, or every second beat."""
        self._edit(tempo_factor=max(0.125, min(8.0, self.edits.tempo_factor * factor)))

    def set_tapped_tempo(self, bpm: float, first_beat_s: float) -> None:
        """Replace the beats by a constant tempo that has a beat at `first_beat_s`."""
        self._edit(tapped_tempo=TappedTempo(max(20.0, min(400.0, bpm)), max(0.0, first_beat_s)), tempo_factor=1.0)

    def shift_beats(self, seconds: float) -> None:
        """Move all beats later by `seconds`, or earlier if they are negative."""
        self._edit(shift_s=self.edits.shift_s + seconds)

    def shift_downbeat(self, beats: int) -> None:
        """Begin each bar later by `beats`, or earlier if they are negative."""
        self._edit(downbeat_shift=self.edits.downbeat_shift + beats)

    def set_beats_per_bar(self, beats: int) -> None:
        """Set the metre."""
        self._edit(beats_per_bar=beats)

    def set_key(self, key: Key | None) -> None:
        """Set the key by hand; None returns to the one that was found."""
        self._edit(key=key)

    def set_chord(self, chord: Chord) -> None:
        """Name the chord of a passage by hand."""
        others = (each for each in self.edits.chords if each.end_s <= chord.start_s or each.start_s >= chord.end_s)
        self._edit(chords=tuple(sorted((*others, chord), key=lambda each: each.start_s)))

    def reset_beats(self) -> None:
        """Drop the corrections of tempo, beats and bars."""
        self._apply_state(
            replace(self._session.state, edits=AnalysisEdits(key=self.edits.key, chords=self.edits.chords))
        )

    def reset(self) -> None:
        """Drop all corrections."""
        self._apply_state(replace(self._session.state, edits=AnalysisEdits()))

    def _edit(self, **changes: Any) -> None:
        self._apply_state(replace(self._session.state, edits=replace(self.edits, **changes)))

    def _update(self) -> None:
        self._applied_edits = self.edits
        self._current = apply_edits(self.found, self.edits, self._session.duration_s)
        self.changed.emit()
