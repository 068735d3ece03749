"""A release, as the signed feed tells of it."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from desktop.errors import UpdateError

_LONGEST_ADDRESS = 500


@dataclass(frozen=True)
class Release:
    """The newest version that there is."""

    version: str
    page: str
    """The https address of what there is to read about it, and of its downloads."""


def read_feed(data: bytes) -> Release:
    """The release in a feed: a JSON object with its `version` and `page`. Raises UpdateError."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UpdateError(f"The list of versions is no JSON: {error}.") from error
    if not isinstance(told, dict):
        raise UpdateError("The list of versions is no JSON object.")
    return Release(_version(told.get("version")), _page(told.get("page")))


def newer(version: str, than: str) -> bool:
    """Whether one version comes after another. What is no version comes before all."""
    return _order(version) > _order(than)


def _order(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def _version(told: Any) -> str:
    try:
        return str(Version(told))
    except (InvalidVersion, TypeError) as error:
        raise UpdateError(f"The list of versions names none: {told!r:.80}.") from error


def _page(told: Any) -> str:
    try:
        address = urlsplit(told) if isinstance(told, str) else None
    except ValueError:
        address = None
    if not address or address.scheme != "https" or not address.hostname or not told.isprintable() or " " in told:
        raise UpdateError(f"The list of versions names no page: {told!r:.80}.")
    if len(told) > _LONGEST_ADDRESS:
        raise UpdateError("The list of versions names a page with an endless address.")
    return told
