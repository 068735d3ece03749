"""Sketch, the built-in engine: four stems in draft quality within seconds, without weights, by NumPy and SciPy.

The spectrum is divided into groups of bins. Sixteen features of each group and a small fitted table determine the
mask of each stem. Left and right share one mask, and the masks sum to one, so the stems sum to the mixture.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from desktop.pipeline.engines.engine import PendingStems, Samples, Segmentation
from desktop.pipeline.engines.sketch_features import (
    GROUP_COUNT,
    GROUP_WIDTHS,
    compute_features,
    pool_energies,
    side_to_mid_db,
)
from desktop.pipeline.engines.sketch_masks import compute_masks, load_tables

WINDOW, HOP = 4096, 1024
_PAD = WINDOW // 2
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_GROUP_OF_BIN = np.append(np.repeat(np.arange(GROUP_COUNT), GROUP_WIDTHS), GROUP_COUNT - 1)
# Frames computed at a time: few enough for a core's cache.
_CHUNK_FRAMES = 32


class SketchEngine:
    """Engine without state between segments: same bits after any earlier calls and with any number of threads."""

    name = "sketch"
    sample_rate = 44100
    runtime = "numpy"
    notices = ()
    # Features depend on 43 frames on each side, and the inverse transform on two more. Each segment is measured by its
    # own mean energy and stereo width, so the masks of neighbours differ a little: the overlap of four frames hides the
    # transition.
    segmentation = Segmentation(length=434 * HOP, stride=430 * HOP, context=45 * HOP)

    def __init__(self, threads: int = 1) -> None:
        """Separate `threads` segments in parallel: NumPy and SciPy release the GIL."""
        self.batch = threads
        self._scratch = _Scratch()
        self._pool = ThreadPoolExecutor(threads, "sketch") if threads > 1 else None

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the stems in the fitted table."""
        return load_tables().stems

    def separate(self, segments: Samples) -> PendingStems:
        """Separate float32 `[n, 2, frames]` into float32 `[n, 4, 2, frames]`, silent in a full segment's context."""
        stems = np.zeros((len(segments), len(self.sources), *segments.shape[1:]), dtype=np.float32)
        # list() raises an error of any thread.
        list((self._pool.map if self._pool else map)(self._separate_into, segments, stems))
        return lambda: stems

    def _separate_into(self, segment: Samples, stems: Samples) -> None:
        """Separate a segment `[2, frames]` into the array `stems` `[4, 2, frames]`."""
        spectrum = stft(segment, self._scratch.spectrum)
        self._scratch.spectrum = spectrum
        energies = pool_energies(spectrum)
        frames, samples = self._output_ranges(segment.shape[1])
        self._scratch.features = compute_features(energies, frames, self._scratch.features)
        stem_masks = compute_masks(self._scratch.features, side_to_mid_db(energies))
        skip = samples.start - frames.start * HOP
        length = samples.stop - samples.start
        last = stems[-1, :, samples]
        last[...] = segment[:, samples]
        for stem, mask in zip(stems[:-1, :, samples], stem_masks, strict=False):
            stem[...] = istft(spectrum[..., frames], skip + length, mask)[:, skip:]
            # The masks sum to one, so the last stem is the segment minus the others.
            last -= stem

    def _output_ranges(self, input_frames: int) -> tuple[slice, slice]:
        """Return the ranges of spectrum frames and of samples to compute: without the context of a full segment."""
        context, spectrum_frames = self.segmentation.context, input_frames // HOP + 1
        if input_frames <= self.segmentation.length + context:
            return slice(0, spectrum_frames), slice(0, input_frames)
        # A frame is a window around its centre: one more on each side contributes to the first and the last sample.
        reach = WINDOW // HOP // 2 - 1
        return slice(context // HOP - reach, spectrum_frames - context // HOP + reach), slice(
            context, input_frames - context
        )


class _Scratch(threading.local):
    """Buffers that each thread reuses: allocating them for every segment would take a tenth of the time."""

    spectrum: NDArray[np.complex64] | None = None
    features: NDArray[np.float32] | None = None


def stft(samples: Samples, scratch: NDArray[np.complex64] | None = None) -> NDArray[np.complex64]:
    """Return the centred spectrum `[channels, 2049, frames]` of `[channels, n]`.

    Written into `scratch`, an earlier result, if its shape fits.
    """
    frames = samples.shape[1] // HOP + 1
    padded = np.pad(samples, ((0, 0), (_PAD, _PAD + HOP)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP][:, :frames]
    shape = (len(samples), frames, WINDOW // 2 + 1)
    if scratch is None or scratch.transpose(0, 2, 1).shape != shape:
        scratch = np.empty(shape, dtype=np.complex64).transpose(0, 2, 1)
    spectrum = scratch.transpose(0, 2, 1)
    for first in range(0, frames, _CHUNK_FRAMES):
        chunk = slice(first, first + _CHUNK_FRAMES)
        spectrum[:, chunk] = np.asarray(rfft(windows[:, chunk] * _HANN, axis=2))
    return scratch


def istft(spectrum: NDArray[np.complex64], length: int, mask: NDArray[np.float32] | None = None) -> Samples:
    """Return samples `[channels, length]` of a centred spectrum `[channels, 2049, frames]`, masked if `mask` is given.

    `mask` is `[groups, frames]`; the last bin takes the last group's value.
    """
    channels, _, frames = spectrum.shape
    overlap = WINDOW // HOP
    sums = np.zeros((channels, frames + overlap - 1, HOP), dtype=np.float32)
    for first in range(0, frames, _CHUNK_FRAMES):
        part = spectrum.transpose(0, 2, 1)[:, first : first + _CHUNK_FRAMES]
        if mask is not None:
            part = part * np.take(mask[:, first : first + _CHUNK_FRAMES].T, _GROUP_OF_BIN, axis=1)
        windows = np.asarray(irfft(part, WINDOW, axis=2)) * _HANN
        for offset in range(overlap):
            sums[:, first + offset : first + offset + part.shape[1]] += windows[:, :, offset * HOP : (offset + 1) * HOP]
    sums /= _squared_window_sum(frames)
    return sums.reshape(channels, -1)[:, _PAD : _PAD + length]


@lru_cache(maxsize=4)
def _squared_window_sum(frames: int) -> NDArray[np.float32]:
    """Return the sum of the overlapping squared windows, `[frames + 3, HOP]`."""
    squares = np.square(_HANN).reshape(-1, HOP)
    weight = np.zeros((frames + len(squares) - 1, HOP), dtype=np.float32)
    for offset, square in enumerate(squares):
        weight[offset : offset + frames] += square
    return np.maximum(weight, 1e-8)
