"""Sound for tests: noise, tones and whole numbers, and files of them."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture, decode_mixture


def noise(frames: int, channels: int = 2, level: float = 0.1, seed: int = 0) -> NDArray[np.float64]:
    """White noise `[channels, frames]`, never beyond full scale."""
    return np.clip(np.random.default_rng(seed).normal(0, level, (channels, frames)), -1, 1)


def tone(frames: int, rate: int, pitch: float = 440.0, channels: int = 1) -> NDArray[np.float64]:
    """A sine of half full scale `[channels, frames]`."""
    return np.tile(0.5 * np.sin(2 * np.pi * pitch * np.arange(frames) / rate), (channels, 1))


def steps(frames: int, bits: int, channels: int = 2, seed: int = 0) -> NDArray[np.int64]:
    """Integers `[channels, frames]` over the whole range of `bits`, both ends of it first."""
    top = 1 << (bits - 1)
    values = np.random.default_rng(seed).integers(-top, top, (channels, frames))
    values[:, :2] = (-top, top - 1)
    return values


def decoded(track: Path, out: Path) -> Mixture:
    """`track` as the pipeline gets it."""
    return decode_mixture(track, out, lambda part: None, lambda: False)


def ffmpeg(*words: str | Path) -> None:
    """Run ffmpeg, or skip the test on a machine without it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg makes this file")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True, timeout=60)
