"""Features of a song: what beats, key and chords are found in.

They take some 50 MB an hour, so that they are computed and kept for one excerpt of a song at a time.
"""

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
OVERLAP_S = 64
"""Seconds that an excerpt and the next one have in common: a whole number of frames of both rates."""
EXCERPT_S = 19 * OVERLAP_S
"""Longest excerpt of a song in seconds: 20 minutes."""
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
    """Features of an excerpt of a song; most songs are one excerpt."""

    mel: NDArray[np.float16]
    """Magnitude of a sine's full scale 1 in mel bands from low to high, `[frames, 24]`; frame i is centred on i / MEL_RATE s."""
    bass_chroma: NDArray[np.float16]
    """Magnitude by pitch class from C, in steps of 10 cents, below 250 Hz: `[frames, 120]`, at CHROMA_RATE."""
    treble_chroma: NDArray[np.float16]
    """The same from 250 Hz to 2 kHz."""
    seconds: float
    """Length of the excerpt."""
    start_s: float = 0.0
    """Start of the excerpt in the song."""


class FeatureExtractor:
    """Computes the features of a song block by block."""

    def __init__(self, sample_rate: int) -> None:
        """Expect blocks at `sample_rate` Hz."""
        self._sample_rate = sample_rate
        self._resampler = StreamResampler(sample_rate, SAMPLE_RATE, channels=2)
        # Frames are centred on their times, so the first one reaches into silence before the song.
        self._mel_frames = _FrameCutter(_MEL_WINDOW, MEL_HOP, _MEL_CHUNK)
        self._chroma_frames = _FrameCutter(_CHROMA_WINDOW, _CHROMA_HOP, _CHROMA_CHUNK)
        self._mel = _Rows(np.empty((0, _MEL_BANDS), np.float16))
        self._chroma = _Rows(np.empty((0, 2 * _CHROMA_BINS), np.float16))
        self._input_frames = 0
        self._start_s = 0.0

    def push(self, mixture: NDArray[np.floating], harmonic: NDArray[np.floating]) -> None:
        """Add the next block: mono samples `[frames]` of the mixture, and of the instruments that play the chords."""
        self._input_frames += len(mixture)
        self._add(self._resampler.push(np.stack([mixture, harmonic])), is_last=False)

    @property
    def has_excerpt(self) -> bool:
        """Whether there are features of an excerpt of full length."""
        return self._mel.count >= EXCERPT_S * MEL_RATE and self._chroma.count >= EXCERPT_S * CHROMA_RATE

    def take_excerpt(self) -> Features:
        """Return the features of an excerpt of full length, and forget all but those that the next one begins with."""
        mel, chroma = self._mel.rows[: round(EXCERPT_S * MEL_RATE)], self._chroma.rows[: EXCERPT_S * CHROMA_RATE]
        features = _features(mel, chroma, EXCERPT_S, self._start_s)
        step_s = EXCERPT_S - OVERLAP_S
        self._mel = _Rows(self._mel.rows[round(step_s * MEL_RATE) :])
        self._chroma = _Rows(self._chroma.rows[step_s * CHROMA_RATE :])
        self._start_s += step_s
        return features

    def finish(self) -> Features:
        """Return the features of the rest of the song: of all blocks, unless an excerpt was taken."""
        self._add(self._resampler.flush(), is_last=True)
        seconds = self._input_frames / self._sample_rate - self._start_s
        return _features(self._mel.rows, self._chroma.rows, seconds, self._start_s)

    def _add(self, samples: NDArray[np.float64], is_last: bool) -> None:
        mixture, harmonic = samples.astype(np.float32)
        for frames in self._mel_frames.push(mixture, is_last):
            self._mel.append(_mel_spectra(frames))
        for frames in self._chroma_frames.push(harmonic, is_last):
            self._chroma.append(_chroma(frames))


class _Rows:
    """Array that grows by rows without a second copy of itself."""

    def __init__(self, rows: NDArray[np.float16]) -> None:
        self._buffer = rows.copy()
        self.count = len(rows)

    @property
    def rows(self) -> NDArray[np.float16]:
        """All rows; a view that `append` makes invalid."""
        return self._buffer[: self.count]

    def append(self, rows: NDArray[np.float16]) -> None:
        end = self.count + len(rows)
        if end > len(self._buffer):
            self._buffer.resize((end + end // 8, self._buffer.shape[1]), refcheck=False)
        self._buffer[self.count : end] = rows
        self.count = end


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


def _features(mel: NDArray[np.float16], chroma: NDArray[np.float16], seconds: float, start_s: float) -> Features:
    return Features(mel, chroma[:, :_CHROMA_BINS], chroma[:, _CHROMA_BINS:], seconds, start_s)


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
