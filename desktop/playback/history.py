"""Undo and redo of a song's state."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from time import monotonic
from typing import Any

import msgspec

from desktop.playback.song_state import SongState

_MAX_UNDO_STEPS = 200
# Seconds between two changes of the same value that are still one movement, and one step to undo.
_SAME_MOVE_S = 1.0


class SongHistory:
    """States of one song that can be returned to; where the playhead and the view are is not part of it."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Create an empty history; `clock` returns seconds that never go back."""
        self._clock = clock
        self._earlier: list[SongState] = []
        self._later: list[SongState] = []
        self._moved_value: str | None = None
        self._moved_at = 0.0

    def record(self, before: SongState, after: SongState) -> None:
        """Record a change; changes of one value in quick succession are one step, equal states are none."""
        if before.with_navigation_of(after) == after:
            return
        value, now = _find_changed_value(before, after), self._clock()
        is_same_move = value is not None and value == self._moved_value and now - self._moved_at < _SAME_MOVE_S
        if not is_same_move:
            self._earlier = [*self._earlier, before][-_MAX_UNDO_STEPS:]
        self._later = []
        self._moved_value, self._moved_at = value, now

    @property
    def can_undo(self) -> bool:
        """Whether there is a recorded change to take back."""
        return bool(self._earlier)

    @property
    def can_redo(self) -> bool:
        """Whether a change was taken back, and none recorded since."""
        return bool(self._later)

    def undo(self, current: SongState) -> SongState | None:
        """Return the state before the last recorded change, or None if there is none."""
        return self._step(self._earlier, self._later, current)

    def redo(self, current: SongState) -> SongState | None:
        """Return the state before the last `undo`, or None if there is none or a change was recorded since."""
        return self._step(self._later, self._earlier, current)

    def _step(self, source: list[SongState], target: list[SongState], current: SongState) -> SongState | None:
        if not source:
            return None
        self._moved_value = None
        target.append(current)
        return source.pop().with_navigation_of(current)


def _find_changed_value(before: SongState, after: SongState) -> str | None:
    """Return the path of the only number that differs, such as `.mixes.A.lanes.drums.gain_db`; None otherwise.

    A switch is no movement: turning it on and off again are two steps. A lane that is missing has all its values at
    their defaults, which are zero or empty.
    """
    after = after.with_navigation_of(before)
    changed = [field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)]
    # Lyrics are no movement either, and may have thousands of values.
    if len(changed) != 1 or changed == ["lyrics"]:
        return None
    earlier, later = (dict(_walk_values(f".{changed[0]}", getattr(state, changed[0]))) for state in (before, after))
    pairs = {path: (earlier.get(path) or 0, later.get(path) or 0) for path in earlier.keys() | later.keys()}
    paths = [path for path, (old, new) in pairs.items() if old != new]
    if len(paths) != 1 or not all(type(value) in (int, float) for value in pairs[paths[0]]):
        return None
    return paths[0]


def _walk_values(root_path: str, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything in `root`, a field of a state."""

    def walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
        match value:
            case dict():
                for key, child in value.items():
                    yield from walk(f"{path}.{key}", child)
            case list() | tuple():
                for index, child in enumerate(value):
                    yield from walk(f"{path}.{index}", child)
            case _:
                yield path, value

    return walk(root_path, msgspec.to_builtins(root))
