"""Opening a track by its content, never by its name: libsndfile where it is exact, FFmpeg for the rest."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from desktop.audio.av_source import AvSource
from desktop.audio.decode_av import AvReader
from desktop.audio.decode_links import LinksReader
from desktop.audio.decode_sndfile import SndfileReader
from desktop.audio.files import check_file
from desktop.audio.links import WHOLE, find_links
from desktop.audio.names import shown
from desktop.audio.not_songs import PROTECTED, what_else
from desktop.audio.riff import read_claim
from desktop.audio.track import TrackInfo, TrackReader
from desktop.audio.undecodable import UndecodableError
from desktop.disk_trouble import reason_of
from desktop.errors import UnusableTrackError

# What begins so is decoded by libsndfile first. It is not asked about anything else: it takes programs for MP3.
_SNDFILE_FIRST = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"NIST")


def probe(path: Path) -> TrackInfo:
    """What the track's header says. Raises UnusableTrackError."""
    for reader in readers(path):
        with closing(reader):
            return reader.info
    raise AssertionError("readers() yields or raises")


def readers(path: Path) -> Iterator[TrackReader]:
    """A reader from each decoder that can open `path`, best first; the caller closes them.

    Ask for the next one only when the one before failed. Raises UnusableTrackError when none is left.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        claim = read_claim(path)
        kinds = _kinds(path, head)
    except OSError as error:
        raise UnusableTrackError(f"{shown(path.name)} cannot be read: {reason_of(error)}.") from error
    reasons = [claim.objection] if claim is not None and claim.objection else []
    for kind in () if reasons else kinds:
        with _collecting(reasons):
            reader = kind()
            try:
                reader.info.check()
            except UndecodableError:
                reader.close()
                raise
            yield reader
            reasons.append("is not an audio file, or it is damaged")
    raise UnusableTrackError(_sentence(path, head, reasons))


def _kinds(path: Path, head: bytes) -> list[Callable[[], TrackReader]]:
    """Return what opens the file with each decoder, the best first."""
    links = find_links(path, head)
    if links == (WHOLE,):
        return [partial(decoder, path) for decoder in _decoders(head)]
    with AvSource(path, links[0]) as file:
        decoders = _decoders(file.read(len(head)))
    by_link = [partial(LinksReader, path, links, decoders[first:]) for first in range(len(decoders))]
    return [*by_link, partial(AvReader, path)]


def _decoders(head: bytes) -> tuple[Callable[..., TrackReader], ...]:
    return (SndfileReader, AvReader) if head.startswith(_SNDFILE_FIRST) else (AvReader,)


@contextmanager
def _collecting(reasons: list[str]) -> Generator[None]:
    try:
        yield
    except (UndecodableError, OSError) as error:
        reasons.append(str(error) if isinstance(error, UndecodableError) else f"cannot be read: {reason_of(error)}")


def _sentence(path: Path, head: bytes, reasons: list[str]) -> str:
    words = PROTECTED if PROTECTED in reasons else what_else(head)
    if words:
        return f"{shown(path.name)} {words}."
    # The first decoder's reason is the more telling one, unless it only says that it does not know the file.
    telling = [reason for reason in reasons if not reason.startswith("is not an audio")] or reasons
    return f"{shown(path.name)} {telling[0]}. Play it in another program; if it is silent there too, get it again."
