"""Analysis of the loaded track on its way: from the job's folder to the player, and the user's corrections back."""

from PySide6.QtCore import QObject, Signal

from desktop.analysis.edits import AnalysisEdits
from desktop.analysis.song_analysis import SongAnalysis
from desktop.playback.session import Session
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.analysis_controls import AnalysisControls
from desktop.ui.pages.player.song_loader import SongStateStore


class FoundAnalysis(QObject):
    """Shows the analysis of the loaded track, also one that is found meanwhile, and gives its beats to the sound."""

    corrected = Signal(str, object, object)
    """Job id, tempo in beats per minute or None, and `Key` or None, after the user corrected them."""

    def __init__(
        self,
        session: Session,
        states: SongStateStore,
        controls: AnalysisControls,
        background: BackgroundRunner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._states, self._controls, self._background = session, states, controls, background
        self._job_id: str | None = None
        self._edits = AnalysisEdits()
        controls.changed.connect(self._on_changed)

    def open(self, job_id: str | None, analysis: SongAnalysis | None) -> None:
        """Show the analysis of a track that is loaded now; None until it is analysed."""
        self._job_id, self._edits = job_id, self._controls.edits
        self._controls.set_found(analysis)

    def reload(self, job_id: str) -> None:
        """Show the new analysis of a track, if it is the loaded one."""
        if job_id == self._job_id:
            self._background.run(
                lambda: self._states.load_analysis(job_id), lambda analysis: self._show_loaded(job_id, analysis)
            )

    def _show_loaded(self, job_id: str, analysis: SongAnalysis | None) -> None:
        if job_id == self._job_id and analysis is not None and self._session.lane_names:
            self._controls.set_found(analysis)

    def _on_changed(self) -> None:
        current, edits = self._controls.current, self._controls.edits
        self._session.set_grid(current.grid)
        if self._job_id is not None and edits != self._edits:
            self._edits = edits
            self.corrected.emit(self._job_id, current.tempo_bpm, current.key)
