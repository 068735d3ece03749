"""Lines of lyrics as values."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta


@dataclass(frozen=True)
class LyricLine:
    """One line of lyrics."""

    text: str
    time_s: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    """Time at which it is sung; None if it is not known."""
