"""Reads single samples of the lanes for the waveforms, away from the window's thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.waveform.pixel_columns import SampleWindow

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource

_MARGIN_FRACTION = 0.5
"""Part of the stretch in view that is read before and after it, so that the view can be moved a little."""
_BLOCK_FRAMES = 65536


class SampleReader(QObject):
    """Reads one stretch at a time; of those that are wanted meanwhile only the last is read."""

    samples_ready = Signal(object)
    """A SampleWindow of the song that is set."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundRunner("samples", self)
        self._open_song: Callable[[], PlaybackSource] | None = None
        self._requested_range: tuple[float, float] | None = None
        self._is_reading = False

    def set_song(self, open_song: "Callable[[], PlaybackSource] | None") -> None:
        """Read from the song that `opened` opens, in the reader's thread; None reads nothing."""
        self._open_song, self._requested_range = open_song, None

    def request(self, start: float, end: float) -> None:
        """Read the samples between two seconds soon."""
        self._requested_range = (start, end)
        self._read_next()

    def close(self) -> None:
        """Finish what is being read, and read nothing more."""
        self._background.close()

    def _read_next(self) -> None:
        open_song, requested_range = self._open_song, self._requested_range
        if self._is_reading or open_song is None or requested_range is None:
            return
        self._is_reading, self._requested_range = True, None
        self._background.run(
            lambda: read_samples(open_song(), *requested_range),
            lambda window: self._deliver(open_song, window),
            lambda _: self._on_read_failed(),
        )

    def _deliver(self, open_song: "Callable[[], PlaybackSource]", window: SampleWindow) -> None:
        self._is_reading = False
        if open_song is self._open_song:
            self.samples_ready.emit(window)
        self._read_next()

    def _on_read_failed(self) -> None:
        """The files are gone, or damaged: the peaks are still drawn, and the player says what is wrong."""
        self._is_reading = False
        self._read_next()


def read_samples(song: "PlaybackSource", start: float, end: float) -> SampleWindow:
    """Read the samples between two seconds, and half as much before and after. Raises StorageError.

    Where a song in work has no sound yet, the window ends.
    """
    import numpy as np  # the window comes up without it

    margin = (end - start) * _MARGIN_FRACTION
    first = max(0, int((start - margin) * song.sample_rate))
    count = min(song.frames, int((end + margin) * song.sample_rate) + 1) - first
    stream = song.open_stream(first)
    lows, highs = [np.zeros((0, song.lanes), np.float32)], [np.zeros((0, song.lanes), np.float32)]
    try:
        while count > 0 and len(block := stream.read(min(count, _BLOCK_FRAMES))):
            lows.append(block.min(axis=2))
            highs.append(block.max(axis=2))
            count -= len(block)
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError("The samples cannot be read.") from error
    finally:
        stream.close()
    return SampleWindow(first, song.sample_rate, np.concatenate(lows), np.concatenate(highs))
