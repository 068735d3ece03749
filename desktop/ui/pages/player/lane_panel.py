"""Lane panel: headers, waveforms and playhead of a track, in step with its playback."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.audio.peaks import Peaks
from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.levels import Levels
from desktop.playback.partial_source import PartialSource
from desktop.playback.source import PlaybackSource, StemFileSource
from desktop.segments.live_peaks import LivePeaks
from desktop.ui.core.job_text import SEPARATING_HERE_TEXT, STEMS_PENDING_TEXT
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_drag import LaneDrag
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.lane_looks import LaneLooks
from desktop.ui.pages.player.lane_stack import LaneStack
from desktop.ui.pages.player.original_lane_header import ORIGINAL_HEIGHT, OriginalLaneHeader
from desktop.ui.pages.player.pending_lane_header import PendingLaneHeader
from desktop.ui.pages.player.ruler import Ruler
from desktop.ui.pages.player.sample_reader import SampleReader
from desktop.ui.pages.player.spectrogram_reader import SpectrogramReader
from desktop.ui.pages.player.view_memory import ViewMemory
from desktop.ui.theme.palette import Colour
from desktop.ui.waveform.lane_content import LaneWaveform
from desktop.ui.waveform.pixel_columns import PeakSource, find_peak_level

MIN_DRAWN_PEAK = 0.05
"""Smallest peak level that waveforms are scaled by, so that very quiet lanes are not drawn as loud ones."""


class LanePanel(QWidget):
    """Lanes of a job: its stems, finished or partial, and its original, or its mixture while there are no stems."""

    zoom_changed = Signal(bool)

    def __init__(self, controller: PlayerController, home: Home, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller, self._home = controller, home
        self._looks = LaneLooks(controller.practice)
        self._stack = LaneStack()
        self._drag = LaneDrag(self)
        self._headers: list[LaneHeader | OriginalLaneHeader] = []
        self._peaks: list[PeakSource | None] = []
        self._pending_header: PendingLaneHeader | None = None
        self._duration = 0.0
        self._shown_job_id = ""
        self._lane_names: tuple[str, ...] = ()
        self._live_peaks: LivePeaks | None = None
        self.view = self._stack.view
        self._stack.set_ruler(Ruler(self.view, controller))
        self._view_memory = ViewMemory(self.view, controller)
        self._sample_reader = SampleReader(self)
        self._sample_reader.samples_ready.connect(self.view.show_samples)
        self.view.samples_requested.connect(self._sample_reader.request)
        self._spectrogram_reader = SpectrogramReader(self)
        self._spectrogram_reader.tile_ready.connect(self.view.add_tile)
        self.view.tiles_requested.connect(self._spectrogram_reader.request)
        self.view.tiles_outdated.connect(self._spectrogram_reader.discard_current)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._stack)
        self.view.seek_requested.connect(controller.seek_to_seconds)
        self.view.zoom_changed.connect(self.zoom_changed)
        controller.position_changed.connect(self._move_playhead)
        controller.mix.lanes_changed.connect(self._refresh_lanes)
        controller.loaded_changed.connect(self._refresh_lanes)
        controller.practice.changed.connect(self._refresh_lanes)
        controller.levels_changed.connect(self._show_levels)

    def show_stems(self, job: Job) -> None:
        """Show one lane for each finished stem of a job."""
        stems = job.sorted_stems()
        peaks = [_open_peaks(stem.peaks) for stem in stems]
        self._live_peaks = None
        self._set_source(partial(StemFileSource, [stem.path for stem in stems]))
        self._lay_out_lanes(job, [stem.name for stem in stems], *_track_length(job, peaks), peaks)
        self._drag.set_lanes(self._stem_headers(), [stem.path for stem in stems])

    def show_mixture(self, job: Job, peaks_path: Path) -> None:
        """Show the mixture as a single lane, until stems exist."""
        peaks = [_open_peaks(peaks_path)]
        self._view_memory.forget()
        self._live_peaks = None
        self._set_source(None)
        self._show_waveforms(*_track_length(job, peaks), peaks, [Colour.ACCENT])
        self._headers, self._lane_names, self._pending_header = [], (), PendingLaneHeader()
        self._drag.set_lanes((), ())
        self._stack.set_headers([self._pending_header], [0])
        self.view.set_playhead(None)

    def show_progress(self, status: str, time_left: str, fraction: float, is_running: bool) -> None:
        """Show how much of the mixture is separated (`fraction`, 0 to 1); does nothing if stems are shown."""
        if self._pending_header is not None:
            self._pending_header.show_progress(status, time_left, fraction, is_running)
            self.view.show_unfinished([(fraction * self._duration, self._duration)], str(STEMS_PENDING_TEXT))
            self.view.set_bright_until(fraction * self._duration)

    def show_partial_results(self, job: Job, live_peaks: LivePeaks, folders: tuple[Path, Path]) -> None:
        """Show one lane for each stem of an unfinished job; `update_partial_results` fills them.

        `folders` are the folder of the finished segments and the folder of the draft.
        """
        self._set_source(partial(PartialSource, *folders, live_peaks.manifest))
        names, frames = live_peaks.lane_names, live_peaks.manifest.frames
        self._live_peaks = live_peaks
        live_peaks.take_changed_spans()  # the lanes that are laid out now show them
        self._lay_out_lanes(job, names, frames / live_peaks.manifest.sample_rate, frames, live_peaks.lanes)
        self._drag.set_lanes(self._stem_headers(), ())

    def update_partial_results(self, status: str, is_waiting: bool) -> None:
        """Show newly finished parts, and label the others with `status`.

        `is_waiting`: playback waits at an unfinished part, and another label is shown at the playhead instead.
        """
        if self._live_peaks is not None:
            if changed_spans := self._live_peaks.take_changed_spans():
                self.view.reload_lanes(_lane_gains(self._peaks), changed_spans)
            label_second = self._controller.position_seconds if is_waiting else None
            self.view.show_unfinished(
                self._live_peaks.missing_ranges(),
                str(SEPARATING_HERE_TEXT) if is_waiting else status,
                label_second,
                draft_lanes=len(self._lane_names),  # not the original
            )

    def close_reader(self) -> None:
        """Stop reading samples, because the window closes."""
        self._sample_reader.close()
        self._spectrogram_reader.close()

    def _set_source(self, open_source: Callable[[], PlaybackSource] | None) -> None:
        """Read samples and spectrograms from the source that `open_source` opens."""
        self._sample_reader.set_song(open_source)
        self._spectrogram_reader.set_song(open_source)

    def _lay_out_lanes(
        self, job: Job, names: Sequence[str], duration: float, frames: int, peaks: Sequence[Peaks | None]
    ) -> None:
        """Lay out one lane for each stem, and one for the original; headers of the same track are kept, with the focus."""
        is_same_track = self._shown_job_id == job.id and bool(self._lane_names)
        if not is_same_track:
            self._view_memory.forget()
        visible_range = None if self.view.view_box.shows_whole_song() else self.view.view_box.visible_range()
        self._lane_names, previous_names = tuple(names), self._lane_names
        original = _open_peaks(self._home.job_folder(job.id).mixture_peaks)
        self._show_waveforms(duration, frames, [*peaks, original], [*self._stem_colours(), Colour.DIM])
        self._pending_header = None
        if (self._shown_job_id, previous_names) != (job.id, self._lane_names):
            self._shown_job_id = job.id
            stems = [LaneHeader(self._controller, lane, name) for lane, name in enumerate(names)]
            self._headers = [*stems, OriginalLaneHeader(self._controller)]
            self._stack.set_headers(self._headers, self._lane_heights())
        else:
            self._stack.relayout()
        if is_same_track and visible_range:
            self.view.view_box.show_range(*visible_range)
        self._refresh_lanes()
        self.view.set_playhead(self._controller.position_seconds if is_same_track else 0.0)

    def _stem_headers(self) -> list[LaneHeader]:
        return [header for header in self._headers if isinstance(header, LaneHeader)]

    def _stem_colours(self) -> list[Colour]:
        return [self._looks.colour(name) for name in self._lane_names]

    def _lane_heights(self) -> list[int]:
        return [*(self._looks.height(name) for name in self._lane_names), ORIGINAL_HEIGHT]

    def _show_waveforms(
        self, duration: float, frames: int, peaks: Sequence[PeakSource | None], colours: Sequence[Colour]
    ) -> None:
        self._duration, self._peaks = duration, list(peaks)
        waveforms = [LaneWaveform(*lane) for lane in zip(peaks, colours, _lane_gains(peaks), strict=True)]
        self.view.set_lanes(self._duration, frames, waveforms)

    def _move_playhead(self, _frame: int) -> None:
        if not self._headers:
            return
        if self._controller.is_playing and self._controller.practice.state.view.follows_playhead:
            self.view.follow_playhead(self._controller.position_seconds)
        else:
            self.view.set_playhead(self._controller.position_seconds)

    def _refresh_lanes(self) -> None:
        """Show mix and looks of the lanes."""
        self.view.set_spectrogram(self._controller.practice.state.view.is_spectrogram)
        if not self._headers:
            return
        for number, header in enumerate(self._headers):
            header.refresh()
            self.view.set_audible(number, self._controller.mix.is_audible(number))
        for number, colour in enumerate(self._stem_colours()):
            self.view.set_colour(number, colour)
        self._stack.set_heights(self._lane_heights())

    def _show_levels(self, levels: Levels) -> None:
        for number, header in enumerate(self._headers):
            if number < len(levels.lanes):
                header.show_levels(levels.lanes[number])
            else:
                header.show_silence()


def compute_gains(peak_levels: Sequence[float]) -> list[float]:
    """Return the vertical scale of each lane, from the lanes' largest samples.

    The loudest lane fills its height; the others keep half of their distance in decibels, so that they stay visible.
    """
    loudest_level = max(peak_levels, default=1.0)
    return [1 / (loudest_level * level) ** 0.5 for level in peak_levels]


def _lane_gains(peaks: Sequence[PeakSource | None]) -> list[float]:
    """Return the vertical scale of lanes with these peaks."""
    return compute_gains(
        [MIN_DRAWN_PEAK if lane is None else max(MIN_DRAWN_PEAK, find_peak_level(lane)) for lane in peaks]
    )


def _track_length(job: Job, peaks: Sequence[Peaks | None]) -> tuple[float, int]:
    """Return the length of the track in seconds and in frames."""
    frames = job.frames or max((lane_peaks.frames for lane_peaks in peaks if lane_peaks is not None), default=0)
    return frames / job.sample_rate if frames and job.sample_rate else job.seconds or 1.0, frames


def _open_peaks(path: Path) -> Peaks | None:
    """Open a peaks file, or return None if it cannot be read: the lane plays without it."""
    with suppress(OSError, ValueError):
        return Peaks.open(path)
    return None
