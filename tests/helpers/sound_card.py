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
SAMPLE_RATE = 44100
# Frames: silence between two performances; what a card loses at once, its buffer twice; what tells a place in noise.
_MIN_PAUSE_FRAMES, _MAX_LOST_FRAMES, _MATCH_FRAMES = int(0.4 * SAMPLE_RATE), int(0.1 * SAMPLE_RATE), 8
# It stutters before it plays on: 292 cuts were heard for 203 underflows.
_MAX_CUTS_PER_UNDERFLOW = 3


@dataclass(frozen=True)
class Dropouts:
    """What a program logged of sound that broke off."""

    underflows: int
    """Of the card."""
    late_reads: int
    """Of the program itself."""

    def can_explain(self, cuts: int) -> bool:
        """True when the card may have made so many cuts, and the program none."""
        return self.late_reads == 0 and cuts <= _MAX_CUTS_PER_UNDERFLOW * self.underflows


def parse_dropouts(log: str) -> Dropouts:
    """What its last line about it says."""
    matches = re.findall(r"Sound dropped out: (\d+) device underflows, (\d+) late reads", log)
    return Dropouts(*map(int, matches[-1])) if matches else Dropouts(0, 0)


@dataclass(frozen=True)
class PlaybackResult:
    """What a program played."""

    recording: NDArray[np.float32]
    """float32 `[frames, 2]` at 44.1 kHz."""
    dropouts: Dropouts

    def assert_matches(self, sound: NDArray[np.float32]) -> None:
        """Fail unless it is all of `sound`, bit for bit, but for what the card left out; silence round it is let pass."""
        heard = match_sound(sound, self.recording)
        assert self.dropouts.can_explain(heard.cut_count), (heard, self.dropouts)
        assert not self.recording[heard.end :].any(), heard
        assert heard.first < _MAX_LOST_FRAMES
        assert heard.last > len(sound) - _MAX_LOST_FRAMES
        assert heard.cut_count or (heard.first, heard.last) == (0, len(sound))


def record_playback(script: str, folder: Path, *arguments: str | Path) -> PlaybackResult:
    """Run `script` (Python source, its arguments being `words`) on the card."""
    code = folder / "script.py"
    code.write_text(script, encoding="utf-8")
    recording = folder / "recording.wav"
    run = subprocess.run(
        [TOOLS / "virtual-sound-card", recording, sys.executable, code, *map(str, arguments)],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return PlaybackResult(soundfile.read(recording, dtype="float32", always_2d=True)[0], parse_dropouts(run.stderr))


def find_offset(sound: NDArray[np.float32], recording: NDArray[np.float32]) -> int:
    """The frame of `recording` at which `sound` begins."""
    size = 1 << (len(recording) + len(sound)).bit_length()
    match = np.fft.irfft(np.fft.rfft(recording[:, 0], size) * np.conj(np.fft.rfft(sound[:, 0], size)), size)
    return int(np.argmax(match[: len(recording)]))


@dataclass(frozen=True)
class SoundMatch:
    """What of a sound was heard."""

    first: int
    last: int
    """The frame after it."""
    cuts: tuple[tuple[int, int, int], ...]
    """Where it was cut by the card: a frame of the sound, how many frames were silent, and how many were lost."""
    end: int
    """The frame of the performance from which on something else is heard, if anything."""

    @property
    def cut_count(self) -> int:
        """How often it was cut by the card."""
        return len(self.cuts)


def match_sound(sound: NDArray[np.float32], performance: NDArray[np.float32], tolerance: float = 0.0) -> SoundMatch:
    """Follow `sound` through `performance`, frame by frame, up to where something else is heard.

    A card that the machine gives no time plays nothing for a while and loses some hundredths of a second. So it cuts the
    sound hard, from one frame to the next, and that is counted. Nothing else is let pass: what the player does to a
    sound is a fade, and a faded frame differs.
    """
    audible_frames = np.flatnonzero(np.abs(performance).max(axis=1))
    assert len(audible_frames), "nothing was heard"
    start = int(audible_frames[0])
    sound_frame = first = find_offset(performance[start : start + SAMPLE_RATE], sound)
    frame, cuts = start, list[tuple[int, int, int]]()
    while True:
        equal_frames = _count_equal_frames(performance[frame:], sound[sound_frame:], tolerance)
        cut_start = frame = frame + equal_frames
        sound_frame += equal_frames
        frame = int(next(iter(audible_frames[np.searchsorted(audible_frames, frame) :]), len(performance)))
        if len(performance) - frame < _MATCH_FRAMES:
            return SoundMatch(first, sound_frame, tuple(cuts), len(performance))
        if not performance[frame : frame + _MATCH_FRAMES].any(axis=1).all():  # a shred between two cuts
            audible_frames = audible_frames[audible_frames > frame]
            continue
        next_sound_frame = _find_continuation(sound_frame, performance[frame : frame + _MATCH_FRAMES], sound, tolerance)
        if next_sound_frame is None:
            return SoundMatch(first, sound_frame, tuple(cuts), frame)
        cuts.append((sound_frame, frame - cut_start, next_sound_frame - sound_frame))
        sound_frame = next_sound_frame


def _count_equal_frames(one: NDArray[np.float32], other: NDArray[np.float32], tolerance: float) -> int:
    """How many frames both have in common from their beginnings on."""
    length = min(len(one), len(other))
    for start in range(0, length, SAMPLE_RATE):
        end = min(start + SAMPLE_RATE, length)
        differs = np.abs(one[start:end] - other[start:end]).max(axis=1) > tolerance
        if differs.any():
            return start + int(differs.argmax())
    return length


def _find_continuation(
    start: int, head: NDArray[np.float32], sound: NDArray[np.float32], tolerance: float
) -> int | None:
    """The first frame from `at` on from which `sound` goes on like `head`, with no more lost than a card loses."""
    places = np.lib.stride_tricks.sliding_window_view(
        sound[start : start + _MAX_LOST_FRAMES + len(head)], len(head), axis=0
    )
    differences = np.abs(places - head.T).max(axis=(1, 2), initial=0.0)
    found = np.flatnonzero(differences <= tolerance)
    return start + int(found[0]) if len(found) else None


def split_at_silence(recording: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What was heard between long silences."""
    audible_frames = np.flatnonzero(np.abs(recording).max(axis=1))
    runs = np.split(audible_frames, np.flatnonzero(np.diff(audible_frames) > _MIN_PAUSE_FRAMES) + 1)
    return [recording[run[0] : run[-1] + 1] for run in runs if len(run)]


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(ROOT)}
