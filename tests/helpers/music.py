"""A song with a known tempo and key, as short as an analysis allows."""

from pathlib import Path

import numpy as np
import soundfile

SAMPLE_RATE = 44100
TEMPO_BPM, KEY_NAME = 120.0, "A minor"
# Chords of A minor as MIDI notes, one a bar: Am, Dm, E, Am.
_CHORDS = ((57, 60, 64), (62, 65, 69), (64, 68, 71), (57, 60, 64))


def write_music(path: Path, bars: int = 8, sample_rate: int = SAMPLE_RATE) -> Path:
    """Write a stereo song of bars of four beats, two seconds each, and return `path`."""
    beat_frames = round(60.0 / TEMPO_BPM * sample_rate)
    times = np.arange(4 * beat_frames) / sample_rate
    noise = np.random.default_rng(0).normal(0, 1, beat_frames)
    drum = np.tile(noise * np.exp(-np.arange(beat_frames) / sample_rate * 40), 4)
    drum[:beat_frames] *= 2  # the downbeat
    sounds = [
        sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * times) for note in (*chord, chord[0] - 12)) * 0.08
        + 0.15 * drum
        for chord in (_CHORDS[bar % len(_CHORDS)] for bar in range(bars))
    ]
    song = np.concatenate(sounds)
    soundfile.write(path, np.stack([song, song], axis=1), sample_rate, subtype="PCM_16")
    return path
