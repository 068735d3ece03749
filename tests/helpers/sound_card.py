"""A sound card that exists in memory alone: runs a Python file on it, and gives back what it played."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.helpers.shared import TOOLS

ROOT = Path(__file__).parents[2]
RATE = 44100
# Frames: silence between two performances; what a card loses at once, its buffer twice; what tells a place in noise.
_PAUSE, _LOST, _HEAD = int(0.4 * RATE), int(0.1 * RATE), 8
# It stutters before it plays on: 292 cuts were heard for 203 underflows.
_CUTS_AN_UNDERFLOW = 3


@dataclass(frozen=True)
class Dropouts:
    """What a program logged of sound that broke off."""

    underflows: int
    """Of the card."""
    late_reads: int
    """Of the program itself."""

    def explain(self, cuts: int) -> bool:
        """True when the card may have made so many cuts, and the program none."""
        return self.late_reads == 0 and cuts <= _CUTS_AN_UNDERFLOW * self.underflows


def dropouts_in(log: str) -> Dropouts:
    """What its last line about it says."""
    told = re.findall(r"Sound dropped out: (\d+) device underflows, (\d+) late reads", log)
    return Dropouts(*map(int, told[-1])) if told else Dropouts(0, 0)


@dataclass(frozen=True)
class Played:
    """What a program played."""

    recording: NDArray[np.float32]
    """float32 `[frames, 2]` at 44.1 kHz."""
    dropouts: Dropouts

    def assert_is(self, sound: NDArray[np.float32]) -> None:
        """Fail unless it is all of `sound`, bit for bit, but for what the card left out; silence round it is let pass."""
        heard = follow(sound, self.recording)
        assert self.dropouts.explain(heard.cuts), (heard, self.dropouts)
        assert not self.recording[heard.end :].any(), heard
        assert heard.first < _LOST
        assert heard.last > len(sound) - _LOST
        assert heard.cuts or (heard.first, heard.last) == (0, len(sound))


def played_by(script: str, folder: Path, *words: str | Path) -> Played:
    """Run `script` (Python source, its arguments being `words`) on the card."""
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
    return Played(soundfile.read(recording, dtype="float32", always_2d=True)[0], dropouts_in(run.stderr))


def place_of(sound: NDArray[np.float32], recording: NDArray[np.float32]) -> int:
    """The frame of `recording` at which `sound` begins."""
    size = 1 << (len(recording) + len(sound)).bit_length()
    match = np.fft.irfft(np.fft.rfft(recording[:, 0], size) * np.conj(np.fft.rfft(sound[:, 0], size)), size)
    return int(np.argmax(match[: len(recording)]))


@dataclass(frozen=True)
class Heard:
    """What of a sound was heard."""

    first: int
    last: int
    """The frame after it."""
    breaks: tuple[tuple[int, int, int], ...]
    """Where it was cut by the card: a frame of the sound, how many frames were silent, and how many were lost."""
    end: int
    """The frame of the performance from which on something else is heard, if anything."""

    @property
    def cuts(self) -> int:
        """How often it was cut by the card."""
        return len(self.breaks)


def follow(sound: NDArray[np.float32], performance: NDArray[np.float32], tolerance: float = 0.0) -> Heard:
    """Follow `sound` through `performance`, frame by frame, up to where something else is heard.

    A card that the machine gives no time plays nothing for a while and loses some hundredths of a second. So it cuts the
    sound hard, from one frame to the next, and that is counted. Nothing else is let pass: what the player does to a
    sound is a fade, and a faded frame differs.
    """
    sounding = np.flatnonzero(np.abs(performance).max(axis=1))
    assert len(sounding), "nothing was heard"
    start = int(sounding[0])
    at = first = place_of(performance[start : start + RATE], sound)
    here, breaks = start, list[tuple[int, int, int]]()
    while True:
        same = _in_common(performance[here:], sound[at:], tolerance)
        broken = here = here + same
        at += same
        here = int(next(iter(sounding[np.searchsorted(sounding, here) :]), len(performance)))
        if len(performance) - here < _HEAD:
            return Heard(first, at, tuple(breaks), len(performance))
        if not performance[here : here + _HEAD].any(axis=1).all():  # a shred between two cuts
            sounding = sounding[sounding > here]
            continue
        following = _place_after(at, performance[here : here + _HEAD], sound, tolerance)
        if following is None:
            return Heard(first, at, tuple(breaks), here)
        breaks.append((at, here - broken, following - at))
        at = following


def _in_common(one: NDArray[np.float32], other: NDArray[np.float32], tolerance: float) -> int:
    """How many frames both have in common from their beginnings on."""
    length = min(len(one), len(other))
    for start in range(0, length, RATE):
        end = min(start + RATE, length)
        differs = np.abs(one[start:end] - other[start:end]).max(axis=1) > tolerance
        if differs.any():
            return start + int(differs.argmax())
    return length


def _place_after(at: int, head: NDArray[np.float32], sound: NDArray[np.float32], tolerance: float) -> int | None:
    """The first frame from `at` on from which `sound` goes on like `head`, with no more lost than a card loses."""
    places = np.lib.stride_tricks.sliding_window_view(sound[at : at + _LOST + len(head)], len(head), axis=0)
    differences = np.abs(places - head.T).max(axis=(1, 2), initial=0.0)
    found = np.flatnonzero(differences <= tolerance)
    return at + int(found[0]) if len(found) else None


def performances(recording: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What was heard between long silences."""
    sounding = np.flatnonzero(np.abs(recording).max(axis=1))
    runs = np.split(sounding, np.flatnonzero(np.diff(sounding) > _PAUSE) + 1)
    return [recording[run[0] : run[-1] + 1] for run in runs if len(run)]


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(ROOT)}
