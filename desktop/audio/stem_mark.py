"""How a stem that Unbraid made is told from a song, wherever the file was moved: by a comment within the file.

A folder of songs may well hold exported stems, below an `--out` folder for one. They must not be separated in their turn.
Paths that the library knows would not do: another library, or another computer, knows others, and a removed song none.
"""

import os
from pathlib import Path

STEM_COMMENT = "Stem separated by Unbraid"
"""At most 30 characters, which is what ID3v1 holds."""
# WAV and FLAC files carry the comment before their samples, MP3 files in an ID3v1 tag: their last 128 bytes.
_HEAD, _TAIL = 4096, 128


def is_marked_stem(path: Path) -> bool:
    """Return True when a regular file carries the comment. Decodes nothing; a file that cannot be read has none."""
    mark = STEM_COMMENT.encode()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return mark in head or mark in file.read(_TAIL)
    except OSError:
        return False
