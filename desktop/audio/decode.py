"""Opening a track by its content, never by its name: libsndfile where it is exact, FFmpeg for the rest."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.audio.decode_av import AvReader
from desktop.audio.decode_sndfile import SndfileReader
from desktop.audio.files import check_file
from desktop.audio.names import shown
from desktop.audio.riff import read_claim
from desktop.audio.track import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS, TrackInfo
from desktop.audio.undecodable import UndecodableError
from desktop.errors import UnusableTrackError

# What begins so is decoded by libsndfile first. It is not asked about anything else: it takes programs for MP3.
_SNDFILE_FIRST = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"NIST")
# What is taken for a song by mistake, and what to say.
_NOT_SONGS = (
    (b"#EXTM3U", "is a playlist, not audio. Add the songs that it names"),
    (b"[playlist]", "is a playlist, not audio. Add the songs that it names"),
    (b"MThd", "is a MIDI file: notes without sound. Render it to audio first"),
    (b"PK\x03\x04", "is a ZIP archive. Unpack it, and add the songs in it"),
    (b"<!DOCTYPE", "is a web page, not audio: the download failed. Download it again"),
    (b"<html", "is a web page, not audio: the download failed. Download it again"),
    (b"version https://git-lfs", "is a pointer to a file, not audio. Fetch the file itself"),
)


class TrackReader(Protocol):
    """A track being decoded."""

    info: TrackInfo

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user; complete after the last block."""
        ...

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All of it in order, float64 `[channels, n <= 65536]`. Raises UndecodableError at damage or noise."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


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
    except OSError as error:
        raise UnusableTrackError(f"{shown(path.name)} cannot be read: {error.strerror}.") from error
    kinds = (SndfileReader, AvReader) if head.startswith(_SNDFILE_FIRST) else (AvReader,)
    reasons = [claim.objection] if claim is not None and claim.objection else []
    for kind in () if reasons else kinds:
        with _collecting(reasons):
            reader = kind(path)
            _check_sense(reader)
            yield reader
            reasons.append("is not an audio file, or it is damaged")
    raise UnusableTrackError(_sentence(path, head, reasons))


@contextmanager
def _collecting(reasons: list[str]) -> Generator[None]:
    try:
        yield
    except (UndecodableError, OSError) as error:
        reasons.append(str(error) if isinstance(error, UndecodableError) else f"cannot be read: {error.strerror}")


def _check_sense(reader: TrackReader) -> None:
    info = reader.info
    if LOWEST_RATE <= info.sample_rate <= HIGHEST_RATE and 1 <= info.channels <= MOST_CHANNELS:
        return
    reader.close()
    if 1 <= info.channels <= MOST_CHANNELS:
        raise UndecodableError(f"has an unsupported sample rate, {info.sample_rate} Hz")
    raise UndecodableError(f"has an unsupported number of channels, {info.channels}")


def _sentence(path: Path, head: bytes, reasons: list[str]) -> str:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for start, words in _NOT_SONGS:
        if stripped[: len(start)].lower() == start.lower():
            return f"{shown(path.name)} {words}."
    # The first decoder's reason is the more telling one, unless it only says that it does not know the file.
    telling = [reason for reason in reasons if not reason.startswith("is not an audio")] or reasons
    return f"{shown(path.name)} {telling[0]}. Play it in another program; if it is silent there too, get it again."
