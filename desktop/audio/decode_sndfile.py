"""Decoding with libsndfile: exact, and strict about damage."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.names import system_name
from desktop.audio.ogg import read_pages
from desktop.audio.riff import read_claim
from desktop.audio.track import SampleFormat, TrackInfo
from desktop.audio.undecodable import UndecodableError

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
_NEGLIGIBLE = 0.001


class SndfileReader:
    """A track opened by libsndfile."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises UndecodableError, OSError."""
        try:
            self._file = soundfile.SoundFile(system_name(path))
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise UndecodableError("is not an audio file, or it is damaged") from error
        if self._leaves_something_out(path):
            self._file.close()
            raise UndecodableError("contains no audio")
        self.notices = ("The file is incomplete; what is there was separated.",) if _cut_short(path) else ()
        self.info = TrackInfo(
            self._file.samplerate,
            self._file.channels,
            self._file.frames,
            _FORMATS.get(self._file.subtype, SampleFormat.PCM_16),
            self._file.subtype,
        )

    def _leaves_something_out(self, path: Path) -> bool:
        if self._file.format in _NOT_WITH_LIBSNDFILE or self._file.subtype.startswith("MPEG_"):
            return True
        # Of several songs in a row, as radio streams are saved, it reads the first.
        return not self._file.frames or (self._file.format == "OGG" and _is_chained(path))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All of it, float64 `[channels, n <= 65536]`. Raises UndecodableError at damage."""
        while True:
            try:
                block = self._file.read(BLOCK, dtype="float64", always_2d=True)
            except soundfile.SoundFileError as error:
                raise UndecodableError("is damaged") from error
            if not len(block):
                return
            yield cast("NDArray[np.float64]", block.T)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _cut_short(path: Path) -> bool:
    claim, pages = read_claim(path), read_pages(path)
    return (claim is not None and claim.missing > _NEGLIGIBLE) or (pages is not None and not pages.ended)


def _is_chained(path: Path) -> bool:
    pages = read_pages(path)
    return pages is not None and pages.chained
