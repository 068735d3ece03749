"""Songs whose true stems are known."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.helpers.shared import FIXTURES, SHARED

SONGS = ("ballad76", "house126", "rock120")
GOLDEN = SHARED / "sketch" / "golden.npz"


def read_stem(song: str, name: str) -> NDArray[np.float32]:
    """Read a stem, or the "mixture", as float32 `[2, frames]`."""
    path: Path = FIXTURES / "multitrack" / song / f"{name}.flac"
    sound, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(sound.T)


def si_sdr(reference: NDArray[np.floating], estimate: NDArray[np.floating]) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB, computed as in metrics.py beside the fixtures."""
    reference_signal, estimate_signal = (
        plane.astype(np.float64).ravel() - plane.mean(dtype=np.float64) for plane in (reference, estimate)
    )
    target = (estimate_signal @ reference_signal) / (reference_signal @ reference_signal + 1e-9) * reference_signal
    noise = estimate_signal - target
    return float(10 * np.log10((target @ target + 1e-9) / (noise @ noise + 1e-9)))
