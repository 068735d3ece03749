"""Whoever publishes new versions: a key made for the test, and a server with the feed that packaging/feed.py writes."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from desktop.updates.source import Source
from tests.helpers.command import ROOT
from tests.helpers.http_server import FileServer

sys.path.insert(0, str(ROOT / "packaging"))

from feed import NAME, feed_of
from signing_key import SigningKey

SIGNATURE = f"{NAME}.minisig"
PAGE = "https://example.org/unbraid/new"


@dataclass
class Publisher:
    """Publishes on a server of its own."""

    server: FileServer
    key: SigningKey = field(default_factory=SigningKey.make)

    @property
    def source(self) -> Source:
        return Source(f"{self.server.url}/{NAME}", self.key.public)

    @property
    def asked(self) -> list[str]:
        """What was asked of the server, in order."""
        return [path.strip("/") for path, _ in self.server.asked]

    def publish(self, version: str, page: str = PAGE) -> None:
        """Put out a version."""
        self.put(feed_of(version, page, []))

    def put(self, data: bytes, key: SigningKey | None = None) -> None:
        """Put out these bytes, signed with `key`."""
        self.server.files[NAME] = data
        self.server.files[SIGNATURE] = (key or self.key).sign(data, f"file:{NAME}").encode()


@contextmanager
def publishing(version: str) -> Generator[Publisher]:
    """A publisher that has put out `version`."""
    with FileServer() as server:
        made = Publisher(server)
        made.publish(version)
        yield made
