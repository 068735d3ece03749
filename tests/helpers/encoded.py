"""Signals to encode, and how to read encoded files back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate

from desktop.audio.decode import decode_file
from desktop.audio.track import TrackReader
from tests.helpers.sound import make_integers

BLOCK_FRAMES = 10_007  # no multiple of any codec's frame


@dataclass(frozen=True)
class Signal:
    """Audio to encode."""

    sample_rate: int
    samples: NDArray[np.float64]
    """`[frames, channels]`, full scale ±1."""

    def blocks(self) -> Iterable[NDArray[np.float32]]:
        """Yield the samples as float32 blocks of an odd size; 24 bits fit in exactly."""
        for start in range(0, len(self.samples), BLOCK_FRAMES):
            yield self.samples[start : start + BLOCK_FRAMES].astype(np.float32)


def make_music(frames: int, rate: int, channels: int, seed: int = 0) -> NDArray[np.float64]:
    """Return tones that rise and fall, `[frames, channels]`, which lossy codecs keep well and no shift leaves the same."""
    time = np.arange(frames) / rate
    random = np.random.default_rng(seed)
    sound = np.zeros((channels, frames))
    for channel in sound:
        for start_hz, end_hz in random.uniform(80, 3000, (6, 2)):
            phase = 2 * np.pi * (start_hz * time + (end_hz - start_hz) * time**2 / (2 * time[-1]))
            channel += 0.1 * np.sin(phase) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))
    return sound.T


def mono_48k_16_bit() -> Signal:
    """Return a mono signal of 16-bit steps."""
    return Signal(48000, np.rint(make_music(60_000, 48000, 1) * 2**15) / 2**15)


def stereo_44k_24_bit() -> Signal:
    """Return a stereo signal of 24-bit steps."""
    return Signal(44100, np.rint(make_music(50_001, 44100, 2) * 2**23) / 2**23)


def stereo_96k_float() -> Signal:
    """Return a stereo signal of floats."""
    return Signal(96000, make_music(100_000, 96000, 2).astype(np.float32).astype(np.float64))


def full_range_integers(bits: int, rate: int = 44100) -> Signal:
    """Return noise that has the lowest and the highest step of a bit depth."""
    return Signal(rate, make_integers(30_000, bits).T / 2.0 ** (bits - 1))


def read_back(path: Path) -> Signal:
    """Return the audio of a file as Unbraid decodes it."""

    def decode(reader: TrackReader) -> Signal:
        blocks = [block for section in reader.sections() for block in section.blocks]
        return Signal(reader.info.sample_rate, np.concatenate(blocks, axis=1).T)

    return decode_file(path, decode)


def measure_offset(original: NDArray[np.float64], copy: NDArray[np.float64]) -> int:
    """Return by how many frames `copy` is later than `original`."""
    correlation = correlate(copy[:, 0], original[:, 0], method="fft")
    return int(np.argmax(correlation)) - (len(original) - 1)


def rms_db(samples: NDArray[np.float64]) -> float:
    """Return the level in dB, at least -300."""
    return 10 * float(np.log10(max(np.mean(samples**2), 1e-30)))
