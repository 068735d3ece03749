"""Keys and chords as values: names, transposition, relative key."""

import re
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_PITCH_CLASSES = {name: number for names in (_SHARP_NAMES, _FLAT_NAMES) for number, name in enumerate(names)}
# Tonics whose major scale is written with flats: F, B flat, E flat, A flat, D flat.
_FLAT_MAJOR_TONICS = frozenset({5, 10, 3, 8, 1})
_CHORD = re.compile(r"([A-G][#b]?)(.*)")
NO_CHORD = "N"
"""Name of a passage without a chord, as in the annotations of the Music Information Retrieval Evaluation eXchange."""


@dataclass(frozen=True)
class Key:
    """Key of a song."""

    tonic: Annotated[int, Meta(ge=0, le=11)]
    """Pitch class of the tonic: 0 is C, 11 is B."""
    is_minor: bool = False

    @classmethod
    def parse(cls, name: str) -> "Key":
        """Return the key called `name`, such as "E minor" or "Bb major". Raises ValueError."""
        tonic, _, mode = name.partition(" ")
        if tonic not in _PITCH_CLASSES or mode not in ("major", "minor"):
            raise ValueError(f"not a key: {name!r:.100}")
        return cls(_PITCH_CLASSES[tonic], mode == "minor")

    @property
    def name(self) -> str:
        """Name in English, with ASCII accidentals: "F# minor", "Bb major"."""
        return f"{self.tonic_name} {'minor' if self.is_minor else 'major'}"

    @property
    def tonic_name(self) -> str:
        """Name of the tonic: "F#", "Bb"."""
        return (_FLAT_NAMES if self.uses_flats else _SHARP_NAMES)[self.tonic]

    @property
    def uses_flats(self) -> bool:
        """Whether the key signature has flats."""
        return (self.relative.tonic if self.is_minor else self.tonic) in _FLAT_MAJOR_TONICS

    @property
    def relative(self) -> "Key":
        """Relative minor or major: the key with the same notes."""
        return Key((self.tonic + (3 if self.is_minor else 9)) % 12, not self.is_minor)

    def transposed(self, semitones: int) -> "Key":
        """Return the key `semitones` higher, or lower if they are negative."""
        return Key((self.tonic + semitones) % 12, self.is_minor)


@dataclass(frozen=True)
class Chord:
    """Chord of a passage."""

    start_s: Annotated[float, Meta(ge=0)]
    end_s: Annotated[float, Meta(ge=0)]
    name: str
    """Name with ASCII accidentals: "F#m", "Bb7"; `NO_CHORD` if none sounds."""

    @property
    def root(self) -> int | None:
        """Pitch class of the root; None if the name is no chord."""
        match = _CHORD.fullmatch(self.name)
        return None if match is None else _PITCH_CLASSES.get(match[1])

    @property
    def quality(self) -> str:
        """What follows the root in the name: "" for a major triad, "m", "7"; the whole name if it is no chord."""
        match = _CHORD.fullmatch(self.name)
        return self.name if match is None else match[2]

    def transposed_name(self, semitones: int, uses_flats: bool = False) -> str:
        """Return the chord's name `semitones` higher; a name that is no chord stays as it is."""
        match = _CHORD.fullmatch(self.name)
        if match is None or match[1] not in _PITCH_CLASSES:
            return self.name
        names = _FLAT_NAMES if uses_flats else _SHARP_NAMES
        return names[(_PITCH_CLASSES[match[1]] + semitones) % 12] + match[2]
