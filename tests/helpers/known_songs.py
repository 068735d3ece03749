"""Songs for the analysis: fixtures with their truth, changed copies of them, synthesised ones, and measures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.analyse import analyse_blocks
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from tests.helpers.multitrack import read_stem
from tests.helpers.shared import FIXTURES

RATE = 44_100
# Silence after the last bar of each fixture song.
_TAIL_S = 1.0
_STEMS = ("drums", "bass", "other", "vocals")
Samples = NDArray[np.floating]


@dataclass(frozen=True)
class Song:
    """A song and what is true of it."""

    mixture: Samples
    """Mono."""
    harmonic: Samples
    """Mono: bass and other instruments."""
    beats: NDArray[np.float64]
    beats_per_bar: int
    key: Key
    chords: tuple[Chord, ...]
    first_downbeat: int = 0

    @property
    def tempo_bpm(self) -> float:
        return 60 / float(np.median(np.diff(self.beats)))

    @property
    def downbeats(self) -> NDArray[np.float64]:
        return self.beats[self.first_downbeat :: self.beats_per_bar]

    def analyse(self) -> SongAnalysis:
        return analyse_samples(self.mixture, self.harmonic)


def analyse_samples(mixture: Samples, harmonic: Samples | None = None, rate: int = RATE) -> SongAnalysis:
    harmonic = mixture if harmonic is None else harmonic
    starts = range(0, len(mixture), 65_536)
    blocks = ((mixture[start : start + 65_536], harmonic[start : start + 65_536]) for start in starts)
    return analyse_blocks(rate, len(mixture), blocks, lambda: False)


def fixture_song(name: str, warp: NDArray[np.float64] | None = None, semitones: int = 0, lead_s: float = 0.0) -> Song:
    """Return a song of the fixtures after `lead_s` of silence.

    `warp` is the time in the original for each output frame: a song played faster or slower. Its key is then
    `semitones` higher.
    """
    truth = json.loads((FIXTURES / "multitrack" / name / "meta.json").read_text())
    stems = {stem: read_stem(name, stem).mean(axis=0) for stem in _STEMS}
    period = 60 / truth["bpm"]
    count = round((truth["seconds"] - _TAIL_S) / period)
    beats = np.arange(count + 1) * period
    if warp is not None:
        stems = {stem: np.interp(warp * RATE, np.arange(len(sound)), sound) for stem, sound in stems.items()}
        beats = np.interp(beats, warp, np.arange(len(warp)) / RATE)
    silence = np.zeros(round(lead_s * RATE))
    stems = {stem: np.concatenate([silence, sound]) for stem, sound in stems.items()}
    beats = beats + lead_s
    names = truth["chords"]
    chords = tuple(
        Chord(start, end, Chord(0, 0, names[bar % len(names)]).transposed_name(semitones))
        for bar, (start, end) in enumerate(pairwise(beats[:: truth["beats_per_bar"]]))
    )
    return Song(
        sum(stems.values(), start=np.zeros(1)),
        stems["bass"] + stems["other"],
        beats[:-1],
        truth["beats_per_bar"],
        Key.parse(truth["key"]).transposed(semitones),
        chords,
    )


def synthetic_song(
    bpm: float, key: Key, progression: Sequence[str], beats_per_bar: int = 4, bars: int = 16, seed: int = 0
) -> Song:
    """Return a song with kick drum, snare drum, hi-hat, bass and one chord a bar; `progression` is in C or A minor."""
    random = np.random.default_rng(seed)
    period = 60 / bpm
    beats = np.arange(bars * beats_per_bar) * period
    drums, notes = (np.zeros(round((beats[-1] + 2) * RATE)) for _ in range(2))
    semitones = (key.tonic - (9 if key.is_minor else 0)) % 12
    chords: list[Chord] = []
    for beat, start in enumerate(beats):
        _add(drums, _noise(random, 0.03), start, 0.1)
        if beats_per_bar != 6:
            _add(drums, _noise(random, 0.03), start + period / 2, 0.07)
        if beat % beats_per_bar == 0:
            name = Chord(0, 0, progression[len(chords) % len(progression)]).transposed_name(semitones)
            chord = Chord(start, start + beats_per_bar * period, name)
            chords.append(chord)
            _add(drums, _kick(), start, 0.8)
            _add(notes, _note(28 + ((chord.root or 0) - 4) % 12, beats_per_bar * period), start, 0.3)
            for interval in (0, 3 if chord.quality == "m" else 4, 7):
                _add(notes, _note(48 + ((chord.root or 0) + interval) % 12, beats_per_bar * period), start, 0.12)
        else:
            is_loud = beat % beats_per_bar == 3 if beats_per_bar == 6 else beats_per_bar == 3 or beat % 2
            _add(drums, _noise(random, 0.15), start, 0.25 if is_loud else 0.05)
    return Song(drums + notes, notes, beats, beats_per_bar, key, tuple(chords))


def f_measure(found: Sequence[float], truth: Sequence[float] | NDArray[np.float64], tolerance_s: float = 0.07) -> float:
    """Return the F-measure of beats, each at most 70 ms from its own true one (M. E. P. Davies et al., 2009)."""
    remaining = list(found)
    hits = 0
    for beat in truth:
        nearest = min(remaining, key=lambda other: abs(other - beat), default=None)
        if nearest is not None and abs(nearest - beat) <= tolerance_s:
            remaining.remove(nearest)
            hits += 1
    return 2 * hits / (len(found) + len(truth))


def chord_accuracy(found: Sequence[Chord], truth: Sequence[Chord]) -> float:
    """Return the share of the time for which root and quality of the found chord are the true ones."""
    times = np.arange(truth[0].start_s + 0.025, truth[-1].end_s, 0.05)
    return float(np.mean([_sounding(found, time) == _sounding(truth, time) for time in times]))


def _sounding(chords: Sequence[Chord], time: float) -> tuple[int | None, str]:
    chord = next((chord for chord in chords if chord.start_s <= time < chord.end_s), Chord(0, 0, "none"))
    return chord.root, chord.quality


def _add(track: Samples, sound: Samples, start_s: float, level: float) -> None:
    first = round(start_s * RATE)
    track[first : first + len(sound)] += level * sound[: len(track) - first]


def _kick() -> Samples:
    time = np.arange(round(0.3 * RATE)) / RATE
    return np.sin(2 * np.pi * np.cumsum(50 + 120 * np.exp(-time / 0.02)) / RATE) * np.exp(-time / 0.1)


def _noise(random: np.random.Generator, decay_s: float) -> Samples:
    time = np.arange(round(4 * decay_s * RATE)) / RATE
    return np.diff(random.standard_normal(len(time)), prepend=0) * np.exp(-time / decay_s)


def _note(midi: float, seconds: float) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((midi - 69) / 12)
    wave = sum(np.sin(2 * np.pi * order * hertz * time) / order**1.3 for order in range(1, 8))
    return wave * np.exp(-time / 1.5) * np.minimum(1, np.minimum(time, seconds - time) / 0.005)
