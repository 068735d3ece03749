"""Sketch, the built-in engine: four stems in draft quality, at once, without weights. numpy and scipy alone.

A spectrum is cut into groups of frequencies; sixteen features of each, and a small fitted table, give every stem its
share of it. The same mask serves left and right, and shares sum to one, so the stems sum to the mixture.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal.windows import hann

from desktop.pipeline.engines.engine import Samples, Segmentation
from desktop.pipeline.engines.sketch_features import WIDTHS, features, pool, side_to_middle
from desktop.pipeline.engines.sketch_masks import load_tables, masks

WINDOW, HOP = 4096, 1024
_PAD = WINDOW // 2
_HANN = hann(WINDOW, sym=False).astype(np.float32)


class SketchEngine:
    """Remembers nothing between segments: the same bits whatever came before."""

    name = "sketch"
    sample_rate = 44100
    segmentation = Segmentation(length=430 * HOP, stride=430 * HOP, context=64 * HOP)

    @property
    def sources(self) -> tuple[str, ...]:
        """As the fitted table names them."""
        return load_tables().stems

    def separate(self, segment: Samples) -> Samples:
        """float32 `[2, frames]` to float32 `[4, 2, frames]`."""
        spectrum = stft(segment)
        energies = pool(spectrum)
        shares = masks(features(energies), side_to_middle(energies))
        stems = np.empty((len(shares), *segment.shape), dtype=np.float32)
        for number, share in enumerate(shares):
            stems[number] = istft(spectrum * _per_bin(share), segment.shape[1])
        return stems


def stft(sound: Samples) -> NDArray[np.complex64]:
    """Centred spectrum `[channels, 2049, frames]` of `[channels, n]`."""
    frames = sound.shape[1] // HOP + 1
    padded = np.pad(sound, ((0, 0), (_PAD, _PAD + HOP)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP][:, :frames]
    return np.asarray(rfft(windows * _HANN, axis=2), dtype=np.complex64).transpose(0, 2, 1)


def istft(spectrum: NDArray[np.complex64], length: int) -> Samples:
    """Sound `[channels, length]` of a centred spectrum `[channels, 2049, frames]`."""
    channels, _, frames = spectrum.shape
    pieces = np.asarray(irfft(spectrum.transpose(0, 2, 1), WINDOW, axis=2), dtype=np.float32) * _HANN
    overlap = WINDOW // HOP
    sums = np.zeros((channels, frames + overlap - 1, HOP), dtype=np.float32)
    weight = np.zeros((frames + overlap - 1, HOP), dtype=np.float32)
    for part in range(overlap):
        inside = slice(part * HOP, (part + 1) * HOP)
        sums[:, part : part + frames] += pieces[:, :, inside]
        weight[part : part + frames] += np.square(_HANN[inside])
    sound = sums / np.maximum(weight, 1e-8)
    return sound.reshape(channels, -1)[:, _PAD : _PAD + length].astype(np.float32, copy=False)


def _per_bin(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """A share of every group `[groups, frames]` as one of every bin `[2049, frames]`: the last bin takes the last."""
    return np.concatenate([np.repeat(share, WIDTHS, axis=0), share[-1:]])
