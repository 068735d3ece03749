"""What is remembered from one look for a newer version to the next, in the library's folder."""

import json
from dataclasses import asdict, dataclass, fields, replace

from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.settings import write_atomically

CHECK_INTERVAL_S = 24 * 3600.0
"""Seconds from one look to the next, at least."""


@dataclass(frozen=True)
class UpdateState:
    """What was asked and answered."""

    asked: float = 0.0
    """When it was asked last, whatever came of it: seconds since 1970."""
    newest: str = ""
    """The newest version that was ever told of: a signed feed with an older one is an old feed."""
    dismissed: str = ""
    """The version of which the user wants to hear no more."""

    def is_due(self, now: float) -> bool:
        """Whether to ask again. A clock that was ahead when it was asked does not silence it for years."""
        return not 0 <= now - self.asked < CHECK_INTERVAL_S


def load_update_state(home: Home) -> UpdateState:
    """What is remembered; the defaults for whatever is missing or damaged."""
    try:
        saved = json.loads(home.update_state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return UpdateState()
    if not isinstance(saved, dict):
        return UpdateState()
    defaults = asdict(UpdateState())
    return UpdateState(
        **{f.name: saved[f.name] for f in fields(UpdateState) if isinstance(saved.get(f.name), type(defaults[f.name]))}
    )


def change_update_state(home: Home, **values: str | float) -> None:
    """Remember other values of `UpdateState`. Raises UpdateError when they could not be saved."""
    changed = replace(load_update_state(home), **values)  # pyright: ignore[reportArgumentType]
    try:
        write_atomically(home.update_state, json.dumps(asdict(changed), indent=2).encode())
    except OSError as error:
        raise UpdateError(f"What is known of newer versions was not saved in {home.update_state}: {error}.") from error
