"""A song's lanes at work: heads, waveforms and playhead, kept in step with the sound."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.audio.peaks import Peaks
from desktop.jobs.model import Job
from desktop.playback.song import Song
from desktop.playback.stems import StemFiles
from desktop.playback.unfinished_song import UnfinishedSong
from desktop.segments.growing_peaks import GrowingPeaks
from desktop.segments.store import About
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.lane import LaneHead
from desktop.ui.player.lane_stack import LaneStack
from desktop.ui.player.sample_reader import SampleReader
from desktop.ui.player.sentences import COMING, HERE
from desktop.ui.player.shown_stems import shown_stems
from desktop.ui.player.waiting_head import WaitingHead
from desktop.ui.theme import tokens
from desktop.ui.theme.tokens import stem_colour
from desktop.ui.waveform.peak_picture import loudest
from desktop.ui.waveform.view import LaneWave

QUIETEST = 0.05
"""Sound that never gets louder than this is not drawn as if it did."""


class Lanes(QWidget):
    """The stems of a job, finished or still in work, or the mixture of one that has none yet."""

    zoom_changed = Signal(bool)

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._stack = LaneStack()
        self._heads: list[LaneHead] = []
        self._waiting: WaitingHead | None = None
        self._seconds = 0.0
        self._shown_job = ""
        self._names: tuple[str, ...] = ()
        self._growing: GrowingPeaks | None = None
        self._drawn = 0
        self.view = self._stack.view
        self._samples = SampleReader(self)
        self._samples.arrived.connect(self.view.show_samples)
        self.view.samples_wanted.connect(self._samples.want)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._stack)
        self.view.seek_requested.connect(controller.seek_seconds)
        self.view.zoom_changed.connect(self.zoom_changed)
        controller.position_changed.connect(self._move_playhead)
        controller.lanes_changed.connect(self._refresh)
        controller.loaded_changed.connect(self._refresh)
        controller.levels_changed.connect(self._show_levels)

    def show_stems(self, job: Job) -> None:
        """Show one lane a stem."""
        stems = shown_stems(job)
        peaks = [_open(stem.peaks) for stem in stems]
        self._growing = None
        self._samples.set_song(partial(_finished, [stem.path for stem in stems]))
        self._lay(job, [stem.name for stem in stems], *_length(job, peaks), peaks)

    def show_mixture(self, job: Job, path: Path) -> None:
        """Show the song as a whole, until its stems exist."""
        peaks = [_open(path)]
        self._growing = None
        self._samples.set_song(None)
        self._show_waves(*_length(job, peaks), peaks, [tokens.ACCENT])
        self._heads, self._names, self._waiting = [], (), WaitingHead()
        self._stack.set_heads([self._waiting])
        self.view.set_playhead(None)

    def show_progress(self, words: str, left: str, part: float, running: bool) -> None:
        """Show how much of the mixture is separated."""
        if self._waiting is not None:
            self._waiting.show_progress(words, left, part, running)
            self.view.show_unfinished([(part * self._seconds, self._seconds)], COMING)
            self.view.brighten(part * self._seconds)

    def show_growing(self, job: Job, growing: GrowingPeaks, folders: tuple[Path, Path]) -> None:
        """Show one lane for every stem that is in work; they fill with `grow`.

        `folders` hold the finished segments and the draft.
        """
        self._samples.set_song(partial(_unfinished, folders, growing.about))
        names, frames = growing.names, growing.about.frames
        self._growing, self._drawn = growing, growing.version
        self._lay(job, names, frames / growing.about.sample_rate, frames, growing.lanes)

    def grow(self, words: str, waiting: bool) -> None:
        """Show what has been finished meanwhile, and say `words` where it is not; `waiting`: the playhead stands there."""
        if self._growing is not None:
            if self._growing.version != self._drawn:
                self._drawn = self._growing.version
                self.view.renew_lanes(gains([max(QUIETEST, loudest(lane)) for lane in self._growing.lanes]))
            place = self._controller.seconds if waiting else None
            self.view.show_unfinished(self._growing.unfinished_spans(), HERE if waiting else words, place, draft=True)

    def close_reader(self) -> None:
        """Read no more samples: the window closes."""
        self._samples.close()

    def _lay(self, job: Job, names: Sequence[str], seconds: float, frames: int, peaks: Sequence[Peaks | None]) -> None:
        """Lay out one lane a stem. Heads that are there already, of the same song, keep the keyboard's focus."""
        colours = [stem_colour(name) for name in names]
        same_song = self._shown_job == job.id and bool(self._names)
        view = None if self.view.box.is_whole() else self.view.box.visible()
        self._show_waves(seconds, frames, peaks, colours)
        self._waiting = None
        if (self._shown_job, self._names) != (job.id, tuple(names)):
            self._shown_job, self._names = job.id, tuple(names)
            self._heads = [LaneHead(self._controller, n, name, colours[n]) for n, name in enumerate(names)]
            self._stack.set_heads(self._heads)
        else:
            self._stack.relayout()
        if same_song and view:
            self.view.box.show_range(*view)
        self._refresh()
        self.view.set_playhead(self._controller.seconds if same_song else 0.0)

    def _show_waves(self, seconds: float, frames: int, peaks: Sequence[Peaks | None], colours: Sequence[str]) -> None:
        self._seconds = seconds
        loud = [QUIETEST if found is None else max(QUIETEST, loudest(found)) for found in peaks]
        waves = [LaneWave(*lane) for lane in zip(peaks, colours, gains(loud), strict=True)]
        self.view.set_lanes(self._seconds, frames, waves)

    def _move_playhead(self, _frame: int) -> None:
        if not self._heads:
            return
        if self._controller.playing:
            self.view.follow_playhead(self._controller.seconds)
        else:
            self.view.set_playhead(self._controller.seconds)

    def _refresh(self) -> None:
        for number, head in enumerate(self._heads):
            head.refresh()
            self.view.set_heard(number, self._controller.audible(number))

    def _show_levels(self, levels: Sequence[float]) -> None:
        for number, head in enumerate(self._heads):
            if number < len(levels):
                head.show_peak(levels[number])
            else:
                head.rest()


def _finished(paths: Sequence[Path]) -> Song:
    return StemFiles(paths)


def _unfinished(folders: tuple[Path, Path], about: About) -> Song:
    return UnfinishedSong(*folders, about)


def gains(loud: Sequence[float]) -> list[float]:
    """Return how high to draw each lane, from the lanes' largest samples.

    The loudest lane fills its height; the others keep half of their distance in decibels, to be seen at all.
    """
    tallest = max(loud, default=1.0)
    return [1 / (tallest * own) ** 0.5 for own in loud]


def _length(job: Job, peaks: Sequence[Peaks | None]) -> tuple[float, int]:
    """The song's length in seconds and in frames."""
    frames = job.frames or max((found.frames for found in peaks if found is not None), default=0)
    return frames / job.sample_rate if frames and job.sample_rate else job.seconds or 1.0, frames


def _open(path: Path) -> Peaks | None:
    """Open a pyramid; a lane without one still plays."""
    with suppress(OSError, ValueError):
        return Peaks.open(path)
    return None
