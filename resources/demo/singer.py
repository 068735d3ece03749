"""A voice by formant synthesis: harmonics of a gliding pitch, each as loud as the vowel's resonances let it be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from instruments import RATE, Sound, band, hertz, noise
from numpy.typing import NDArray

# Resonances of a woman's vowels: (frequency, bandwidth, level) each, after the averages of Peterson and Barney (1952).
VOWELS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "a": ((850, 90, 1.0), (1220, 110, 0.60), (2810, 160, 0.22), (3900, 250, 0.10)),
    "o": ((590, 80, 1.0), (920, 90, 0.45), (2710, 160, 0.08), (3800, 250, 0.05)),
    "e": ((610, 80, 1.0), (2330, 120, 0.36), (2990, 170, 0.26), (3900, 250, 0.10)),
    "i": ((350, 70, 1.0), (2790, 130, 0.30), (3310, 180, 0.24), (4100, 260, 0.10)),
    "u": ((370, 70, 1.0), (950, 90, 0.25), (2670, 160, 0.05), (3700, 250, 0.03)),
    "n": ((300, 70, 0.5), (1500, 200, 0.06), (2500, 250, 0.05), (3500, 300, 0.02)),
}
CONTROL = 64  # frames between two looks at pitch and mouth
HARMONICS = 30


@dataclass(frozen=True)
class Syllable:
    """A sung note: when and how long (seconds), its MIDI note, its vowel, and the sound that leads into it."""

    start: float
    length: float
    note: float
    vowel: str
    onset: str = ""


def sing(line: Sequence[Syllable], length: float, tuning: float = 0.0, seed: int = 1) -> Sound:
    """Sing `line` for `length` seconds, `tuning` cents off. Returns mono float64 [frames]."""
    grid = np.arange(0, round(length * RATE) + CONTROL, CONTROL) / RATE
    pitch = _pitch(line, grid, seed) * 2.0 ** (tuning / 1200.0)
    loudness = _loudness(line, grid)
    mouth = _mouth(line, grid)
    frames = np.arange(round(length * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(np.interp(frames, grid, pitch)) / RATE
    voiced = np.zeros_like(frames)
    for k in range(1, HARMONICS + 1):
        level = _resonance(mouth, pitch * k) * loudness * k**-0.9 * (pitch * k < 9000.0)
        voiced += np.interp(frames, grid, level) * np.sin(k * phase)
    breath = band(noise(length, seed + 70)[: len(frames)], 2000.0, 7000.0) * np.interp(frames, grid, loudness) * 0.012
    return voiced + breath + _consonants(line, len(frames), seed)


def _pitch(line: Sequence[Syllable], grid: Sound, seed: int) -> Sound:
    notes = np.full_like(grid, float(line[0].note))
    for syllable in line:
        notes[grid >= syllable.start - 0.03] = syllable.note
    # A voice glides: the steps are smoothed over some 60 ms, and the singer is never quite steady.
    width = round(0.06 * RATE / CONTROL)
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(notes, width, mode="edge")
    notes = np.convolve(padded, window / window.sum(), mode="same")[width:-width]
    drift = np.convolve(np.random.default_rng(seed).normal(0.0, 1.0, len(grid)), np.ones(120) / 120.0, mode="same")
    vibrato = np.zeros_like(grid)
    for syllable in line:
        since = grid - syllable.start
        held = (since > 0) & (since < syllable.length)
        vibrato[held] = 0.28 * np.clip((since[held] - 0.22) / 0.35, 0.0, 1.0)
    wave = vibrato * np.sin(2 * np.pi * 5.4 * grid + seed)
    return np.asarray([hertz(0.0)]) * 2.0 ** ((notes + wave + 0.5 * drift) / 12.0)


def _loudness(line: Sequence[Syllable], grid: Sound) -> Sound:
    total = np.zeros_like(grid)
    for syllable in line:
        rise, fall = (0.045 if syllable.onset in ("", "h") else 0.02), 0.07
        since, left = grid - syllable.start, syllable.start + syllable.length - grid
        shape = np.clip(since / rise, 0.0, 1.0) * np.clip(left / fall, 0.0, 1.0)
        swell = 0.8 + 0.2 * np.sin(np.pi * np.clip(since / syllable.length, 0.0, 1.0))
        total = np.maximum(total, np.sin(np.pi / 2 * shape) * swell)
    return total


def _mouth(line: Sequence[Syllable], grid: Sound) -> NDArray[np.float64]:
    """Return the resonances over time, float64 [points of the grid, 4 formants, 3 properties]."""
    wanted = np.empty((len(grid), 4, 3))
    wanted[:] = VOWELS[line[0].vowel]
    for syllable in line:
        wanted[grid >= syllable.start - 0.02] = VOWELS[syllable.vowel]
        if syllable.onset == "n":
            wanted[(grid >= syllable.start - 0.02) & (grid < syllable.start + 0.07)] = VOWELS["n"]
    window = np.hanning(round(0.05 * RATE / CONTROL) + 2)[1:-1]
    window /= window.sum()
    flat = wanted.reshape(len(grid), 12)
    return np.stack([np.convolve(np.pad(c, 40, mode="edge"), window, "same")[40:-40] for c in flat.T], 1).reshape(
        -1, 4, 3
    )


def _resonance(mouth: NDArray[np.float64], frequency: Sound) -> Sound:
    centre, width, level = mouth[:, :, 0], mouth[:, :, 1], mouth[:, :, 2]
    off = (frequency[:, None] - centre) / (width / 2.0)
    return np.asarray(np.sum(level / np.sqrt(1.0 + off**2), axis=1)) + 0.02


def _consonants(line: Sequence[Syllable], frames: int, seed: int) -> Sound:
    """Return the noise of s, h and t; the sound of n comes from the formants."""
    sound = np.zeros(frames)
    kinds = {"s": (0.11, 4500.0, 9500.0, 0.16), "h": (0.09, 900.0, 4000.0, 0.07), "t": (0.03, 2500.0, 8000.0, 0.25)}
    for number, syllable in enumerate(line):
        if syllable.onset not in kinds:
            continue
        length, low, high, level = kinds[syllable.onset]
        puff = band(noise(length, seed * 1000 + number), low, high) * np.hanning(round(length * RATE)) * level
        start = max(0, round((syllable.start - 0.8 * length) * RATE))
        sound[start : start + len(puff)] += puff[: frames - start]
    return sound
