"""Order and titles of stems, independent of the model, and the comment that marks exported stem files."""

import os
from collections.abc import Iterable
from pathlib import Path

STEM_COMMENT = "Stem separated by Unbraid"
"""Comment in the files of stems; at most 30 characters, the limit of ID3v1."""
# WAV and FLAC files store the comment before their samples, MP3 files in an ID3v1 tag: their last 128 bytes.
_HEAD_BYTES, _TAIL_BYTES = 4096, 128
_STEM_ORDER = ("vocals", "drums", "bass", "guitar", "piano", "other")


def sort_stem_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return stem names in display order: vocals first, unknown names last in their given order."""
    return tuple(sorted(names, key=lambda name: _STEM_ORDER.index(name) if name in _STEM_ORDER else len(_STEM_ORDER)))


def stem_title(name: str) -> str:
    """Return the title of a stem: "Lead vocals" for "lead_vocals"."""
    return name[:1].upper() + name[1:].replace("_", " ")


def has_stem_comment(path: Path) -> bool:
    """Return True if a regular file contains `STEM_COMMENT`; False if it cannot be read. Does not decode it."""
    comment = STEM_COMMENT.encode()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return comment in head or comment in file.read(_TAIL_BYTES)
    except OSError:
        return False
