"""Plays the demo song: `python resources/demo/make_demo.py` writes "Unbraid demo.flac" beside itself.

Eleven bars at 96 beats a minute in A minor: intro, verse, chorus, end. All of it is computed, so it is free to ship.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile
from instruments import RATE, Sound, bass, electric_piano, hat, kick, pad, room, snare
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from singer import Syllable, sing

NAME = "Unbraid demo.flac"
BEAT = 60.0 / 96.0
BARS = 11
LENGTH = BARS * 4 * BEAT + 1.5
PEAK = 10.0 ** (-1.0 / 20.0)

# Chords as (bass note, notes of the right hand), two bars of intro, four of verse, four of chorus, one to end on.
AM7, FMAJ7, C, G = (33, (60, 64, 67, 69)), (29, (57, 60, 64, 65)), (36, (55, 60, 62, 64)), (31, (55, 59, 62, 67))
EM7 = (28, (55, 59, 62, 64))
SONG = (AM7, FMAJ7, AM7, FMAJ7, C, G, FMAJ7, G, EM7, AM7, C)
VERSE, CHORUS, END = 2, 6, 10

# The tune: (bar, beat, length in beats, note, vowel, onset).
TUNE = (
    (2, 0.5, 0.5, 64, "u", "h"), (2, 1.0, 0.75, 67, "a", "n"), (2, 1.75, 0.75, 69, "o", ""), (2, 2.5, 1.25, 67, "e", "s"),
    (3, 0.0, 0.75, 65, "a", "t"), (3, 0.75, 0.75, 64, "i", "n"), (3, 1.5, 2.0, 60, "o", ""),
    (4, 0.5, 0.5, 64, "u", "h"), (4, 1.0, 0.75, 67, "a", "n"), (4, 1.75, 0.75, 72, "o", ""), (4, 2.5, 1.25, 71, "e", "s"),
    (5, 0.0, 0.75, 71, "a", "t"), (5, 0.75, 0.75, 69, "i", "n"), (5, 1.5, 1.75, 67, "a", ""), (5, 3.5, 0.5, 67, "o", "n"),
    (6, 0.0, 1.5, 72, "a", ""), (6, 1.5, 1.0, 71, "e", "n"), (6, 2.5, 1.5, 69, "a", "s"),
    (7, 0.0, 1.0, 71, "o", ""), (7, 1.0, 0.5, 69, "i", "t"), (7, 1.5, 2.0, 67, "a", "n"), (7, 3.5, 0.5, 69, "u", ""),
    (8, 0.0, 1.5, 71, "e", "n"), (8, 1.5, 1.0, 69, "a", "s"), (8, 2.5, 1.25, 67, "o", ""),
    (9, 0.0, 1.0, 69, "a", "h"), (9, 1.0, 0.5, 67, "i", "n"), (9, 1.5, 2.25, 64, "a", "t"),
    (10, 0.0, 3.25, 67, "u", "n"),
)  # fmt: skip


class Track:
    """A stereo track on which sounds are laid: float64 [2, frames]."""

    def __init__(self) -> None:
        """Silence."""
        self.sound: NDArray[np.float64] = np.zeros((2, round(LENGTH * RATE)))

    def lay(self, sound: Sound, start: float, level: float, side: float = 0.0) -> None:
        """Add mono `sound` at `start` (seconds), `side` from -1 (left) to 1 (right) at constant power."""
        first = round(start * RATE)
        angle = (side + 1.0) * np.pi / 4.0
        piece = sound[: self.sound.shape[1] - first]
        self.sound[:, first : first + len(piece)] += level * np.outer((np.cos(angle), np.sin(angle)), piece)


def at(bar: float, beat: float) -> float:
    """When a beat falls (seconds). Off sixteenths come a little late: the groove."""
    late = 0.09 if round(beat * 4) % 2 else 0.0
    return (bar * 4 + beat + late * 0.25) * BEAT


def drums() -> NDArray[np.float64]:
    """Kick, snare and hats; a fill into the chorus, one stroke to end on."""
    track = Track()
    seeds = iter(range(100, 1000))
    for beat in (2.0, 3.0, 3.5):
        track.lay(hat(next(seeds), 0.02), at(1, beat), 0.30, 0.3)
    for bar in range(VERSE, END):
        chorus = bar >= CHORUS
        for beat in (0.0, 2.5, *((1.75,) if chorus else ())):
            track.lay(kick(), at(bar, beat), 0.58)
        for beat in (1.0, 3.0, *((2.5, 2.75, 3.5, 3.75) if bar == CHORUS - 1 else ())):
            track.lay(snare(next(seeds)), at(bar, beat), 0.50 if beat in (1.0, 3.0) else 0.28, -0.08)
        for step in range(16 if chorus else 8):
            beat = step / (4 if chorus else 2)
            accent = (0.34, 0.16, 0.26, 0.16)[step % 4] if chorus else (0.30, 0.20)[step % 2]
            opened = beat == 3.5
            track.lay(hat(next(seeds), 0.09 if opened else 0.018), at(bar, beat), accent, 0.3)
    track.lay(kick(), at(END, 0.0), 0.58)
    track.lay(hat(next(seeds), 0.35), at(END, 0.0), 0.35, -0.25)
    return track.sound


def low_end() -> NDArray[np.float64]:
    """Return the bass track: roots with the kick, a fifth and an octave between."""
    track = Track()
    for bar in range(VERSE, END):
        root = SONG[bar][0]
        steps = ((0.0, 0.0, 1.25), (1.5, 12.0, 0.4), (2.5, 0.0, 0.9), (3.5, 7.0, 0.45))
        for beat, up, length in steps:
            track.lay(bass(root + up, length * BEAT), at(bar, beat), 0.36)
    track.lay(bass(SONG[END][0], 3.5 * BEAT), at(END, 0.0), 0.36)
    return track.sound


def keys() -> NDArray[np.float64]:
    """Return the electric piano track, spread from left (low) to right (high), and a pad under the chorus."""
    track = Track()
    for bar, (_, notes) in enumerate(SONG):
        strokes = (
            ((0.0, 3.9, 0.9),) if bar < VERSE or bar == END else ((0.0, 1.4, 0.9), (1.5, 1.0, 0.6), (2.75, 1.2, 0.7))
        )
        for beat, length, touch in strokes:
            for number, note in enumerate(notes):
                sound = electric_piano(note, length * BEAT, touch)
                track.lay(sound, at(bar, beat) + 0.012 * number, 0.15 * touch, -0.55 + 0.37 * number)
        if bar >= CHORUS:
            for number, note in enumerate(notes[:3]):
                track.lay(pad(note, 4.3 * BEAT), at(bar, 0.0), 0.085, (-0.8, 0.1, 0.8)[number])
    return track.sound


def voices() -> NDArray[np.float64]:
    """Return the vocal track: the lead in the middle; in the chorus two more singers beside it, a third below."""
    lead = [
        Syllable(at(bar, beat), length * BEAT, note, vowel, onset) for bar, beat, length, note, vowel, onset in TUNE
    ]
    below = {72: 69, 71: 67, 69: 65, 67: 64, 64: 60}
    choir = [
        Syllable(s.start, s.length, below[round(s.note)], s.vowel)
        for s in lead
        if at(CHORUS, 0) <= s.start < at(END, 0)
    ]
    track = Track()
    track.lay(sing(lead, LENGTH), 0.0, 0.40)
    track.lay(sing(choir, LENGTH, 6.0, 2), 0.011, 0.10, -0.7)
    track.lay(sing(choir, LENGTH, -7.0, 3), 0.017, 0.10, 0.7)
    return track.sound


def mix() -> NDArray[np.float64]:
    """Return the whole song, float64 [2, frames], with its peak at -1 dBFS."""
    parts = {"drums": drums(), "bass": low_end(), "keys": keys(), "voices": voices()}
    sends = {"drums": 0.05, "keys": 0.10, "voices": 0.14}
    sent = sum(level * parts[name] for name, level in sends.items())
    wet = np.stack([fftconvolve(sent[side], room(1.2, 7 + side))[: parts["bass"].shape[1]] for side in (0, 1)])
    song = sum(parts.values()) + wet
    song *= np.clip((LENGTH - np.arange(song.shape[1]) / RATE) / 1.2, 0.0, 1.0)
    return np.asarray(song * (PEAK / np.abs(song).max()))


def samples() -> NDArray[np.int16]:
    """Return the song in the integers of the file, int16 [frames, 2]."""
    return np.round(mix().T * 32767.0).astype(np.int16)


def main() -> int:
    """Write the song."""
    path = Path(__file__).with_name(NAME)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16", format="FLAC", compression_level=1.0) as out:
        out.title, out.artist, out.comment = "Unbraid demo", "Unbraid", "CC0 1.0"
        song = samples()
        for start in range(0, len(song), 65536):
            out.write(song[start : start + 65536])
    return 0


if __name__ == "__main__":
    sys.exit(main())
