"""A publisher of new versions: a key made for the test, and a server with the feed that packaging/feed.py writes."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from desktop.updates.feed_config import FeedConfig
from tests.helpers.command import ROOT
from tests.helpers.http_server import FileServer

sys.path.insert(0, str(ROOT / "packaging"))

from feed import NAME, format_feed
from signing_key import SigningKey

SIGNATURE_NAME = f"{NAME}.minisig"
RELEASE_PAGE = "https://example.org/unbraid/new"


@dataclass
class Publisher:
    """Publishes signed update feeds on a local server."""

    server: FileServer
    key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def source(self) -> FeedConfig:
        return FeedConfig(f"{self.server.url}/{NAME}", self.key.public)

    @property
    def requested_paths(self) -> list[str]:
        """The requested paths, in order."""
        return [path.strip("/") for path, _ in self.server.requests]

    def publish(self, version: str, page: str = RELEASE_PAGE) -> None:
        """Publish a version."""
        self.upload(format_feed(version, page, []))

    def upload(self, data: bytes, key: SigningKey | None = None) -> None:
        """Publish these bytes as the feed, signed with `key` or the publisher's own key."""
        self.server.files[NAME] = data
        self.server.files[SIGNATURE_NAME] = (key or self.key).sign(data, f"file:{NAME}").encode()


@contextmanager
def running_publisher(version: str) -> Generator[Publisher]:
    """Run a publisher that has published `version`."""
    with FileServer() as server:
        publisher = Publisher(server)
        publisher.publish(version)
        yield publisher
