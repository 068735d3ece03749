"""Names of files: as they may be shown, and as they may be written."""

import os
import re
import unicodedata
from pathlib import Path
from typing import cast

_ELLIPSIS = "…"
# Names that Windows keeps for devices, with any suffix.
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
_FORBIDDEN_CHARACTERS = set('<>:"/\\|?*')


def printable(name: str | Path, max_length: int = 80) -> str:
    """`name` fit for a sentence: nothing in it can move the cursor, turn the text round or fill the screen.

    Control, format and undecodable characters are escaped, spaces at the ends made visible by quotes, and the middle
    of a long name is left out.
    """
    text = "".join(_escape_if_invisible(character) for character in str(name))
    if text != text.strip():
        text = f"“{text}”"
    if len(text) <= max_length:
        return text
    tail_length = (max_length - 1) // 3
    return text[: max_length - 1 - tail_length] + _ELLIPSIS + text[len(text) - tail_length :]


def safe_file_name(name: str, max_bytes: int = 120) -> str:
    """A file name that every system takes and that keeps what can be kept of `name`. Never empty, never a path."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(
        c if _escape_if_invisible(c) == c and c not in _FORBIDDEN_CHARACTERS and _is_encodable(c) else "_" for c in text
    ).strip(" .")
    if text.split(".")[0].rstrip().lower() in _RESERVED_WINDOWS_NAMES:
        text = f"_{text}"
    data = text.encode("utf-8", errors="replace")[:max_bytes]
    return data.decode("utf-8", errors="ignore").strip(" .-") or "untitled"


def natural_sort_key(name: str) -> str:
    """Return a text that sorts as people do: "Track 2" before "track 10", and "Élan" with "elan"."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(character for character in letters if not unicodedata.combining(character))
    return _NUMBERS.sub(lambda found: found.group().zfill(_NUMBER_SORT_DIGITS), plain)


def storable_file_name(name: str) -> str:
    """A file's name as text that can be stored: bytes that are none become replacement marks."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def native_path(path: Path) -> str:
    """`path` as C libraries take it: bytes where names are bytes, so that no name is out of reach."""
    # libsndfile's binding takes both, and says so nowhere.
    return str(path) if os.name == "nt" else cast("str", os.fsencode(path))


def _is_encodable(character: str) -> bool:
    """True when file names here can hold `character`: in the C locale, without UTF-8 mode, they hold ASCII alone."""
    try:
        os.fsencode(character)
    except UnicodeEncodeError:
        return False
    return True


def _escape_if_invisible(character: str) -> str:
    # Zero-width joiners belong to emoji and to several scripts; every other format character only deceives.
    if character in "\u200d\ufe0f":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    return character
