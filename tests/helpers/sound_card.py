"""A sound card that exists in memory alone: runs a Python file on it, and gives back what it played."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.helpers.shared import TOOLS

ROOT = Path(__file__).parents[2]


def played_by(script: str, folder: Path, *words: str | Path) -> NDArray[np.float32]:
    """Run `script` (Python source, its arguments being `words`); float32 `[frames, 2]` at 44.1 kHz of what was heard."""
    code = folder / "script.py"
    code.write_text(script, encoding="utf-8")
    recording = folder / "recording.wav"
    run = subprocess.run(
        [TOOLS / "virtual-sound-card", recording, sys.executable, code, *map(str, words)],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return soundfile.read(recording, dtype="float32", always_2d=True)[0]


def place_of(sound: NDArray[np.float32], recording: NDArray[np.float32]) -> int:
    """The frame of `recording` at which `sound` begins."""
    size = len(recording) + len(sound)
    match = np.fft.irfft(np.fft.rfft(recording[:, 0], size) * np.conj(np.fft.rfft(sound[:, 0], size)), size)
    return int(np.argmax(match[: len(recording)]))


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(ROOT)}
