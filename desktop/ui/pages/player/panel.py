"""Player panel: the lanes of the selected job, or a message why there are none."""

import threading
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from desktop.jobs.model import Job, JobState, Stem
from desktop.jobs.text import UNKNOWN_REASON
from desktop.paths import Home
from desktop.text.durations import format_time_left
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.job_actions import header_actions
from desktop.ui.core.job_text import format_job_status, format_partial_results
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.header import PlayerHeader
from desktop.ui.pages.player.lyrics_panel import LyricsPanel
from desktop.ui.pages.player.page_header import DrawCover, PageHeader
from desktop.ui.pages.player.partial_results import PartialResults
from desktop.ui.pages.player.player_message import PlayerMessage
from desktop.ui.widgets.accessibility import accessible_role

if TYPE_CHECKING:
    from desktop.segments.live_peaks import LivePeaks
    from desktop.ui.pages.player.lane_panel import LanePanel
    from desktop.ui.waveform.view import WaveformView

PRELOAD_DELAY_MS = 300
"""Milliseconds from the list's first rows to the import of the lane modules, which takes a third of a second."""


@accessible_role(QAccessible.Role.Grouping)
class PlayerPanel(QWidget):
    """Shows one job: its stems as lanes, also while they are separated, or a message why there are none."""

    action_requested = Signal(object, object)
    """The shown Job, and the ActionId of the clicked button."""
    menu_requested = Signal(object, QPoint)
    """The shown Job, and the position on the screen at which its menu is to open."""

    export_requested = Signal()

    def __init__(
        self,
        controller: PlayerController,
        home: Home,
        draw_cover: DrawCover = lambda painter, rect, job: None,
        parent: QWidget | None = None,
    ) -> None:
        """`draw_cover` draws the cover of a job into a rectangle."""
        super().__init__(parent)
        self.setAccessibleName(tr("Player"))
        self._controller, self._home = controller, home
        self._job: Job | None = None
        self._shown_key: object = None
        self._lanes_or_none: LanePanel | None = None
        self.partial_results = PartialResults(controller, home, self)
        self.partial_results.results_changed.connect(self._on_partial_results_changed)
        self._header, self.page_header = PlayerHeader(), PageHeader(controller, draw_cover)
        self._is_full_size = False
        for header in (self._header, self.page_header):
            header.export_requested.connect(self.export_requested)
            header.action_requested.connect(self._request_action)
            header.menu_requested.connect(self._request_menu)
        self.lyrics = LyricsPanel(controller, home)
        self.page_header.lyrics_button.toggled.connect(self.lyrics.set_shown)
        self.lyrics.shown_changed.connect(self.page_header.lyrics_button.setChecked)
        self._message = PlayerMessage()
        self._message.action_requested.connect(self._request_action)
        self._message.set_buttons_visible(False)
        self._stack = QStackedLayout()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._header)
        rows.addWidget(self.page_header)
        columns = QHBoxLayout()
        stack_column = QWidget()  # the stack changes the order of its widgets, which Tab and screen readers follow
        stack_column.setLayout(self._stack)
        columns.addWidget(stack_column, 1)
        columns.addWidget(self.lyrics)
        rows.addLayout(columns, 1)
        # Added after the stack has a parent: a stack shows its first widget at once.
        self._stack.addWidget(self._message)
        self.show_job(None)

    def preload_modules(self) -> None:
        """Import the modules that draw and play lanes, so that nothing is imported during playback.

        Audio modules are imported in a thread. Modules that use Qt are imported here, once the list is painted:
        PySide creates its types on first use, and the window sometimes crashed while pyqtgraph used all of them in
        another thread.
        """
        threading.Thread(target=_import_playback_modules, name="preload", daemon=True).start()
        QTimer.singleShot(PRELOAD_DELAY_MS, self, _import_lane_modules)

    @property
    def waveforms(self) -> "WaveformView | None":
        """Waveform view; None before the first track."""
        return self._lanes_or_none.view if self._lanes_or_none else None

    def focus_content(self) -> None:
        """Move the focus to the waveforms, or to the message in their place, so that screen readers say it."""
        content = self.waveforms if self.waveforms is not None and self.waveforms.isVisible() else self._message
        content.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop_reading(self) -> None:
        """Stop reading the track's files, because the window closes."""
        self.lyrics.close_controls()
        if self._lanes_or_none is not None:
            self._lanes_or_none.close_reader()

    @property
    def job(self) -> Job | None:
        """The shown job."""
        return self._job

    def set_full_size(self, is_full_size: bool) -> None:
        """Show the header of the Player page, or that of a small player."""
        self._is_full_size = is_full_size
        self._show_header()
        self._message.set_buttons_visible(is_full_size)  # the header of a small player has them
        self.lyrics.set_available(is_full_size)

    def _show_header(self) -> None:
        self._header.setVisible(self._job is not None and not self._is_full_size)
        self.page_header.setVisible(self._job is not None and self._is_full_size)

    def show_job(self, job: Job | None) -> None:
        """Show a job in its current state; showing the same stems again does not affect playback."""
        self.lyrics.show_job(job)
        self._job = job
        self._show_header()
        if job is not None and job.wants_draft:
            self.partial_results.watch(job)
        else:
            self.partial_results.stop_watching()
        if job is None:
            self._controller.tracks.unload()
            self._show_message(tr("Choose a song"), tr("Its lanes appear here."))
            return
        self._header.show_job(job)
        self.page_header.show_job(job)
        if job.result is not None:
            self._show_stems(job.result)
        else:
            self._show_without_result(job)

    def _request_action(self, action: ActionId) -> None:
        self.action_requested.emit(self._job, action)

    def _request_menu(self, position: QPoint) -> None:
        self.menu_requested.emit(self._job, position)

    def _show_stems(self, job: Job) -> None:
        key = (job.id, job.stems)
        if key == self._shown_key:
            return
        if sentences := _describe_missing_stem(job.stems):
            self._controller.tracks.unload()
            self._show_message(tr("Stems are missing"), sentences, True, (ActionId.SEPARATE_AGAIN,))
            return
        self._shown_key = key
        self._ensure_lanes().show_stems(job)
        self._stack.setCurrentWidget(self._ensure_lanes())
        stems = job.sorted_stems()
        self._controller.tracks.load(job.id, [stem.path for stem in stems], [stem.name for stem in stems])

    def _show_without_result(self, job: Job) -> None:
        if job.state.has_ended:
            self._controller.tracks.unload()
        if job.state is JobState.FAILED:
            self._show_message(
                tr("This song could not be separated"), str(job.error or UNKNOWN_REASON), True, _main_actions(job)
            )
        elif job.state is JobState.CANCELLED:
            self._show_message(
                tr("Cancelled"), tr("No stems were kept. “Separate again” starts over."), actions=_main_actions(job)
            )
        elif self.partial_results.peaks is not None:
            self._show_partial_results(job, self.partial_results.peaks)
        else:
            self._show_mixture(job)
            running = job.state is JobState.PROCESSING
            self._ensure_lanes().show_progress(
                format_job_status(job), format_time_left(job.left), job.progress, running
            )

    def _show_mixture(self, job: Job) -> None:
        peaks = self._home.job_folder(job.id).mixture_peaks
        key = (job.id, job.seconds, peaks.exists())
        if key != self._shown_key:
            self._shown_key = key
            self._controller.tracks.unload()
            self._ensure_lanes().show_mixture(job, peaks)
            self._stack.setCurrentWidget(self._ensure_lanes())

    def update_draft(self, job_id: str) -> None:
        """Check for new draft segments, if the job is the shown one."""
        if self._job is not None and self._job.id == job_id and self._job.wants_draft:
            self.partial_results.watch(self._job)

    def _on_partial_results_changed(self) -> None:
        if self._job is not None and self._job.wants_draft:
            self._show_without_result(self._job)

    def _show_partial_results(self, job: Job, peaks: "LivePeaks") -> None:
        key = ("partial", job.id, peaks.manifest)
        if key != self._shown_key:
            self._shown_key = key
            self._ensure_lanes().show_partial_results(job, peaks, self.partial_results.folders)
            self._stack.setCurrentWidget(self._ensure_lanes())
            self._controller.tracks.load_partial(job.id, self.partial_results.folders, peaks.manifest)
        self._ensure_lanes().update_partial_results(
            format_partial_results(job, self.partial_results.has_draft), self._controller.is_waiting
        )

    def _show_message(
        self, heading: str, sentence: str, is_error: bool = False, actions: Sequence[ActionId] = ()
    ) -> None:
        self._shown_key = None
        self._header.show_zoom(True)
        self._message.show_message(heading, sentence, is_error, actions)
        self._stack.setCurrentWidget(self._message)

    def _ensure_lanes(self) -> "LanePanel":
        """Return the lane panel, created on first use."""
        if self._lanes_or_none is None:
            from desktop.ui.pages.player.lane_panel import LanePanel

            self._lanes_or_none = LanePanel(self._controller, self._home)
            self._lanes_or_none.zoom_changed.connect(self._header.show_zoom)
            self._header.fit_requested.connect(self._lanes_or_none.view.fit)
            self._stack.addWidget(self._lanes_or_none)
        return self._lanes_or_none


def _import_playback_modules() -> None:
    playback_modules = (f"desktop.playback.{name}" for name in ("cue", "status", "source", "partial_source"))
    for name in (*playback_modules, "desktop.segments.live_peaks"):
        import_module(name)


def _import_lane_modules() -> None:
    for name in ("desktop.ui.pages.player.lane_panel", "qtawesome"):
        import_module(name)


def _main_actions(job: Job) -> Sequence[ActionId]:
    """Return the actions that the header of a small player offers, the main one first."""
    return tuple(reversed(header_actions(job)))


def _describe_missing_stem(stems: Sequence[Stem]) -> str:
    """Return which stem is missing and what to do; empty if every stem exists."""
    if not stems:
        return tr("The stems are no longer in the library. Separate the song again.")
    names = (stem.path.name for stem in stems if not stem.path.exists())
    return next((tr("{file} is no longer in the library. Separate the song again.", file=name) for name in names), "")
