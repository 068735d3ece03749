"""Writer of MP4 files with AAC or Apple Lossless, block by block, with one or more audio tracks."""

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from desktop.atomic_file import AtomicFile
from desktop.audio.stems import STEM_COMMENT
from desktop.audio.writer import BLOCK_FRAMES, commit_audio_file, storage_errors, to_int32
from desktop.audio_formats import AAC, ALAC, AudioFormat
from desktop.export.song_tags import MP4_OPTIONS

# Bits per second and channel of AAC. The encoder allows no more than 6 bits a sample.
_AAC_BIT_RATE, _MAX_AAC_BITS_PER_SAMPLE = 128_000, 6
_LAYOUTS = {1: "mono", 2: "stereo"}
_ALAC_FORMATS = {"16": "s16p", "24": "s32p"}


class Mp4Writer:
    """Writer of one file with `track_count` tracks, mono or stereo, under a temporary name until it is complete."""

    def __init__(
        self,
        path: Path,
        audio_format: AudioFormat,
        sample_rate: int,
        channels: int,
        depth: str,
        *,
        track_count: int = 1,
        comment: str = STEM_COMMENT,
        finish: Callable[[Path], None] = lambda part: None,
    ) -> None:
        """Open a temporary file for audio at `sample_rate` Hz in `AAC` or `ALAC`.

        `depth`, "16" or "24", is that of ALAC. `comment` and `finish` are those of `AudioWriter`. Raises StorageError if
        the file cannot be written, ValueError for another format or more than two channels.
        """
        if audio_format not in (AAC, ALAC) or channels not in _LAYOUTS:
            raise ValueError(f"{audio_format.title} with {channels} channels is not for MP4 files")
        self._path = path
        self._target = AtomicFile(path)
        self._finish = finish
        self._sample_rate = sample_rate
        self._layout = _LAYOUTS[channels]
        self._bits = int(depth) if audio_format.is_lossless else None
        self._sample_format = _ALAC_FORMATS[depth] if audio_format.is_lossless else "fltp"
        self._frames_written = 0
        with storage_errors(path, self._target.part):
            self._file = self._target.part.open("xb+")
            self._container = av.open(self._file, "w", "mp4", options=MP4_OPTIONS)
        if comment:
            self._container.metadata["comment"] = comment
        self._streams = [self._add_stream(audio_format) for _ in range(track_count)]

    def write(self, *tracks: NDArray[np.floating]) -> None:
        """Append a block `[channels, frames]` to each track, full scale ±1; integers are rounded to the nearest step.

        Raises StorageError if the file cannot be written.
        """
        for start in range(0, tracks[0].shape[1], BLOCK_FRAMES):
            chunks = [track[:, start : start + BLOCK_FRAMES] for track in tracks]
            with storage_errors(self._path, self._target.part):
                for stream, chunk in zip(self._streams, chunks, strict=True):
                    self._container.mux(stream.encode(self._make_frame(chunk)))
            self._frames_written += chunks[0].shape[1]

    def close(self) -> None:
        """Finish the file, sync it to disk and move it to its path.

        Raises StorageError if it cannot be written or if a file exists at the path; never overwrites.
        """
        with storage_errors(self._path, self._target.part):
            for stream in self._streams:
                self._container.mux(stream.encode(None))
            self._container.close()
            self._file.close()
            self._finish(self._target.part)
        commit_audio_file(self._target, self._path)

    def abort(self) -> None:
        """Close and delete the temporary file."""
        # The container writes nothing more to a closed file.
        with suppress(OSError):
            self._file.close()
        with suppress(OSError, ValueError, FFmpegError):
            self._container.close()
        self._target.discard()

    def _add_stream(self, audio_format: AudioFormat) -> av.AudioStream:
        if audio_format.is_lossless:
            stream = self._container.add_stream("alac", self._sample_rate)
        else:
            stream = self._container.add_stream("aac", self._sample_rate)
            channel_rate = min(_AAC_BIT_RATE, _MAX_AAC_BITS_PER_SAMPLE * self._sample_rate)
            stream.bit_rate = channel_rate * (2 if self._layout == "stereo" else 1)
        stream.layout = self._layout
        stream.format = self._sample_format  # else 16 bits would come back as 32
        return stream

    def _make_frame(self, block: NDArray[np.floating]) -> av.AudioFrame:
        samples: NDArray[Any]
        if self._bits is None:
            samples = block.astype(np.float32)
        else:
            samples = to_int32(block, self._bits)
            samples = (samples >> 16).astype(np.int16) if self._sample_format == "s16p" else samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), self._sample_format, self._layout)
        frame.sample_rate, frame.time_base = self._sample_rate, Fraction(1, self._sample_rate)
        frame.pts = self._frames_written
        return frame
