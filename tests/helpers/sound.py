"""Audio for tests: noise, tones and integers, and how to decode and encode files."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.audio.decode import decode_file
from desktop.audio.mixture import Mixture, decode_mixture
from desktop.audio.peaks import PeakWriter
from desktop.audio.track import TrackInfo


def make_noise(frames: int, channels: int = 2, level: float = 0.1, seed: int = 0) -> NDArray[np.float64]:
    """Return white noise `[channels, frames]`, clipped to full scale."""
    return np.clip(np.random.default_rng(seed).normal(0, level, (channels, frames)), -1, 1)


def make_tone(frames: int, rate: int, frequency_hz: float = 440.0, channels: int = 1) -> NDArray[np.float64]:
    """Return a sine `[channels, frames]` at half of full scale."""
    return np.tile(0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / rate), (channels, 1))


def make_integers(frames: int, bits: int, channels: int = 2, seed: int = 0) -> NDArray[np.int64]:
    """Return integers `[channels, frames]` over the whole range of `bits`, starting with its minimum and maximum."""
    full_scale = 1 << (bits - 1)
    values = np.random.default_rng(seed).integers(-full_scale, full_scale, (channels, frames))
    values[:, :2] = (-full_scale, full_scale - 1)
    return values


def decode_track(track: Path, out: Path) -> Mixture:
    """Decode `track` as the pipeline does."""
    return decode_mixture(track, out, lambda part: None, lambda: False)


def read_track_info(path: Path) -> TrackInfo:
    """Return the track properties that the header declares. Raises UnusableTrackError if no decoder can open it."""
    return decode_file(path, lambda reader: reader.info)


def write_peaks(blocks: Iterable[NDArray[np.floating]], path: Path) -> None:
    """Write the pyramid of `blocks`, each `[channels, frames]`, to `path`. Raises OSError if it cannot be written."""
    writer = PeakWriter(path)
    try:
        for block in blocks:
            writer.add_block(block)
        writer.close()
    finally:
        writer.abort()


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg, or skip the test on a machine without it."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("needs ffmpeg to make this file")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60)
