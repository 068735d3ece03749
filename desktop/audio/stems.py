"""The order in which stems are shown and what they are called, whatever model they come from."""

import os
from collections.abc import Iterable
from pathlib import Path

_STEM_ORDER = ("vocals", "drums", "bass", "guitar", "piano", "other")


def sort_stem_names(names: Iterable[str]) -> tuple[str, ...]:
    """The voice first, as on most mixing desks of a band; names that nobody knows come last, as they came."""
    return tuple(sorted(names, key=lambda name: _STEM_ORDER.index(name) if name in _STEM_ORDER else len(_STEM_ORDER)))


def stem_title(name: str) -> str:
    """Return a stem's name as a heading: "lead_vocals" as "Lead vocals"."""
    return name[:1].upper() + name[1:].replace("_", " ")


STEM_COMMENT = "Stem separated by Unbraid"
"""At most 30 characters, which is what ID3v1 holds."""
# WAV and FLAC files carry the comment before their samples, MP3 files in an ID3v1 tag: their last 128 bytes.
_HEAD_BYTES, _TAIL_BYTES = 4096, 128


def has_stem_comment(path: Path) -> bool:
    """Return True when a regular file carries the comment. Decodes nothing; a file that cannot be read has none."""
    comment = STEM_COMMENT.encode()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return comment in head or comment in file.read(_TAIL_BYTES)
    except OSError:
        return False
