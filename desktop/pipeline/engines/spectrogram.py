"""The spectrograms that HTDemucs hears and gives, as demucs makes them: float32 throughout.

demucs pads a signal so that frame k is centred on the hop k and a half, drops the frames and the bin beyond that, and
on the way back adds them again as silence. Frames that are dropped are not made here at all.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from desktop.pipeline.engines.engine import Samples

WINDOW_OVERLAP = 4
"""So many overlap everywhere that is kept."""
SQUARED_WINDOW_SUM = 1.5
"""Of the windows that overlap at a frame."""
# Frames worked on at a time: what is in work fits a core's cache.
_CHUNK_FRAMES = 16


class SpectrogramTransform:
    """Sound to spectrogram and back. Complex numbers are two channels: the real part and the imaginary."""

    def __init__(self, nfft: int) -> None:
        self._nfft = nfft
        self._hop = nfft // WINDOW_OVERLAP
        self.padding = self._hop // 2 * 3
        """Frames that are mirrored before the sound's start: it must be longer than that."""

    def count_frames(self, length: int) -> int:
        """How many frames a sound of `length` has."""
        return math.ceil(length / self._hop)

    def forward(self, sound: Samples) -> Samples:
        """float32 `[channels, length]` to float32 `[2 * channels, nfft / 2, frames]`."""
        channels, length = sound.shape
        frames = self.count_frames(length)
        padded = np.pad(sound, ((0, 0), (self.padding, self.padding + frames * self._hop - length)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._nfft, axis=1)[:, :: self._hop][:, :frames]
        parts = np.empty((channels, 2, self._nfft // 2, frames), np.float32)
        for first in range(0, frames, _CHUNK_FRAMES):
            chunk = slice(first, first + _CHUNK_FRAMES)
            spectrum = np.asarray(rfft(windows[:, chunk] * _window(self._nfft), norm="ortho"), np.complex64)
            numbers = spectrum[..., :-1, None].view(np.float32)
            parts[..., chunk] = numbers.transpose(0, 3, 2, 1)
        return parts.reshape(2 * channels, -1, frames)

    def inverse(self, spectrogram: Samples, length: int) -> Samples:
        """float32 `[nfft / 2, frames, 2 * n]` to float32 `[n, length]`."""
        bins, frames, parts = spectrogram.shape
        window = _window(self._nfft) / np.float32(SQUARED_WINDOW_SUM)
        sums = np.zeros((parts // 2, frames + WINDOW_OVERLAP - 1, self._hop), np.float32)
        spectrum = np.zeros((parts // 2, _CHUNK_FRAMES, bins + 1), np.complex64)
        for first in range(0, frames, _CHUNK_FRAMES):
            part = np.ascontiguousarray(spectrogram[:, first : first + _CHUNK_FRAMES]).view(np.complex64)
            count = part.shape[1]
            spectrum[:, :count, :-1] = part.transpose(2, 1, 0)
            pieces = np.asarray(irfft(spectrum[:, :count], self._nfft, norm="ortho")) * window
            for offset in range(WINDOW_OVERLAP):
                sums[:, first + offset : first + offset + count] += pieces[
                    ..., offset * self._hop : (offset + 1) * self._hop
                ]
        return sums.reshape(len(sums), -1)[:, self.padding : self.padding + length]


@lru_cache(maxsize=8)
def _window(nfft: int) -> NDArray[np.float32]:
    return np.hanning(nfft + 1)[:-1].astype(np.float32)
