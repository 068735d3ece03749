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
# Frames worked on at a time: what is in work fits a core's cache.
_CHUNK_FRAMES = 32


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

    def separate(self, segments: Samples) -> PendingStems:
        """float32 `[n, 2, frames]` to float32 `[n, 4, 2, frames]`; the context of a full segment stays silent."""
        stems = np.zeros((len(segments), len(self.sources), *segments.shape[1:]), dtype=np.float32)
        # A list, so that an error in any thread is heard of.
        list((self._pool.map if self._pool else map)(self._separate_into, segments, stems))
        return lambda: stems

    def _separate_into(self, segment: Samples, stems: Samples) -> None:
        """Fill `stems` `[4, 2, frames]` with what becomes of a segment `[2, frames]`."""
        spectrum = stft(segment, self._scratch.spectrum)
        self._scratch.spectrum = spectrum
        energies = pool_energies(spectrum)
        frames, sound = self._output_ranges(segment.shape[1])
        self._scratch.features = compute_features(energies, frames, self._scratch.features)
        stem_masks = compute_masks(self._scratch.features, side_to_mid_db(energies))
        skip = sound.start - frames.start * HOP
        length = sound.stop - sound.start
        last = stems[-1, :, sound]
        last[...] = segment[:, sound]
        for stem, mask in zip(stems[:-1, :, sound], stem_masks, strict=False):
            stem[...] = istft(spectrum[..., frames], skip + length, mask)[:, skip:]
            # Shares sum to one, so the last stem is what the others leave.
            last -= stem

    def _output_ranges(self, input_frames: int) -> tuple[slice, slice]:
        """Frames of the spectrum and of the sound that count: what is longer than a segment came with its context."""
        context, spectrum_frames = self.segmentation.context, input_frames // HOP + 1
        if input_frames <= self.segmentation.length + context:
            return slice(0, spectrum_frames), slice(0, input_frames)
        # A frame is a window about its centre: one more on each side has a part in the first and in the last sample.
        reach = WINDOW // HOP // 2 - 1
        return slice(context // HOP - reach, spectrum_frames - context // HOP + reach), slice(
            context, input_frames - context
        )


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
    for first in range(0, frames, _CHUNK_FRAMES):
        chunk = slice(first, first + _CHUNK_FRAMES)
        spectrum[:, chunk] = np.asarray(rfft(windows[:, chunk] * _HANN, axis=2))
    return scratch


def istft(spectrum: NDArray[np.complex64], length: int, mask: NDArray[np.float32] | None = None) -> Samples:
    """Sound `[channels, length]` of a centred spectrum `[channels, 2049, frames]`, or of a share of it.

    `share` is `[groups, frames]`; the last bin takes the last group's.
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
    """Sum of squared windows `[frames + 3, HOP]`."""
    squares = np.square(_HANN).reshape(-1, HOP)
    weight = np.zeros((frames + len(squares) - 1, HOP), dtype=np.float32)
    for offset, square in enumerate(squares):
        weight[offset : offset + frames] += square
    return np.maximum(weight, 1e-8)
