"""Background computation of the spectrograms of the lanes, also of stems that are still being separated."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError
from desktop.text.message import Message
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.waveform.spectrogram import BANDS, TILE_COLUMNS, Tile, TileKey, compute_levels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from desktop.playback.source import PlaybackSource

_READ_AHEAD_FRAMES = 131072
"""Frames that are read at once beyond a window."""
SourceOpener = Callable[[], "PlaybackSource"]


class SpectrogramReader(QObject):
    """Computes one tile after another; a new request replaces the tiles that wait."""

    tile_ready = Signal(object, object)
    """TileKey and Tile of the current track."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundRunner("spectrogram", self)
        self._open_source: SourceOpener | None = None
        self._waiting: list[TileKey] = []
        self._is_computing = False
        self._current: TileKey | None = None
        """The tile that is being computed; None if nobody waits for it."""

    def set_song(self, open_source: "SourceOpener | None") -> None:
        """Compute from the source that `open_source` opens in the background thread; None computes nothing."""
        self._open_source, self._waiting, self._current = open_source, [], None

    def request(self, keys: Sequence[TileKey]) -> None:
        """Compute these tiles, in this order; `tile_ready` delivers them."""
        self._waiting = [key for key in keys if key != self._current]
        self._compute_next()

    def discard_current(self) -> None:
        """Do not deliver the tile that is being computed: its sound has changed meanwhile."""
        self._current = None

    def close(self) -> None:
        """Finish the current tile, and start no other."""
        self._background.close()

    def _compute_next(self) -> None:
        open_source = self._open_source
        if self._is_computing or open_source is None or not self._waiting:
            return
        key = self._waiting.pop(0)
        self._is_computing, self._current = True, key
        self._background.run(
            lambda: compute_tile(open_source(), key),
            partial(self._deliver, key),
            lambda _: self._on_failed(),
        )

    def _deliver(self, key: TileKey, tile: Tile) -> None:
        is_awaited = key == self._current
        self._is_computing, self._current = False, None
        if is_awaited:
            self.tile_ready.emit(key, tile)
        self._compute_next()

    def _on_failed(self) -> None:
        """Go on with the next tile: the player reports missing and damaged files."""
        self._is_computing, self._current = False, None
        self._compute_next()


def compute_tile(source: "PlaybackSource", key: TileKey) -> Tile:
    """Return the levels of one tile; the last lane is the original, which is the sum of the stems. Raises StorageError.

    Columns whose samples do not exist yet are empty.
    """
    import numpy as np  # imported late: the window appears without it

    tile = np.zeros((source.lanes + 1, BANDS, TILE_COLUMNS), np.uint8)
    window = key.window
    try:
        samples = _SampleWindows(source, window, _READ_AHEAD_FRAMES if key.hop < _READ_AHEAD_FRAMES else 0)
        for column in range(TILE_COLUMNS):
            middle = key.start + column * key.hop + key.hop // 2
            if middle >= source.frames:
                break
            sound = samples.read(max(0, middle - window // 2))
            if sound is None:
                continue  # of an unfinished song, later parts may exist already
            tile[:, :, column] = compute_levels(sound, source.sample_rate)
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError(Message("The samples cannot be read.")) from error
    return tile


class _SampleWindows:
    """Reads windows of samples at ascending positions, each sample once where they overlap."""

    def __init__(self, source: "PlaybackSource", window: int, read_ahead: int) -> None:
        """`read_ahead` is the number of frames to read beyond a window; none if the next window is farther away."""
        self._source, self._window, self._read_ahead = source, window, read_ahead
        self._start = 0
        self._samples = self._read_range(0, 0)

    def read(self, start: int) -> "NDArray[np.float32] | None":
        """Return float32 [lanes + 1, window] from frame `start` on, padded with silence; None if there are none."""
        import numpy as np

        end, read_until = start + self._window, self._start + len(self._samples)
        if not self._start <= start <= read_until:
            self._start, self._samples = start, self._read_range(start, end + self._read_ahead)
        elif end > read_until:
            new = self._read_range(read_until, end + self._read_ahead)
            self._start, self._samples = start, np.concatenate([self._samples[start - self._start :], new])
        lanes = self._samples[start - self._start : end - self._start].T
        if not lanes.shape[1]:
            return None
        padding = np.zeros((len(lanes), self._window - lanes.shape[1]), np.float32)
        return np.concatenate([lanes, padding], axis=1)

    def _read_range(self, start: int, end: int) -> "NDArray[np.float32]":
        """Return the mean of both channels of each lane, and of their sum, float32 [frames, lanes + 1]."""
        import numpy as np

        from desktop.playback.original_stream import OriginalStream

        blocks = [np.zeros((0, self._source.lanes + 1), np.float32)]
        left = min(end, self._source.frames) - start
        if left <= 0:
            return blocks[0]
        stream = OriginalStream(self._source.open_stream(start))
        try:
            while left > 0 and len(block := stream.read(left)):
                blocks.append((block[:, :, 0] + block[:, :, 1]) * np.float32(0.5))
                left -= len(block)
        finally:
            stream.close()
        return np.concatenate(blocks)
