"""Tempo of a song: which multiple or fraction of its pulse is the beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from desktop.analysis.chroma import Chroma, changes
from desktop.analysis.features import CHROMA_RATE, MEL_RATE
from desktop.analysis.onsets import Onsets
from desktop.analysis.pulse import Pulse

_TEMPO_RANGE_BPM = (48.0, 210.0)
_TYPICAL_BPM = 110.0
# Pulses in a beat. The pulse is mostly an eighth or a quarter note; 3 of a triplet's, 5 / 4 of a clave's.
_PULSES_PER_BEAT = (1 / 2, 2 / 3, 3 / 4, 4 / 5, 1, 5 / 4, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 6)
_OFFSETS = 24
_BLUR_FRAMES = 2.0
# Tenths of a second that are compared before and after a change of harmony.
_CHANGE_REACH = 4
# Weights of `TempoCandidate.evidence` by a conditional logistic regression over some 190 songs.
_WEIGHTS = np.array([2.5, 1.4, 1.6, -0.4, 6.0, 2.0])


@dataclass(frozen=True)
class TempoCandidate:
    """A tempo that a song may have."""

    bpm: float
    beats: NDArray[np.float64]
    """Times in seconds of the beats, throughout the song."""
    evidence: NDArray[np.float64]
    """What speaks for it: see `_evidence`."""


def find_beats_of_pulse(pulse: Pulse, onsets: Onsets, chroma: Chroma) -> NDArray[np.float64]:
    """Return the times in seconds of the beats throughout the song."""
    candidates = tempo_candidates(pulse, onsets, chroma)
    return max(candidates, key=lambda candidate: float(candidate.evidence @ _WEIGHTS)).beats


def tempo_candidates(pulse: Pulse, onsets: Onsets, chroma: Chroma) -> Sequence[TempoCandidate]:
    """Return the tempos in the range of music whose beats go with the pulse."""
    strengths = [_blurred(strength) for strength in (onsets.all, onsets.accent, onsets.low)]
    harmony = changes(np.concatenate([chroma.bass, chroma.treble], axis=1), _CHANGE_REACH)
    candidates: list[TempoCandidate] = []
    for pulses_per_beat in _PULSES_PER_BEAT:
        bpm = 60 * pulse.rate_hz / pulses_per_beat
        if _TEMPO_RANGE_BPM[0] <= bpm <= _TEMPO_RANGE_BPM[1]:
            beats = _best_beats(pulse, pulses_per_beat, strengths)
            candidates.append(TempoCandidate(bpm, beats, _evidence(bpm, beats, strengths, harmony)))
    return candidates


def _blurred(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = gaussian_filter1d(strength, _BLUR_FRAMES)
    return blurred / (blurred.mean() + 1e-9)


def _best_beats(pulse: Pulse, pulses_per_beat: float, strengths: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the beats at that offset from the pulse at which most onsets are."""
    comb = strengths[0] + strengths[1] + 0.5 * strengths[2]
    offsets = np.arange(_OFFSETS) / _OFFSETS * pulses_per_beat
    first, last = pulse.counts[[0, -1]]
    choices = [
        pulse.times_of(
            offset
            + pulses_per_beat
            * np.arange(-((offset - first) // pulses_per_beat), (last - offset) // pulses_per_beat + 1)
        )
        for offset in offsets
    ]
    return max(choices, key=lambda beats: float(_at(comb, beats).mean()))


def _evidence(
    bpm: float, beats: NDArray[np.float64], strengths: Sequence[NDArray[np.float64]], harmony: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how near a tempo is to a typical one, how strong the onsets and accents on the beats are, how uneven the
    accents on even and odd beats are, and how well the harmony changes every four or every three beats."""
    on_beat, accents = _at(strengths[0], beats), _at(strengths[1], beats)
    even, odd = np.log(accents[::2].mean() + 0.05), np.log(accents[1::2].mean() + 0.05)
    counts = np.interp(np.arange(len(harmony)) / CHROMA_RATE, beats, np.arange(len(beats)))
    regular = [
        np.abs(((harmony - harmony.mean()) * np.exp(-2j * np.pi * counts / beats_apart)).sum())
        / (np.abs(harmony - harmony.mean()).sum() + 1e-9)
        for beats_apart in (4, 3)
    ]
    return np.array(
        [
            -(np.log2(bpm / _TYPICAL_BPM) ** 2),
            np.log(on_beat.mean() + 0.05),
            np.log(accents.mean() + 0.05),
            np.abs(even - odd),
            *regular,
        ]
    )


def _at(strength: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(times * MEL_RATE, np.arange(len(strength)), strength)
