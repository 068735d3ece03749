"""Reads single samples of the lanes for the waveforms, away from the window's thread."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.errors import StorageError
from desktop.ui.background import Background
from desktop.ui.waveform.samples import SampleWindow

if TYPE_CHECKING:
    from desktop.playback.song import Song

_AROUND = 0.5
"""Part of the stretch in view that is read before and after it, so that the view can be moved a little."""
_BLOCK = 65536


class SampleReader(QObject):
    """Reads one stretch at a time; of those that are wanted meanwhile only the last is read."""

    arrived = Signal(object)
    """A SampleWindow of the song that is set."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("samples", self)
        self._opened: Callable[[], Song] | None = None
        self._wanted: tuple[float, float] | None = None
        self._busy = False

    def set_song(self, opened: "Callable[[], Song] | None") -> None:
        """Read from the song that `opened` opens, in the reader's thread; None reads nothing."""
        self._opened, self._wanted = opened, None

    def want(self, start: float, end: float) -> None:
        """Read the samples between two seconds soon."""
        self._wanted = (start, end)
        self._read()

    def close(self) -> None:
        """Finish what is being read, and read nothing more."""
        self._background.close()

    def _read(self) -> None:
        opened, wanted = self._opened, self._wanted
        if self._busy or opened is None or wanted is None:
            return
        self._busy, self._wanted = True, None
        self._background.run(
            lambda: read_samples(opened(), *wanted), lambda window: self._take(opened, window), lambda _: self._give_up()
        )

    def _take(self, opened: "Callable[[], Song]", window: SampleWindow) -> None:
        self._busy = False
        if opened is self._opened:
            self.arrived.emit(window)
        self._read()

    def _give_up(self) -> None:
        """The files are gone, or damaged: the peaks are still drawn, and the player says what is wrong."""
        self._busy = False
        self._read()


def read_samples(song: "Song", start: float, end: float) -> SampleWindow:
    """Read the samples between two seconds, and half as much before and after. Raises StorageError.

    Where a song in work has no sound yet, the window ends.
    """
    import numpy as np  # the window comes up without it

    around = (end - start) * _AROUND
    first = max(0, int((start - around) * song.sample_rate))
    count = min(song.frames, int((end + around) * song.sample_rate) + 1) - first
    reading = song.reading(first)
    lows, highs = [np.zeros((0, song.lanes), np.float32)], [np.zeros((0, song.lanes), np.float32)]
    try:
        while count > 0 and len(block := reading.read(min(count, _BLOCK))):
            lows.append(block.min(axis=2))
            highs.append(block.max(axis=2))
            count -= len(block)
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError("The samples cannot be read.") from error
    finally:
        reading.close()
    return SampleWindow(first, song.sample_rate, np.concatenate(lows), np.concatenate(highs))
