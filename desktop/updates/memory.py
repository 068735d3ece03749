"""What is remembered from one look for a newer version to the next, in the library's folder."""

import json
from dataclasses import asdict, dataclass, fields, replace

from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.settings import write_atomically

EVERY = 24 * 3600.0
"""Seconds from one look to the next, at least."""


@dataclass(frozen=True)
class Remembered:
    """What was asked and answered."""

    asked: float = 0.0
    """When it was asked last, whatever came of it: seconds since 1970."""
    newest: str = ""
    """The newest version that was ever told of: a signed feed with an older one is an old feed."""
    dismissed: str = ""
    """The version of which the user wants to hear no more."""

    def due(self, now: float) -> bool:
        """Whether to ask again. A clock that was ahead when it was asked does not silence it for years."""
        return not 0 <= now - self.asked < EVERY


def remembered(home: Home) -> Remembered:
    """What is remembered; the defaults for whatever is missing or damaged."""
    try:
        saved = json.loads(home.updates.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Remembered()
    if not isinstance(saved, dict):
        return Remembered()
    usual = asdict(Remembered())
    return Remembered(
        **{f.name: saved[f.name] for f in fields(Remembered) if isinstance(saved.get(f.name), type(usual[f.name]))}
    )


def remember(home: Home, **values: str | float) -> None:
    """Remember other values of `Remembered`. Raises UpdateError when they could not be saved."""
    changed = replace(remembered(home), **values)  # pyright: ignore[reportArgumentType]
    try:
        write_atomically(home.updates, json.dumps(asdict(changed), indent=2).encode())
    except OSError as error:
        raise UpdateError(f"What is known of newer versions was not saved in {home.updates}: {error}.") from error
