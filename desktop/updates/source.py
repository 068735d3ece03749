"""Where the list of versions lies, and the key that it is signed with, as resources/updates.toml says."""

import tomllib
from dataclasses import dataclass

from desktop.paths import resources


@dataclass(frozen=True)
class Source:
    """Whom to ask, and whom to believe."""

    feed: str
    """The https address of the JSON file; its signature lies beside it."""
    key: str
    """The public key, as the last line of a minisign.pub file."""

    @property
    def signature(self) -> str:
        """The address of the detached signature."""
        return f"{self.feed}.minisig"


def shipped_source() -> Source | None:
    """The source that this app was built with; None when it was built with none."""
    listed = tomllib.loads((resources() / "updates.toml").read_text(encoding="utf-8"))
    source = Source(listed["feed"], listed["key"])
    return source if source.feed and source.key else None
