"""One look for a newer version: ask, verify, compare. Nothing is downloaded but two small files, and nothing is run."""

import time

from desktop import __version__
from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.updates.fetch import fetch
from desktop.updates.memory import remember, remembered
from desktop.updates.minisign import PublicKey, SignatureError
from desktop.updates.release import Release, newer, read_feed
from desktop.updates.source import Source


def look(source: Source, home: Home, running: str = __version__) -> Release | None:
    """The release that the user has not and has not put away; None when there is none, or it is too early to ask.

    Asks the network, once a day at most. Raises UpdateError when nothing was learned, or nothing believed.
    """
    now = time.time()
    if not remembered(home).due(now):
        return None
    # Before asking: neither a server in trouble nor a disk that takes nothing makes it ask at every start.
    remember(home, asked=now)
    release = _believed(source)
    known = remembered(home)
    if newer(known.newest, than=release.version):
        raise UpdateError(f"The list of versions is an old one: it names {release.version}, after {known.newest}.")
    remember(home, newest=release.version)
    wanted = newer(release.version, than=running) and release.version != known.dismissed
    return release if wanted else None


def _believed(source: Source) -> Release:
    feed, signature = fetch(source.feed), fetch(source.signature)
    try:
        PublicKey.parse(source.key).verify(feed, signature.decode())
    except (SignatureError, UnicodeDecodeError) as error:
        raise UpdateError(f"The list of versions at {source.feed} was not believed: {error}.") from error
    return read_feed(feed)
