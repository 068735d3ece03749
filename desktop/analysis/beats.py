"""Beats of a song."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from desktop.analysis.features import MEL_RATE, Features


def onset_strength(features: Features) -> NDArray[np.float64]:
    """Return how much louder each mel frame became, `[frames]`."""
    mel = features.mel.astype(np.float32)
    level = np.log1p(1000 * mel / (mel.max() + 1e-9))
    level = np.pad(level, ((3, 0), (0, 0)))
    rise = np.maximum(level[3:] - maximum_filter1d(level, 3, axis=1)[:-3], 0).mean(axis=1)
    onset = np.maximum(rise - uniform_filter1d(rise, round(0.5 * MEL_RATE)), 0)
    return (onset / (onset.std() + 1e-9)).astype(np.float64)


def find_beats(features: Features) -> NDArray[np.float64] | None:
    """Return the times of the beats in seconds; None if the song has no steady beat."""
    onset = onset_strength(features)
    if not onset.any():
        return None
    bpm = np.arange(55, 215, 0.1)
    size = 1 << (2 * len(onset)).bit_length()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(onset - onset.mean(), size)) ** 2)[: int(MEL_RATE * 12)]
    correlation = np.maximum(correlation, 0) / correlation[0]
    lag = MEL_RATE * 60 / bpm
    smooth = uniform_filter1d(correlation, 3)
    score = sum(
        weight * np.interp(lag * factor, np.arange(len(smooth)), smooth)
        for factor, weight in ((1, 1), (2, 0.5), (3, 0.33), (4, 0.5), (0.5, 0.4))
    )
    score = score * np.exp(-0.5 * (np.log2(bpm / 120) / 0.9) ** 2)
    rough = bpm[np.argmax(score)]
    times = np.arange(len(onset)) / MEL_RATE
    candidates = np.arange(rough * 0.97, rough * 1.03, rough * 2e-4)
    waves = np.array([(onset * np.exp(-2j * np.pi * times * value / 60)).sum() for value in candidates])
    best = int(np.argmax(np.abs(waves)))
    period = 60 / candidates[best]
    phase = -np.angle(waves[best]) / (2 * np.pi) % 1 * period
    return np.arange(phase, features.seconds, period)
