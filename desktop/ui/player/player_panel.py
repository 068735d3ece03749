"""The player: the chosen song's lanes, or what stands in their way."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.jobs.model import Job, JobState, Stem
from desktop.jobs.queue import JobProgress
from desktop.paths import Home
from desktop.ui.accessibility import accessible_role
from desktop.ui.jobs.buttons import JobAction
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.growing import Growing
from desktop.ui.player.header import PlayerHeader
from desktop.ui.player.message import Message
from desktop.ui.player.sentences import growing_words, left_words, waiting_words
from desktop.ui.player.shown_stems import shown_stems

if TYPE_CHECKING:
    from desktop.segments.growing_peaks import GrowingPeaks
    from desktop.ui.player.lanes import Lanes
    from desktop.ui.waveform.view import WaveformView


WARM_UP_MS = 300
"""From the list's first rows to the import of what lanes are drawn with, which takes a third of a second."""


@accessible_role(QAccessible.Role.Grouping)
class PlayerPanel(QWidget):
    """Shows one job: its stems as lanes, also while they are in work, or why there are none."""

    action_requested = Signal(object, object)
    """The Job that is shown, and the JobAction of a button."""
    menu_requested = Signal(object, QPoint)
    """The Job that is shown, and where its menu is to open, on the screen."""

    def __init__(self, controller: PlayerController, home: Home, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Player")
        self._controller, self._home = controller, home
        self._job: Job | None = None
        self._shown: object = None
        self._lanes_or_none: Lanes | None = None
        self.growing = Growing(controller, home, self)
        self.growing.grown.connect(self._show_more)
        self._header = PlayerHeader()
        self.export_requested = self._header.export_requested
        self._header.action_requested.connect(self._request_action)
        self._header.menu_requested.connect(self._request_menu)
        self._message = Message()
        self._room = QStackedLayout()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._header)
        rows.addLayout(self._room, 1)
        self._room.addWidget(self._message)  # now that it has a window to be in: a stack shows its first widget at once
        self.show_job(None)

    def warm_up(self) -> None:
        """Import what lanes are drawn and played with, so that nothing is imported while sound is playing.

        What computes with sound is imported in a thread. What stands on Qt is imported here, once the list is painted:
        PySide makes its types when they are first used, and the window crashed now and then while pyqtgraph used all
        of them in a thread beside it.
        """
        threading.Thread(target=_import_sound, name="warm up", daemon=True).start()
        QTimer.singleShot(WARM_UP_MS, self, _import_lanes)

    @property
    def waveforms(self) -> "WaveformView | None":
        """The waveforms; None before the first song."""
        return self._lanes_or_none.view if self._lanes_or_none else None

    def end_reading(self) -> None:
        """Read nothing more from the song's files: the window closes."""
        if self._lanes_or_none is not None:
            self._lanes_or_none.close_reader()

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def show_job(self, job: Job | None) -> None:
        """Show a job as it is now; showing the same stems again changes nothing that sounds."""
        self._job = job = _newest(self._job, job)
        self._header.setVisible(job is not None)
        if job is not None and job.wants_draft:
            self.growing.watch(job)
        else:
            self.growing.leave()
        if job is None:
            self._controller.unload()
            self._tell("Choose a song", "Its lanes appear here.")
            return
        self._header.show_job(job)
        if job.result is not None:
            self._show_stems(job.result)
        else:
            self._show_waiting(job)

    def update_progress(self, progress: JobProgress) -> None:
        """Show how far the job has got, when it is the one that is shown."""
        job = self._job
        if job is None or job.id != progress.job_id or not job.wants_draft or progress.token < job.token:
            return
        # Rows are written less often than progress is told: what is known here must not fall back to the row's.
        self._job = replace(
            job,
            state=JobState.PROCESSING,
            token=progress.token,
            stage=progress.stage,
            progress=progress.progress,
            left=progress.left,
        )
        self._show_waiting(self._job)

    def _request_action(self, action: JobAction) -> None:
        self.action_requested.emit(self._job, action)

    def _request_menu(self, where: QPoint) -> None:
        self.menu_requested.emit(self._job, where)

    def _show_stems(self, job: Job) -> None:
        key = (job.id, job.stems)
        if key == self._shown:
            return
        if missing := _missing(job.stems):
            self._controller.unload()
            self._tell("The stems are gone", f"{missing} not in the library any more. Separate the song again.", True)
            return
        self._shown = key
        self._lanes().show_stems(job)
        self._room.setCurrentWidget(self._lanes())
        stems = shown_stems(job)
        self._controller.load(job.id, [stem.path for stem in stems], [stem.name for stem in stems])

    def _show_waiting(self, job: Job) -> None:
        if job.state.ended:
            self._controller.unload()
        if job.state is JobState.FAILED:
            self._tell("This song could not be separated", job.error or "The reason is not known.", True)
        elif job.state is JobState.CANCELLED:
            self._tell("Cancelled", "No stems were kept. “Separate again” begins anew.")
        elif self.growing.peaks is not None:
            self._show_growing(job, self.growing.peaks)
        else:
            self._show_mixture(job)
            running = job.state is JobState.PROCESSING
            self._lanes().show_progress(waiting_words(job), left_words(job.left), job.progress, running)

    def _show_mixture(self, job: Job) -> None:
        peaks = self._home.job(job.id).mixture_peaks
        key = (job.id, job.seconds, peaks.exists())
        if key != self._shown:
            self._shown = key
            self._controller.unload()
            self._lanes().show_mixture(job, peaks)
            self._room.setCurrentWidget(self._lanes())

    def update_draft(self, job_id: str) -> None:
        """Look for more of a song's draft, when it is the one that is shown."""
        if self._job is not None and self._job.id == job_id and self._job.wants_draft:
            self.growing.watch(self._job)

    def _show_more(self) -> None:
        if self._job is not None and self._job.wants_draft:
            self._show_waiting(self._job)

    def _show_growing(self, job: Job, peaks: "GrowingPeaks") -> None:
        key = ("growing", job.id, peaks.about)
        if key != self._shown:
            self._shown = key
            self._lanes().show_growing(job, peaks, self.growing.folders)
            self._room.setCurrentWidget(self._lanes())
            self._controller.load_unfinished(job.id, self.growing.folders, peaks.about)
        self._lanes().grow(growing_words(job, self.growing.has_draft), self._controller.waiting)

    def _tell(self, heading: str, sentence: str, bad: bool = False) -> None:
        self._shown = None
        self._header.show_whole(True)
        self._message.say(heading, sentence, bad)
        self._room.setCurrentWidget(self._message)

    def _lanes(self) -> "Lanes":
        """The lanes, made at first need."""
        if self._lanes_or_none is None:
            from desktop.ui.player.lanes import Lanes

            self._lanes_or_none = Lanes(self._controller)
            self._lanes_or_none.zoom_changed.connect(self._header.show_whole)
            self._header.fit_requested.connect(self._lanes_or_none.view.fit)
            self._room.addWidget(self._lanes_or_none)
        return self._lanes_or_none


def _newest(known: Job | None, job: Job | None) -> Job | None:
    """Return the job as the library has it, or as its progress was told when that is further on."""
    if known is None or job is None or job.state is not JobState.PROCESSING:
        return job
    same_run = (known.id, known.token, known.state) == (job.id, job.token, job.state)
    return (
        replace(job, stage=known.stage, progress=known.progress, left=known.left)
        if same_run and known.progress > job.progress
        else job
    )


def _import_sound() -> None:
    playing = (f"desktop.playback.{name}" for name in ("reader", "stems", "unfinished_song"))
    for name in (*playing, "desktop.segments.growing_peaks"):
        import_module(name)


def _import_lanes() -> None:
    for name in ("desktop.ui.player.lanes", "qtawesome"):
        import_module(name)


def _missing(stems: Sequence[Stem]) -> str:
    """Return what is missing, with its verb; empty when every stem is there."""
    if not stems:
        return "They are"
    return next((f"{stem.path.name} is" for stem in stems if not stem.path.exists()), "")
