"""Spectrograms of HTDemucs in NumPy, with the same values as in demucs, in float32.

demucs pads a signal so that frame k is centred on hop k + 1/2, drops the frames and the bin outside of that, and adds
them again as silence in the inverse transform. Here the dropped frames are not computed at all.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from desktop.pipeline.engines.engine import Samples

WINDOW_OVERLAP = 4
"""Number of windows that overlap at every sample of the result."""
SQUARED_WINDOW_SUM = 1.5
"""Sum of the squared overlapping windows at each sample."""
# Frames computed at a time: few enough for a core's cache.
_CHUNK_FRAMES = 16


class SpectrogramTransform:
    """Transform between samples and spectrogram. A complex number is two channels: real and imaginary part."""

    def __init__(self, nfft: int) -> None:
        self._nfft = nfft
        self._hop = nfft // WINDOW_OVERLAP
        self.padding = self._hop // 2 * 3
        """Samples of reflection padding before the start: the input must be longer than that."""

    def count_frames(self, length: int) -> int:
        """Return the number of spectrogram frames of `length` samples."""
        return math.ceil(length / self._hop)

    def forward(self, samples: Samples) -> Samples:
        """Transform float32 `[channels, length]` into float32 `[2 * channels, nfft / 2, frames]`."""
        channels, length = samples.shape
        frames = self.count_frames(length)
        padded = np.pad(samples, ((0, 0), (self.padding, self.padding + frames * self._hop - length)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._nfft, axis=1)[:, :: self._hop][:, :frames]
        parts = np.empty((channels, 2, self._nfft // 2, frames), np.float32)
        for first in range(0, frames, _CHUNK_FRAMES):
            chunk = slice(first, first + _CHUNK_FRAMES)
            spectrum = np.asarray(rfft(windows[:, chunk] * _window(self._nfft), norm="ortho"), np.complex64)
            real_and_imaginary = spectrum[..., :-1, None].view(np.float32)
            parts[..., chunk] = real_and_imaginary.transpose(0, 3, 2, 1)
        return parts.reshape(2 * channels, -1, frames)

    def inverse(self, spectrogram: Samples, length: int) -> Samples:
        """Transform float32 `[nfft / 2, frames, 2 * n]` into float32 `[n, length]`."""
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
