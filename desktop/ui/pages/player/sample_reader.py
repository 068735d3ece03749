"""Background reader of the lanes' single samples for the waveforms."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError
from desktop.text.message import Message
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.waveform.pixel_columns import SampleWindow

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource

_MARGIN_FRACTION = 0.5
"""Fraction of the visible range that is also read before and after it, so that the view can move a little."""
_BLOCK_FRAMES = 65536


class SampleReader(QObject):
    """Reads one range at a time; of the requests made meanwhile only the last is kept."""

    samples_ready = Signal(object)
    """SampleWindow of the current track."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundRunner("samples", self)
        self._open_source: Callable[[], PlaybackSource] | None = None
        self._requested_range: tuple[float, float] | None = None
        self._is_reading = False

    def set_song(self, open_source: "Callable[[], PlaybackSource] | None") -> None:
        """Read from the source that `open_source` opens in the background thread; None reads nothing."""
        self._open_source, self._requested_range = open_source, None

    def request(self, start: float, end: float) -> None:
        """Request the samples between two seconds; `samples_ready` delivers them."""
        self._requested_range = (start, end)
        self._read_next()

    def close(self) -> None:
        """Finish the current read, and start no other."""
        self._background.close()

    def _read_next(self) -> None:
        open_source, requested_range = self._open_source, self._requested_range
        if self._is_reading or open_source is None or requested_range is None:
            return
        self._is_reading, self._requested_range = True, None
        self._background.run(
            lambda: read_samples(open_source(), *requested_range),
            lambda window: self._deliver(open_source, window),
            lambda _: self._on_read_failed(),
        )

    def _deliver(self, open_source: "Callable[[], PlaybackSource]", window: SampleWindow) -> None:
        self._is_reading = False
        if open_source is self._open_source:
            self.samples_ready.emit(window)
        self._read_next()

    def _on_read_failed(self) -> None:
        """Go on with the next request.

        If files are missing or damaged, the peaks are still drawn, and the player reports the error.
        """
        self._is_reading = False
        self._read_next()


def read_samples(source: "PlaybackSource", start: float, end: float) -> SampleWindow:
    """Return the samples between two seconds, and half as much before and after. Raises StorageError.

    The last lane of the window is the original, which is the sum of the stems.

    The window of an unfinished track ends where its samples do not exist yet.
    """
    import numpy as np  # imported late: the window appears without it

    from desktop.playback.original_stream import OriginalStream

    margin = (end - start) * _MARGIN_FRACTION
    first = max(0, int((start - margin) * source.sample_rate))
    count = min(source.frames, int((end + margin) * source.sample_rate) + 1) - first
    stream = OriginalStream(source.open_stream(first))
    lows, highs = [np.zeros((0, source.lanes + 1), np.float32)], [np.zeros((0, source.lanes + 1), np.float32)]
    try:
        while count > 0 and len(block := stream.read(min(count, _BLOCK_FRAMES))):
            lows.append(block.min(axis=2))
            highs.append(block.max(axis=2))
            count -= len(block)
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError(Message("The samples cannot be read.")) from error
    finally:
        stream.close()
    return SampleWindow(first, source.sample_rate, np.concatenate(lows), np.concatenate(highs))
