"""The update check: fetches the signed feed and compares its release with the current version."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from desktop import __version__
from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.text.message import Message
from desktop.updates.feed_config import FeedConfig
from desktop.updates.fetch import fetch
from desktop.updates.minisign import PublicKey, SignatureError
from desktop.updates.state import change_update_state, load_update_state

_MAX_URL_CHARS = 500


@dataclass(frozen=True)
class Release:
    """The newest release in the feed."""

    version: str
    page_url: str
    """https URL of the page with release notes and downloads."""


def parse_feed(data: bytes) -> Release:
    """Return the release in a feed, a JSON object with `version` and `page`. Raises UpdateError if it is malformed."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UpdateError(Message("The update feed is not JSON: {error}.", error=str(error))) from error
    if not isinstance(content, dict):
        raise UpdateError(Message("The update feed is not a JSON object."))
    return Release(_read_version(content.get("version")), _read_page_url(content.get("page")))


def is_newer(version: str, than: str) -> bool:
    """Return whether `version` is newer than `than`. Invalid versions count as older than all others."""
    return _parse_version(version) > _parse_version(than)


def check_for_update(config: FeedConfig, home: Home, current_version: str = __version__) -> Release | None:
    """Return the feed's release if it is newer than `current_version` and not dismissed; None otherwise.

    Fetch the feed at most once a day; return None without fetching if the last check is more recent. Raises UpdateError
    if the feed cannot be read, its signature does not verify, or it is older than a feed seen before.
    """
    now = time.time()
    if not load_update_state(home).is_due(now):
        return None
    # Saved before the request, so that neither a failing server nor an unwritable disk causes a request at every start.
    change_update_state(home, asked=now)
    release = _fetch_verified_release(config)
    state = load_update_state(home)
    if is_newer(state.newest, than=release.version):
        raise UpdateError(
            Message(
                "The update feed is outdated: it announces {version}, an earlier one announced {newest}.",
                version=release.version,
                newest=state.newest,
            )
        )
    change_update_state(home, newest=release.version)
    is_wanted = is_newer(release.version, than=current_version) and release.version != state.dismissed
    return release if is_wanted else None


def _parse_version(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def _read_version(value: Any) -> str:
    try:
        return str(Version(value))
    except (InvalidVersion, TypeError) as error:
        raise UpdateError(Message("The update feed has no valid version: {value:.80}.", value=repr(value))) from error


def _read_page_url(value: Any) -> str:
    try:
        url = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        url = None
    if not url or url.scheme != "https" or not url.hostname or not value.isprintable() or " " in value:
        raise UpdateError(Message("The update feed has no valid page address: {value:.80}.", value=repr(value)))
    if len(value) > _MAX_URL_CHARS:
        raise UpdateError(Message("The update feed has a page address that is too long."))
    return value


def _fetch_verified_release(config: FeedConfig) -> Release:
    feed, signature = fetch(config.feed_url), fetch(config.signature_url)
    try:
        PublicKey.parse(config.public_key).verify(feed, signature.decode())
    except (SignatureError, UnicodeDecodeError) as error:
        raise UpdateError(
            Message(
                "The signature of the update feed at {feed_url} did not verify: {error}.",
                feed_url=config.feed_url,
                error=str(error),
            )
        ) from error
    return parse_feed(feed)
