"""The order in which stems are shown, whatever model they come from."""

from collections.abc import Iterable

_FIRST = ("vocals", "drums", "bass", "guitar", "piano", "other")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The voice first, as on most mixing desks of a band; names that nobody knows come last, as they came."""
    return tuple(sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)))
