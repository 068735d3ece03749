"""Sketch, the built-in engine: four stems in draft quality, at once, without weights. numpy and scipy alone.

A spectrum is cut into groups of frequencies; sixteen features of each, and a small fitted table, give every stem its
share of it. The same mask serves left and right, and shares sum to one, so the stems sum to the mixture.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from desktop.pipeline.engines.engine import Answer, Samples, Segmentation
from desktop.pipeline.engines.sketch_features import GROUPS, WIDTHS, features, pool, side_to_middle
from desktop.pipeline.engines.sketch_masks import load_tables, masks

WINDOW, HOP = 4096, 1024
_PAD = WINDOW // 2
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_GROUP = np.append(np.repeat(np.arange(GROUPS), WIDTHS), GROUPS - 1)
# Frames worked on at a time: what is in work fits a core's cache.
_CHUNK = 32


class SketchEngine:
    """Remembers nothing between segments: the same bits whatever came before, and in however many threads."""

    name = "sketch"
    sample_rate = 44100
    runtime = "numpy"
    notices = ()
    # Features reach 43 frames far, and the inverse spectrum two more. Every segment is measured by its own mean and
    # its own width, so the shares of neighbours differ a little: the four frames they have in common hide the seam.
    segmentation = Segmentation(length=434 * HOP, stride=430 * HOP, context=45 * HOP)

    def __init__(self, threads: int = 1) -> None:
        """`threads` segments are separated at the same time: numpy and scipy let go of Python's lock."""
        self.batch = threads
        self._scratch = _Scratch()
        self._pool = ThreadPoolExecutor(threads, "sketch") if threads > 1 else None

    @property
    def sources(self) -> tuple[str, ...]:
        """As the fitted table names them."""
        return load_tables().stems

    def separate(self, segments: Samples) -> Answer:
        """float32 `[n, 2, frames]` to float32 `[n, 4, 2, frames]`; the context of a full segment stays silent."""
        stems = np.zeros((len(segments), len(self.sources), *segments.shape[1:]), dtype=np.float32)
        # A list, so that an error in any thread is heard of.
        list((self._pool.map if self._pool else map)(self._separate, segments, stems))
        return lambda: stems

    def _separate(self, segment: Samples, stems: Samples) -> None:
        """Fill `stems` `[4, 2, frames]` with what becomes of a segment `[2, frames]`."""
        spectrum = stft(segment, self._scratch.spectrum)
        self._scratch.spectrum = spectrum
        energies = pool(spectrum)
        frames, sound = self._wanted(segment.shape[1])
        self._scratch.features = features(energies, frames, self._scratch.features)
        shares = masks(self._scratch.features, side_to_middle(energies))
        skip = sound.start - frames.start * HOP
        length = sound.stop - sound.start
        last = stems[-1, :, sound]
        last[...] = segment[:, sound]
        for stem, share in zip(stems[:-1, :, sound], shares, strict=False):
            stem[...] = istft(spectrum[..., frames], skip + length, share)[:, skip:]
            # Shares sum to one, so the last stem is what the others leave.
            last -= stem

    def _wanted(self, heard: int) -> tuple[slice, slice]:
        """Frames of the spectrum and of the sound that count: what is longer than a segment came with its context."""
        context, whole = self.segmentation.context, heard // HOP + 1
        if heard <= self.segmentation.length + context:
            return slice(0, whole), slice(0, heard)
        # A frame is a window about its centre: one more on each side has a part in the first and in the last sample.
        reach = WINDOW // HOP // 2 - 1
        return slice(context // HOP - reach, whole - context // HOP + reach), slice(context, heard - context)


class _Scratch(threading.local):
    """Memory that a thread uses again: to get it anew from the system for every segment would take a tenth of the time."""

    spectrum: NDArray[np.complex64] | None = None
    features: NDArray[np.float32] | None = None


def stft(sound: Samples, scratch: NDArray[np.complex64] | None = None) -> NDArray[np.complex64]:
    """Centred spectrum `[channels, 2049, frames]` of `[channels, n]`; in `scratch`, an earlier one, where it fits."""
    frames = sound.shape[1] // HOP + 1
    padded = np.pad(sound, ((0, 0), (_PAD, _PAD + HOP)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP][:, :frames]
    shape = (len(sound), frames, WINDOW // 2 + 1)
    if scratch is None or scratch.transpose(0, 2, 1).shape != shape:
        scratch = np.empty(shape, dtype=np.complex64).transpose(0, 2, 1)
    spectrum = scratch.transpose(0, 2, 1)
    for first in range(0, frames, _CHUNK):
        chunk = slice(first, first + _CHUNK)
        spectrum[:, chunk] = np.asarray(rfft(windows[:, chunk] * _HANN, axis=2))
    return scratch


def istft(spectrum: NDArray[np.complex64], length: int, share: NDArray[np.float32] | None = None) -> Samples:
    """Sound `[channels, length]` of a centred spectrum `[channels, 2049, frames]`, or of a share of it.

    `share` is `[groups, frames]`; the last bin takes the last group's.
    """
    channels, _, frames = spectrum.shape
    overlap = WINDOW // HOP
    sums = np.zeros((channels, frames + overlap - 1, HOP), dtype=np.float32)
    for first in range(0, frames, _CHUNK):
        part = spectrum.transpose(0, 2, 1)[:, first : first + _CHUNK]
        if share is not None:
            part = part * np.take(share[:, first : first + _CHUNK].T, _GROUP, axis=1)
        pieces = np.asarray(irfft(part, WINDOW, axis=2)) * _HANN
        for late in range(overlap):
            sums[:, first + late : first + late + part.shape[1]] += pieces[:, :, late * HOP : (late + 1) * HOP]
    sums /= _weight(frames)
    return sums.reshape(channels, -1)[:, _PAD : _PAD + length]


@lru_cache(maxsize=4)
def _weight(frames: int) -> NDArray[np.float32]:
    """Sum of squared windows `[frames + 3, HOP]`."""
    squares = np.square(_HANN).reshape(-1, HOP)
    weight = np.zeros((frames + len(squares) - 1, HOP), dtype=np.float32)
    for late, square in enumerate(squares):
        weight[late : late + frames] += square
    return np.maximum(weight, 1e-8)
