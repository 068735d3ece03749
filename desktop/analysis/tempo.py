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

_TEMPO_RANGE_BPM = (50.0, 215.0)
# A little above what listeners prefer: at 110 and 118, more songs were halved than doubled.
_TYPICAL_BPM = 125.0
# Pulses in a beat. The pulse is mostly an eighth or a quarter note; 3 of a triplet's, 5 / 4 of a clave's.
_PULSES_PER_BEAT = (1 / 2, 2 / 3, 3 / 4, 4 / 5, 1, 5 / 4, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 6)
# Share by which the tempo may differ between two excerpts and count as the same: less than half of 5 / 4.
_SAME_TEMPO = 0.1
_OFFSETS = 24
# Share of a beat by which the first one may come before the song: its exact time is found later.
_EARLY_BEAT = 0.05
_BLUR_FRAMES = 2.0
# Tenths of a second that are compared before and after a change of harmony.
_CHANGE_REACH = 4
# Weights of `TempoCandidate.evidence` by a conditional logistic regression over some 220 songs.
_WEIGHTS = np.array([3.25, 2.6, 1.7, 0.85, 6.3, 2.9, 2.9, 5.4])


@dataclass(frozen=True)
class TempoCandidate:
    """A tempo that a song may have."""

    bpm: float
    beats: NDArray[np.float64]
    """Times in seconds of the beats, throughout the song."""
    evidence: NDArray[np.float64]
    """What speaks for it: see `_evidence`."""


def find_beats_of_pulse(
    pulse: Pulse, onsets: Onsets, chroma: Chroma, tempo_before: float | None = None
) -> NDArray[np.float64]:
    """Return the times in seconds of the beats throughout an excerpt, near `tempo_before` if a candidate is."""
    candidates = tempo_candidates(pulse, onsets, chroma)
    if tempo_before is not None:
        same = [candidate for candidate in candidates if abs(candidate.bpm / tempo_before - 1) < _SAME_TEMPO]
        candidates = same or candidates
    return max(candidates, key=lambda candidate: float(candidate.evidence @ _WEIGHTS)).beats


def tempo_candidates(pulse: Pulse, onsets: Onsets, chroma: Chroma) -> Sequence[TempoCandidate]:
    """Return the tempos in the range of music whose beats go with the pulse."""
    strengths = [_blurred(strength) for strength in (onsets.all, onsets.accent, onsets.low)]
    harmony = changes(np.concatenate([chroma.bass, chroma.treble], axis=1), _CHANGE_REACH)
    candidates: list[TempoCandidate] = []
    for pulses_per_beat in _PULSES_PER_BEAT:
        bpm = 60 * pulse.rate_hz / pulses_per_beat
        if _TEMPO_RANGE_BPM[0] <= bpm <= _TEMPO_RANGE_BPM[1]:
            candidates += [
                TempoCandidate(bpm, beats, _evidence(bpm, beats, strengths, harmony))
                for beats in _best_beats(pulse, pulses_per_beat, strengths)
            ]
    return candidates


def _blurred(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = gaussian_filter1d(strength, _BLUR_FRAMES)
    return blurred / (blurred.mean() + 1e-9)


def _best_beats(
    pulse: Pulse, pulses_per_beat: float, strengths: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Return the beats at those two offsets from the pulse at which most onsets are."""
    comb = strengths[0] + strengths[1] + 0.5 * strengths[2]
    first, last = pulse.counts[[0, -1]] / pulses_per_beat
    offsets = np.arange(_OFFSETS) / _OFFSETS
    choices = [
        pulse.times_of(
            pulses_per_beat * (offset + np.arange(np.ceil(first - offset - _EARLY_BEAT), np.floor(last - offset) + 1))
        )
        for offset in offsets
    ]
    scores = np.array([float(_at(comb, beats).mean()) for beats in choices])
    best = int(np.argmax(scores))
    distances = np.abs((np.arange(_OFFSETS) - best + _OFFSETS // 2) % _OFFSETS - _OFFSETS // 2)
    second = int(np.argmax(np.where(distances > _OFFSETS // 6, scores, -1)))
    return [choices[best], choices[second]]


def _evidence(
    bpm: float, beats: NDArray[np.float64], strengths: Sequence[NDArray[np.float64]], harmony: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what speaks for a tempo.

    That is how near it is to a typical one; the onsets on the beats; the accents on the weaker of even and odd beats;
    how kick drum and snare drum take turns; how regularly the harmony changes every four or eight beats, every three
    and every two; and how much it changes on beats rather than between them. Four and eight beats count alike, as
    chords last half a bar, a bar or two: they do not tell a tempo from its double.
    """
    onset, accents, low = (_at(strength, beats) for strength in strengths)
    weaker = min(accents[::2].mean(), accents[1::2].mean())
    shares = [np.log((low[first::2].mean() + 0.1) / (accents[first::2].mean() + 0.1)) for first in (0, 1)]
    counts = np.interp(np.arange(len(harmony)) / CHROMA_RATE, beats, np.arange(len(beats)))
    change = harmony - harmony.mean()
    change = change / (np.abs(change).sum() + 1e-9)
    four, eight, three, two = (np.abs((change * np.exp(-2j * np.pi * counts / apart)).sum()) for apart in (4, 8, 3, 2))
    on_beat = (change * np.cos(2 * np.pi * counts)).sum()
    return np.array(
        [
            -(np.log2(bpm / _TYPICAL_BPM) ** 2),
            np.log(onset.mean() + 0.05),
            np.log(weaker + 0.05),
            abs(shares[0] - shares[1]),
            max(four, eight),
            three,
            two,
            on_beat,
        ]
    )


def _at(strength: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(times * MEL_RATE, np.arange(len(strength)), strength)
