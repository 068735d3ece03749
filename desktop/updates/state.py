"""State of the update check, saved in the library's folder."""

import json
from dataclasses import asdict, dataclass, fields, replace

from desktop.atomic_file import write_atomically
from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.text.message import Message

CHECK_INTERVAL_S = 24 * 3600.0
"""Minimum seconds between two update checks."""


@dataclass(frozen=True)
class UpdateState:
    """Time and result of the last update check, and the dismissed version."""

    asked: float = 0.0
    """Time of the last check, successful or not, in seconds since 1970."""
    newest: str = ""
    """Newest version seen in any feed: a signed feed with an older version is outdated and is rejected."""
    dismissed: str = ""
    """Version whose notice the user dismissed."""

    def is_due(self, now: float) -> bool:
        """Return whether a check is due at `now` (seconds since 1970).

        A last check in the future, saved while the clock was wrong, counts as due.
        """
        return not 0 <= now - self.asked < CHECK_INTERVAL_S


def load_update_state(home: Home) -> UpdateState:
    """Return the saved state, with default values for missing or damaged fields."""
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
    """Change fields of the saved `UpdateState`. Raises UpdateError if it cannot be saved."""
    changed = replace(load_update_state(home), **values)  # pyright: ignore[reportArgumentType]
    try:
        write_atomically(home.update_state, json.dumps(asdict(changed), indent=2), durable=False)
    except OSError as error:
        raise UpdateError(
            Message(
                "The result of the update check could not be saved in {file}: {error}.",
                file=str(home.update_state),
                error=str(error),
            )
        ) from error
