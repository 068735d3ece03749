"""The band of the demo song, synthesised: drums, bass, keys and pad. Every function returns mono float64 [frames]."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

Sound = NDArray[np.float64]
RATE = 44100


def seconds(length: float) -> Sound:
    """Return the time axis of a sound of `length` seconds."""
    return np.arange(round(length * RATE)) / RATE


def hertz(note: float) -> float:
    """Return the frequency of a MIDI note in Hz."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def fade(sound: Sound, attack: float, release: float) -> Sound:
    """Take the clicks off both ends (seconds)."""
    first, last = max(2, round(attack * RATE)), max(2, round(release * RATE))
    shaped = sound.copy()
    shaped[:first] *= np.linspace(0.0, 1.0, first)
    shaped[-last:] *= np.linspace(1.0, 0.0, last)
    return shaped


def band(sound: Sound, low: float, high: float) -> Sound:
    """Return the part of a sound between two frequencies in Hz."""
    return np.asarray(sosfilt(butter(2, [low, high], "bandpass", fs=RATE, output="sos"), sound))


def noise(length: float, seed: int) -> Sound:
    """White noise that is the same at every call."""
    return np.random.default_rng(seed).uniform(-1.0, 1.0, round(length * RATE))


def kick() -> Sound:
    """Return a kick drum: a sine that falls from 160 to 47 Hz, with the click of the beater."""
    t = seconds(0.42)
    phase = 2 * np.pi * (47.0 * t + (160.0 - 47.0) / 32.0 * (1.0 - np.exp(-32.0 * t)))
    click = band(noise(0.42, 11), 1500.0, 5000.0) * np.exp(-t / 0.004)
    return fade(np.tanh(1.6 * np.sin(phase) * np.exp(-t / 0.13)) + 0.5 * click, 0.0005, 0.05)


def snare(seed: int) -> Sound:
    """Two modes of the skin and the rattle of the wires; each stroke has its own seed."""
    t = seconds(0.3)
    skin = (np.sin(2 * np.pi * 187.0 * t) + 0.6 * np.sin(2 * np.pi * 331.0 * t)) * np.exp(-t / 0.055)
    wires = band(noise(0.3, seed), 1400.0, 8500.0) * (np.exp(-t / 0.075) + 0.4 * np.exp(-t / 0.012))
    return fade(0.55 * skin + 0.9 * wires, 0.0005, 0.05)


def hat(seed: int, decay: float) -> Sound:
    """Return a hi-hat: noise through a narrow high band, closed when `decay` (seconds) is short."""
    t = seconds(decay * 5.0 + 0.03)
    return fade(band(noise(decay * 5.0 + 0.03, seed), 6500.0, 11000.0) * np.exp(-t / decay), 0.0008, 0.02)


def bass(note: float, length: float) -> Sound:
    """Return a plucked bass note: a steady fundamental, with harmonics that fade faster the higher they are."""
    t = seconds(length)
    sound = np.zeros_like(t)
    for k in range(1, 14):
        partial = np.sin(2 * np.pi * hertz(note) * k * t + 0.3 * k)
        sound += partial * k**-1.15 * (np.exp(-t * (0.7 + 1.1 * k)) + (0.25 if k < 3 else 0.0))
    return fade(np.tanh(0.9 * sound), 0.006, min(0.06, length / 3))


def electric_piano(note: float, length: float, touch: float) -> Sound:
    """Return a note of a tine by frequency modulation; a harder `touch` (0 to 1) is brighter."""
    t = seconds(length)
    turn = 2 * np.pi * hertz(note) * t
    body = np.sin(turn + 1.1 * touch * np.exp(-t / 0.7) * np.sin(turn))
    tine = np.sin(turn + 0.9 * touch * np.exp(-t / 0.06) * np.sin(14.0 * turn)) if note < 84 else body
    return fade((0.75 * body + 0.35 * tine) * np.exp(-t / 1.5), 0.004, min(0.12, length / 3))


def pad(note: float, length: float) -> Sound:
    """Three detuned saws through a slow low-pass filter."""
    t = seconds(length)
    sound = np.zeros_like(t)
    for cents, start in ((-7.0, 0.1), (0.0, 1.3), (6.0, 2.9)):
        pitch = hertz(note) * 2.0 ** (cents / 1200.0)
        for k in range(1, min(18, int(9000.0 / pitch)) + 1):
            sound += np.sin(2 * np.pi * pitch * k * t + start * k) / k / (1.0 + (pitch * k / 1500.0) ** 2)
    return fade(sound / 3.0, 0.35, min(0.5, length / 3))


def room(length: float, seed: int) -> Sound:
    """Return the impulse response of a small room: decaying noise whose treble decays first."""
    t = seconds(length)
    raw = noise(length, seed) * np.exp(-t / (length / 5.0))
    dark = np.asarray(lfilter([0.35], [1.0, -0.65], raw))
    dark[: round(0.012 * RATE)] = 0.0
    return fade(dark / np.sqrt(np.sum(dark**2)), 0.001, 0.05)
