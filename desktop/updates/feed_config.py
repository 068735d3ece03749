"""Where the list of versions lies, and the key that it is signed with, as resources/updates.toml says."""

import tomllib
from dataclasses import dataclass

from desktop.paths import resources


@dataclass(frozen=True)
class FeedConfig:
    """Whom to ask, and whom to believe."""

    feed_url: str
    """The https address of the JSON file; its signature lies beside it."""
    public_key: str
    """The public key, as the last line of a minisign.pub file."""

    @property
    def signature_url(self) -> str:
        """The address of the detached signature."""
        return f"{self.feed_url}.minisig"


def load_feed_config() -> FeedConfig | None:
    """The source that this app was built with; None when it was built with none."""
    values = tomllib.loads((resources() / "updates.toml").read_text(encoding="utf-8"))
    config = FeedConfig(values["feed"], values["key"])
    return config if config.feed_url and config.public_key else None
