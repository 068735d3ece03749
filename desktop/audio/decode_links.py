"""Decoding a file that is several files in a row, each by itself."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from desktop.audio.links import Span
from desktop.audio.track import Part, TrackReader
from desktop.audio.undecodable import LEFT_OUT, UndecodableError

Decoder = Callable[[Path, Span], TrackReader]


class LinksReader:
    """A track of several links, each opened when the one before is read to its end."""

    def __init__(self, path: Path, links: Sequence[Span], decoders: Sequence[Decoder]) -> None:
        """Open the first link that can be. Each is decoded by the first of `decoders` that can open it.

        Raises UndecodableError, OSError.
        """
        self._path, self._links, self._decoders = path, links, decoders
        self._said: dict[str, None] = {}
        self._error = UndecodableError("is not an audio file, or it is damaged")
        first = next(self._readers(), None)
        if first is None:
            raise self._error
        with closing(first):
            self.info = replace(first.info, frames=None)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know; complete after the last block."""
        return tuple(self._said)

    def parts(self) -> Iterator[Part]:
        """Yield all that can be decoded. Raises UndecodableError."""
        self._said.clear()
        for reader in self._readers():
            with closing(reader):
                yield from reader.parts()
                self._said.update(dict.fromkeys(reader.notices))

    def close(self) -> None:
        """Do nothing: a link's file is closed at the end of the link."""

    def _readers(self) -> Iterator[TrackReader]:
        for span in self._links:
            reader = self._opened(span)
            if reader is None:
                self._said[LEFT_OUT] = None
            else:
                yield reader

    def _opened(self, span: Span) -> TrackReader | None:
        for decoder in self._decoders:
            try:
                return decoder(self._path, span)
            except UndecodableError as error:
                self._error = error
        return None
