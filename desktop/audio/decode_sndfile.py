"""Decoding with libsndfile: exact, and strict about damage."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.av_source import ByteRangeFile
from desktop.audio.chained import WHOLE_FILE, ByteRange
from desktop.audio.downmix import default_layout
from desktop.audio.headers import lacks_declared_audio, read_ogg_structure
from desktop.audio.names import native_path
from desktop.audio.track import (
    DAMAGED_PROBLEM,
    INCOMPLETE_NOTICE,
    NO_AUDIO_PROBLEM,
    UNKNOWN_FORMAT_PROBLEM,
    SampleFormat,
    TrackInfo,
    TrackSection,
    UndecodableError,
)

BLOCK_FRAMES = 65536
_SAMPLE_FORMATS = {
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
# For MP3, libsndfile accepts executables, and stops early in files without a header; SD2 makes it read a second file.
_REFUSED_FORMATS = {"MP3", "SD2", "RAW"}


class SndfileReader:
    """Reader for mono and stereo tracks; libsndfile does not report the layout of more channels."""

    def __init__(self, path: Path, byte_range: ByteRange = WHOLE_FILE) -> None:
        """Open a file, or one link of it.

        Raises UndecodableError if libsndfile cannot decode it, OSError if the file cannot be read.
        """
        self._source = None if byte_range == WHOLE_FILE else ByteRangeFile(path, byte_range)
        try:
            # soundfile accepts any object with read, seek and tell; its types do not say so.
            self._file = soundfile.SoundFile(cast("BinaryIO", self._source) if self._source else native_path(path))
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            self._close_source()
            raise UndecodableError(UNKNOWN_FORMAT_PROBLEM) from error
        try:
            self._check_format()
        except UndecodableError:
            self.close()
            raise
        self.notices = (INCOMPLETE_NOTICE,) if byte_range.end is None and _is_truncated(path) else ()
        self.info = TrackInfo(
            self._file.samplerate,
            default_layout(self._file.channels),
            self._file.frames,
            _SAMPLE_FORMATS.get(self._file.subtype, SampleFormat.PCM_16),
            self._file.subtype,
        )

    def _check_format(self) -> None:
        if self._file.format in _REFUSED_FORMATS or self._file.subtype.startswith("MPEG_"):
            raise UndecodableError(UNKNOWN_FORMAT_PROBLEM)
        if not self._file.frames:
            raise UndecodableError(NO_AUDIO_PROBLEM)
        if self._file.channels > 2:
            raise UndecodableError(UNKNOWN_FORMAT_PROBLEM)

    def sections(self) -> Iterator[TrackSection]:
        """Yield the whole track as one section. Raises UndecodableError at damage."""
        try:
            if self._file.tell():
                self._file.seek(0)
        except soundfile.SoundFileError as error:
            raise UndecodableError(DAMAGED_PROBLEM) from error
        yield TrackSection(self.info, self._blocks())

    def _blocks(self) -> Iterator[NDArray[np.float64]]:
        while True:
            try:
                block = self._file.read(BLOCK_FRAMES, dtype="float64", always_2d=True)
            except soundfile.SoundFileError as error:
                raise UndecodableError(DAMAGED_PROBLEM) from error
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


def _is_truncated(path: Path) -> bool:
    pages = read_ogg_structure(path)
    return lacks_declared_audio(path) or (pages is not None and not pages.has_last_page)
