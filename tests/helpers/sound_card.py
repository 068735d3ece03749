"""A virtual sound card in memory: run a Python script on it, and return what it played."""

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
# Frames: silence between two parts; the most a card loses at once, twice its buffer; enough to find a place in noise.
_MIN_PAUSE_FRAMES, _MAX_LOST_FRAMES, _MATCH_FRAMES = int(0.4 * SAMPLE_RATE), int(0.1 * SAMPLE_RATE), 8
# A card stutters before it continues: 292 cuts were measured for 203 underflows.
_MAX_CUTS_PER_UNDERFLOW = 3


@dataclass(frozen=True)
class Dropouts:
    """The audio dropouts that a program logged."""

    underflows: int
    """Underflows of the card."""
    late_reads: int
    """Late reads of the program itself."""

    def can_explain(self, cuts: int) -> bool:
        """Return True if the card alone can have caused this number of cuts."""
        return self.late_reads == 0 and cuts <= _MAX_CUTS_PER_UNDERFLOW * self.underflows


def parse_dropouts(log: str) -> Dropouts:
    """Return the dropouts of the last such line in `log`, or none."""
    matches = re.findall(r"Sound dropped out: (\d+) device underflows, (\d+) late reads", log)
    return Dropouts(*map(int, matches[-1])) if matches else Dropouts(0, 0)


@dataclass(frozen=True)
class PlaybackResult:
    """The recording of what a program played, and its dropouts."""

    recording: NDArray[np.float32]
    """float32 `[frames, 2]` at 44.1 kHz."""
    dropouts: Dropouts

    def assert_matches(self, sound: NDArray[np.float32]) -> None:
        """Check that the recording is all of `sound` bit for bit, except cuts by the card and silence at both ends."""
        match = match_sound(sound, self.recording)
        assert self.dropouts.can_explain(match.cut_count), (match, self.dropouts)
        assert not self.recording[match.end :].any(), match
        assert match.first < _MAX_LOST_FRAMES
        assert match.last > len(sound) - _MAX_LOST_FRAMES
        assert match.cut_count or (match.first, match.last) == (0, len(sound))


def record_playback(script: str, folder: Path, *arguments: str | Path) -> PlaybackResult:
    """Run the Python source `script` with these arguments on the card, and return what it played."""
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
    """Return the frame of `recording` at which `sound` begins."""
    size = 1 << (len(recording) + len(sound)).bit_length()
    match = np.fft.irfft(np.fft.rfft(recording[:, 0], size) * np.conj(np.fft.rfft(sound[:, 0], size)), size)
    return int(np.argmax(match[: len(recording)]))


@dataclass(frozen=True)
class SoundMatch:
    """The part of a sound that was found in a performance."""

    first: int
    last: int
    """The frame of the sound after the last one found."""
    cuts: tuple[tuple[int, int, int], ...]
    """Cuts by the card: a frame of the sound, the number of silent frames, and the number of lost frames."""
    end: int
    """The frame of the performance at which something else starts, or its length."""

    @property
    def cut_count(self) -> int:
        """The number of cuts by the card."""
        return len(self.cuts)


def match_sound(sound: NDArray[np.float32], performance: NDArray[np.float32], tolerance: float = 0.0) -> SoundMatch:
    """Follow `sound` through `performance`, frame by frame, up to the first frame that differs.

    A card without CPU time plays nothing for a while and loses some hundredths of a second. That cuts the sound between
    two frames, and the cuts are counted. Nothing else is accepted: the player itself only fades, and a faded frame
    differs.
    """
    audible_frames = np.flatnonzero(np.abs(performance).max(axis=1))
    assert len(audible_frames), "nothing was heard"
    frame = int(audible_frames[0])
    sound_frame = first = _find_start(performance[frame:], sound, tolerance)
    cuts: list[tuple[int, int, int]] = []
    while True:
        equal_frames = _count_equal_frames(performance[frame:], sound[sound_frame:], tolerance)
        cut_start = frame = frame + equal_frames
        sound_frame += equal_frames
        frame = int(next(iter(audible_frames[np.searchsorted(audible_frames, frame) :]), len(performance)))
        if len(performance) - frame < _MATCH_FRAMES:
            return SoundMatch(first, sound_frame, tuple(cuts), len(performance))
        if not performance[frame : frame + _MATCH_FRAMES].any(axis=1).all():  # a fragment between two cuts
            audible_frames = audible_frames[audible_frames > frame]
            continue
        next_sound_frame = _find_continuation(sound_frame, performance[frame : frame + _MATCH_FRAMES], sound, tolerance)
        if next_sound_frame is None:
            return SoundMatch(first, sound_frame, tuple(cuts), frame)
        cuts.append((sound_frame, frame - cut_start, next_sound_frame - sound_frame))
        sound_frame = next_sound_frame


def _find_start(performance: NDArray[np.float32], sound: NDArray[np.float32], tolerance: float) -> int:
    """Return the frame of `sound` at which the performance begins: that of its first frames, or of most of a second.

    A cut in the first second would give most of it another place than its beginning. A fade leaves no frame equal.
    """
    places = np.arange(len(sound) - _MATCH_FRAMES)
    for number, frame in enumerate(performance[:_MATCH_FRAMES]):
        places = places[np.abs(sound[places + number] - frame).max(axis=1, initial=0.0) <= tolerance]
    return int(places[0]) if len(places) else find_offset(performance[:SAMPLE_RATE], sound)


def _count_equal_frames(one: NDArray[np.float32], other: NDArray[np.float32], tolerance: float) -> int:
    """Return the number of equal frames from the start of both."""
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
    """Return the first frame from `start` at which `sound` continues like `head`, within the largest possible loss."""
    windows = np.lib.stride_tricks.sliding_window_view(
        sound[start : start + _MAX_LOST_FRAMES + len(head)], len(head), axis=0
    )
    differences = np.abs(windows - head.T).max(axis=(1, 2), initial=0.0)
    found = np.flatnonzero(differences <= tolerance)
    return start + int(found[0]) if len(found) else None


def split_at_silence(
    recording: NDArray[np.float32], min_pause_frames: int = _MIN_PAUSE_FRAMES
) -> list[NDArray[np.float32]]:
    """Return the parts between silences of more than `min_pause_frames` frames."""
    audible_frames = np.flatnonzero(np.abs(recording).max(axis=1))
    runs = np.split(audible_frames, np.flatnonzero(np.diff(audible_frames) > min_pause_frames) + 1)
    return [recording[run[0] : run[-1] + 1] for run in runs if len(run)]


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(ROOT)}
