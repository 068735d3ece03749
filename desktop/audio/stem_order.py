"""The order in which stems are shown and what they are called, whatever model they come from."""

from collections.abc import Iterable

_FIRST = ("vocals", "drums", "bass", "guitar", "piano", "other")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The voice first, as on most mixing desks of a band; names that nobody knows come last, as they came."""
    return tuple(sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)))


def stem_title(name: str) -> str:
    """Return a stem's name as a heading: "lead_vocals" as "Lead vocals"."""
    return name[:1].upper() + name[1:].replace("_", " ")
