"""File names: printable, safe to write, sortable, storable and as C libraries take them."""

import os
import re
import unicodedata
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import cast

_ELLIPSIS = "…"
# Names that Windows reserves for devices, with any suffix.
_RESERVED_WINDOWS_NAMES = {
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
}
_NUMBERS = re.compile("[0-9]+")
_NUMBER_SORT_DIGITS = 20
_MAX_ARTIST_BYTES = 50
_FORBIDDEN_CHARACTERS = set('<>:"/\\|?*')


def printable(name: str | Path, max_length: int = 80) -> str:
    """Return `name` for use in a sentence, at most `max_length` characters long.

    Nothing in it can move the cursor, reverse the text or fill the screen: control, format and undecodable characters
    are escaped, a name with spaces at its ends is quoted, and the middle of a long name is replaced by an ellipsis.
    """
    text = "".join(_escape_if_invisible(character) for character in str(name))
    if text != text.strip():
        text = f"“{text}”"
    if len(text) <= max_length:
        return text
    tail_length = (max_length - 1) // 3
    return text[: max_length - 1 - tail_length] + _ELLIPSIS + text[len(text) - tail_length :]


def safe_file_name(name: str, max_bytes: int = 120) -> str:
    """Return a file name that is valid on every system and close to `name`; never empty, never a path.

    It has at most `max_bytes` bytes in UTF-8.
    """
    text = unicodedata.normalize("NFC", name)
    text = "".join(
        c if _escape_if_invisible(c) == c and c not in _FORBIDDEN_CHARACTERS and _is_encodable(c) else "_" for c in text
    ).strip(" .")
    if text.split(".")[0].rstrip().lower() in _RESERVED_WINDOWS_NAMES:
        text = f"_{text}"
    data = text.encode("utf-8", errors="replace")[:max_bytes]
    return data.decode("utf-8", errors="ignore").strip(" .-") or "untitled"


def song_file_name(artist: str, title: str, max_bytes: int) -> str:
    """Return the file name "Artist - Title", or "Title" without an artist, safe as that of `safe_file_name`.

    It has at most `max_bytes` bytes in UTF-8, of which the artist gets at most half.
    """
    artist = artist.strip()
    prefix = f"{safe_file_name(artist, min(_MAX_ARTIST_BYTES, max_bytes // 2))} - " if artist else ""
    return prefix + safe_file_name(title, max_bytes - len(prefix.encode()))


def natural_sort_key(name: str) -> str:
    """Return a key for natural order: "Track 2" before "track 10", and "Élan" next to "elan"."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    base_letters = "".join(character for character in letters if not unicodedata.combining(character))
    return _NUMBERS.sub(lambda match: match.group().zfill(_NUMBER_SORT_DIGITS), base_letters)


def make_distinct(labels: Sequence[str]) -> list[str]:
    """Return the labels, with a number appended to labels that equal an earlier one except for case."""
    distinct: list[str] = []
    for label in labels:
        others = {other.casefold() for other in distinct}
        numbered = (label if number == 1 else f"{label} {number}" for number in count(1))
        distinct.append(next(name for name in numbered if name.casefold() not in others))
    return distinct


def storable_file_name(name: str) -> str:
    """Return a file name as valid text: bytes that cannot be decoded become replacement characters."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def native_path(path: Path) -> str:
    """Return `path` for C libraries: text on Windows, bytes elsewhere, so that every file name can be opened."""
    # soundfile accepts bytes as well as text, although it does not document it.
    return str(path) if os.name == "nt" else cast("str", os.fsencode(path))


def _is_encodable(character: str) -> bool:
    """Return whether file names can contain `character`: only ASCII in the C locale without UTF-8 mode."""
    try:
        os.fsencode(character)
    except UnicodeEncodeError:
        return False
    return True


def _escape_if_invisible(character: str) -> str:
    # Zero-width joiners are part of emoji and several scripts; other format characters serve only to disguise names.
    if character in "\u200d\ufe0f":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    return character
