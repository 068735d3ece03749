"""Decoding with libsndfile: exact, and strict about damage."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.av_source import AvSource
from desktop.audio.downmix import usual_layout
from desktop.audio.links import WHOLE, Span
from desktop.audio.names import system_name
from desktop.audio.ogg import read_pages
from desktop.audio.riff import is_cut_short
from desktop.audio.track import Part, SampleFormat, TrackInfo
from desktop.audio.undecodable import INCOMPLETE, UndecodableError

BLOCK = 65536
_FORMATS = {
    "PCM_24": SampleFormat.PCM_24,
    "DWVW_24": SampleFormat.PCM_24,
    "ALAC_20": SampleFormat.PCM_24,
    "PCM_32": SampleFormat.PCM_32,
    "ALAC_24": SampleFormat.PCM_24,
    "ALAC_32": SampleFormat.PCM_32,
    "FLOAT": SampleFormat.FLOAT,
    "DOUBLE": SampleFormat.FLOAT,
    "VORBIS": SampleFormat.LOSSY,
    "OPUS": SampleFormat.LOSSY,
}
# It takes programs for MP3 and stops early in files without a header; SD2 reads a second file.
_NOT_WITH_LIBSNDFILE = {"MP3", "SD2", "RAW"}


class SndfileReader:
    """A track of one or two channels opened by libsndfile, which does not tell the layout of more."""

    def __init__(self, path: Path, span: Span = WHOLE) -> None:
        """Open a file, or one link of it. Raises UndecodableError, OSError."""
        self._source = None if span == WHOLE else AvSource(path, span)
        try:
            # Whatever reads, seeks and tells will do, though its types do not say so.
            self._file = soundfile.SoundFile(cast("BinaryIO", self._source) if self._source else system_name(path))
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            self._close_source()
            raise UndecodableError("is not an audio file, or it is damaged") from error
        try:
            self._check()
        except UndecodableError:
            self.close()
            raise
        self.notices = (INCOMPLETE,) if span.end is None and _is_cut_short(path) else ()
        self.info = TrackInfo(
            self._file.samplerate,
            usual_layout(self._file.channels),
            self._file.frames,
            _FORMATS.get(self._file.subtype, SampleFormat.PCM_16),
            self._file.subtype,
        )

    def _check(self) -> None:
        if self._file.format in _NOT_WITH_LIBSNDFILE or self._file.subtype.startswith("MPEG_"):
            raise UndecodableError("is not an audio file, or it is damaged")
        if not self._file.frames:
            raise UndecodableError("contains no audio")
        if self._file.channels > 2:
            raise UndecodableError("is not an audio file, or it is damaged")

    def parts(self) -> Iterator[Part]:
        """Yield all of it. Raises UndecodableError at damage."""
        try:
            if self._file.tell():
                self._file.seek(0)
        except soundfile.SoundFileError as error:
            raise UndecodableError("is damaged") from error
        yield Part(self.info, self._blocks())

    def _blocks(self) -> Iterator[NDArray[np.float64]]:
        while True:
            try:
                block = self._file.read(BLOCK, dtype="float64", always_2d=True)
            except soundfile.SoundFileError as error:
                raise UndecodableError("is damaged") from error
            if not len(block):
                return
            yield cast("NDArray[np.float64]", block.T)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._close_source()

    def _close_source(self) -> None:
        if self._source:
            self._source.close()


def _is_cut_short(path: Path) -> bool:
    pages = read_pages(path)
    return is_cut_short(path) or (pages is not None and not pages.ended)
