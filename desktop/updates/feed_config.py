"""Feed URL and public key from resources/updates.toml."""

import tomllib
from dataclasses import dataclass

from desktop.paths import resources


@dataclass(frozen=True)
class FeedConfig:
    """Feed URL and the public key that its signature must match."""

    feed_url: str
    """https URL of the JSON feed; its signature has the same URL with `.minisig` appended."""
    public_key: str
    """Public key: the last line of a minisign.pub file."""

    @property
    def signature_url(self) -> str:
        """URL of the detached signature."""
        return f"{self.feed_url}.minisig"


def load_feed_config() -> FeedConfig | None:
    """Return the feed that this app was built with; None if it was built without one."""
    values = tomllib.loads((resources() / "updates.toml").read_text(encoding="utf-8"))
    config = FeedConfig(values["feed"], values["key"])
    return config if config.feed_url and config.public_key else None
