"""The four stems that a stem file of Native Instruments has, and which of them the stems of a song become."""

from collections.abc import Iterable

from desktop.text.message import Message

NI_STEM_NAMES = ("drums", "bass", "other", "vocals")
"""The stems, in the order of their tracks."""
CANNOT_FOLD = Message("A stem file holds drums, bass, vocals and other, and the song has stems of another kind.")
"""Why a song cannot be a stem file."""
_FOLDED_NAMES = {
    "guitar": "other",
    "piano": "other",
    "instrumental": "other",
    "lead_vocals": "vocals",
    "backing_vocals": "vocals",
}


def ni_stem_name(name: str) -> str | None:
    """Return the stem of the file that the stem `name` is added to; None if it is unknown."""
    return name if name in NI_STEM_NAMES else _FOLDED_NAMES.get(name)


def can_fold(names: Iterable[str]) -> bool:
    """Return whether every stem of a song has a place in the file."""
    return all(ni_stem_name(name) for name in names)
