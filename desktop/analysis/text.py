"""Texts about tempos, keys and chords for users, with real accidentals; JSON and file tags have ASCII names instead."""

import re

from desktop.analysis.harmony import Key
from desktop.text.message import tr

_ACCIDENTAL = re.compile(r"(?<=[A-G])[#b]")
_SIGNS = {"#": "♯", "b": "♭"}


def format_tempo(bpm: float) -> str:
    """Return a tempo in beats per minute as "112"."""
    return f"{bpm:.0f}"


def format_key(key: Key) -> str:
    """Return a key as "F♯ minor"."""
    tonic = with_accidentals(key.tonic_name)
    return tr("{tonic} minor", tonic=tonic) if key.is_minor else tr("{tonic} major", tonic=tonic)


def with_accidentals(name: str) -> str:
    """Return the name of a note or a chord with real accidentals: "B♭m7" for "Bbm7"."""
    return _ACCIDENTAL.sub(lambda match: _SIGNS[match[0]], name)
