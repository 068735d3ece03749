"""Features of a song: what beats, key and chords are found in, small enough to keep for hours of music."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse

from desktop.audio.resample import StreamResampler

SAMPLE_RATE = 22_050
"""Rate in Hz at which all features are computed."""
MEL_HOP = 128
"""Samples from one mel frame to the next: 5.8 ms."""
MEL_RATE = SAMPLE_RATE / MEL_HOP
"""Mel frames a second: 172."""
CHROMA_RATE = 10
"""Chroma frames a second."""
BINS_PER_SEMITONE = 10
"""Resolution of the chroma before the tuning is known: 10 cents."""
_CHROMA_BINS = 12 * BINS_PER_SEMITONE
_MEL_WINDOW = 1024
_MEL_BANDS = 24
_MEL_RANGE_HZ = (40.0, 10_000.0)
# 0.37 s: tells semitones apart from some 130 Hz upwards, and single bass notes below that.
_CHROMA_WINDOW = 8192
_CHROMA_HOP = SAMPLE_RATE // CHROMA_RATE
_PITCH_RANGE_HZ = (50.0, 2_000.0)
# Below this frequency a spectral peak counts as a bass note: C4 with a margin.
_BASS_LIMIT_HZ = 250.0
# Frames that are transformed at a time: some 4 MB.
_MEL_CHUNK, _CHROMA_CHUNK = 1024, 64


@dataclass(frozen=True)
class Features:
    """Features of a whole song."""

    mel: NDArray[np.float16]
    """Magnitude of a sine's full scale 1 in mel bands from low to high, `[frames, 24]`; frame i is centred on i / MEL_RATE s."""
    bass_chroma: NDArray[np.float16]
    """Magnitude by pitch class from C, in steps of 10 cents, below 250 Hz: `[frames, 120]`, at CHROMA_RATE."""
    treble_chroma: NDArray[np.float16]
    """The same from 250 Hz to 2 kHz."""
    seconds: float
    """Length of the song."""


class FeatureExtractor:
    """Computes the features of a song block by block."""

    def __init__(self, sample_rate: int) -> None:
        """Expect blocks at `sample_rate` Hz."""
        self._sample_rate = sample_rate
        self._resampler = StreamResampler(sample_rate, SAMPLE_RATE, channels=2)
        # Frames are centred on their times, so the first one reaches into silence before the song.
        self._mel_frames = _FrameCutter(_MEL_WINDOW, MEL_HOP, _MEL_CHUNK)
        self._chroma_frames = _FrameCutter(_CHROMA_WINDOW, _CHROMA_HOP, _CHROMA_CHUNK)
        self._mel: list[NDArray[np.float16]] = []
        self._chroma: list[NDArray[np.float16]] = []
        self._input_frames = 0

    def push(self, mixture: NDArray[np.floating], harmonic: NDArray[np.floating]) -> None:
        """Add the next block: mono samples `[frames]` of the mixture, and of the instruments that play the chords."""
        self._input_frames += len(mixture)
        self._add(self._resampler.push(np.stack([mixture, harmonic])), is_last=False)

    def finish(self) -> Features:
        """Return the features of all blocks."""
        self._add(self._resampler.flush(), is_last=True)
        chroma = np.concatenate(self._chroma)
        return Features(
            mel=np.concatenate(self._mel),
            bass_chroma=chroma[:, :_CHROMA_BINS],
            treble_chroma=chroma[:, _CHROMA_BINS:],
            seconds=self._input_frames / self._sample_rate,
        )

    def _add(self, samples: NDArray[np.float64], is_last: bool) -> None:
        mixture, harmonic = samples.astype(np.float32)
        self._mel.extend(map(_mel_spectra, self._mel_frames.push(mixture, is_last)))
        self._chroma.extend(map(_chroma, self._chroma_frames.push(harmonic, is_last)))


class _FrameCutter:
    """Cuts a stream into overlapping frames, of which frame i is centred on sample i * hop."""

    def __init__(self, length: int, hop: int, chunk: int) -> None:
        self._length, self._hop, self._chunk = length, hop, chunk
        self._rest = np.zeros(length // 2, np.float32)

    def push(self, samples: NDArray[np.float32], is_last: bool) -> Iterator[NDArray[np.float32]]:
        """Yield the complete frames, float32 `[frames <= chunk, length]`; after the last samples at least one frame."""
        end = np.zeros(self._length // 2 if is_last else 0, np.float32)
        rest = np.concatenate([self._rest, samples, end])
        count = max(0, (len(rest) - self._length) // self._hop + 1)
        self._rest = rest[count * self._hop :]
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(rest, self._length)[:: self._hop]
            yield from (frames[first : first + self._chunk] for first in range(0, count, self._chunk))


def _spectra(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the magnitudes of windowed frames; a sine of full scale has the magnitude 1."""
    length = frames.shape[1]
    # scipy's transform of float32 is three times as fast as numpy's.
    spectra = cast("NDArray[np.complex64]", fft.rfft(frames * _window(length), axis=1, workers=1))
    return np.abs(spectra) * np.float32(4 / length)


def _mel_spectra(frames: NDArray[np.float32]) -> NDArray[np.float16]:
    return (_spectra(frames) @ _mel_weights()).astype(np.float16)


def _chroma(frames: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return bass and treble chroma side by side: the square roots of the spectral peaks' magnitudes by pitch class.

    The frequency of a peak is the vertex of a parabola through three logarithmic magnitudes (J. O. Smith, Spectral
    Audio Signal Processing, "Quadratic Interpolation of Spectral Peaks").
    """
    hz_per_bin = SAMPLE_RATE / _CHROMA_WINDOW
    low, high = (round(limit / hz_per_bin) for limit in _PITCH_RANGE_HZ)
    levels = np.log(_spectra(frames)[:, low - 1 : high + 2] + np.float32(1e-7))
    before, here, after = levels[:, :-2], levels[:, 1:-1], levels[:, 2:]
    row, bin_ = np.nonzero((here > before) & (here >= after) & (here > np.log(1e-5)))
    before, here, after = before[row, bin_], here[row, bin_], after[row, bin_]
    offset = 0.5 * (before - after) / (before - 2 * here + after)
    hertz = (low + bin_ + offset) * hz_per_bin
    pitch = (69 + 12 * np.log2(hertz / 440)) % 12 * BINS_PER_SEMITONE
    column = np.round(pitch).astype(np.intp) % _CHROMA_BINS + np.where(hertz < _BASS_LIMIT_HZ, 0, _CHROMA_BINS)
    cells = row * (2 * _CHROMA_BINS) + column
    chroma = np.bincount(cells, np.exp(0.5 * here), minlength=len(frames) * 2 * _CHROMA_BINS)
    return chroma.reshape(len(frames), -1).astype(np.float16)


@cache
def _window(length: int) -> NDArray[np.float32]:
    return np.hanning(length + 1)[:-1].astype(np.float32)


@cache
def _mel_weights() -> sparse.csr_array:
    """Return triangular filters, equally wide on the mel scale 2595 log10(1 + f / 700), as `[spectrum bins, bands]`.

    A sparse product, unlike a dense one, starts no threads that get in the way of a separation.
    """
    low, high = (2595 * np.log10(1 + limit / 700) for limit in _MEL_RANGE_HZ)
    edges = 700 * (10 ** (np.linspace(low, high, _MEL_BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_MEL_WINDOW, 1 / SAMPLE_RATE)[:, None]
    rise = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rise, fall), 0, None)
    return sparse.csr_array((weights / weights.sum(axis=0)).astype(np.float32))
