"""Playback sources: samples of several lanes, streamed from any frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from desktop.audio.names import native_path, printable
from desktop.audio.resample import StreamResampler
from desktop.audio.streaming import SequentialSoundFile
from desktop.errors import StorageError
from desktop.playback.ring import LaneSamples
from desktop.text.message import Message


class SampleStream(Protocol):
    """Sequential reader of a source's samples."""

    @property
    def has_ended(self) -> bool:
        """True if the track's last frame was returned."""
        ...

    def read(self, frames: int) -> LaneSamples:
        """Return the next frames, at most `frames`, float32 `[frames, lanes, 2]`. Raises StorageError.

        Returns none at the end, and where the samples do not exist yet.
        """
        ...

    def close(self) -> None:
        """Close the files."""
        ...


class SourceStream(SampleStream, Protocol):
    """Sequential reader of a source's samples that can continue elsewhere."""

    def seek(self, frame: int) -> None:
        """Continue at `frame`. Raises StorageError."""
        ...


class PlaybackSource(Protocol):
    """Samples of several lanes, at one sample rate and length."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz."""
        ...

    @property
    def frames(self) -> int:
        """Length in frames."""
        ...

    @property
    def lanes(self) -> int:
        """Number of stems."""
        ...

    def open_stream(self, start: int) -> SourceStream:
        """Return a stream from frame `start` on. Raises StorageError if a file cannot be opened."""
        ...


class ResampledStream:
    """Stream converted to another sample rate."""

    def __init__(self, stream: SampleStream, lanes: int, rate_in: int, rate_out: int) -> None:
        self._stream = stream
        self._lanes = lanes
        self._resampler = StreamResampler(rate_in, rate_out, 2 * lanes)
        self._is_flushed = False
        self._pending = np.zeros((0, lanes, 2), np.float32)

    @property
    def has_ended(self) -> bool:
        """True if the track's last frame was returned."""
        return self._is_flushed and not len(self._pending)

    def read(self, frames: int) -> LaneSamples:
        """Return the next frames, at most `frames`, float32 `[frames, lanes, 2]`. Raises StorageError.

        Returns none at the end, and where the samples do not exist yet.
        """
        while not len(self._pending) and not self._is_flushed:
            sound = self._stream.read(frames)
            self._pending = self._resample(sound)
            if not len(sound):
                break
        sound, self._pending = self._pending[:frames], self._pending[frames:]
        return sound

    def close(self) -> None:
        """Close the files."""
        self._stream.close()

    def _resample(self, sound: LaneSamples) -> LaneSamples:
        flat = self._resampler.push(sound.reshape(len(sound), -1).T)
        if self._stream.has_ended:
            self._is_flushed = True
            flat = np.concatenate([flat, self._resampler.flush()], axis=1)
        return flat.T.reshape(-1, self._lanes, 2).astype(np.float32)


class StemFileSource:
    """Stem files of one track, all of one sample rate and length."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read sample rate and length from the first file. Raises StorageError if it cannot be read."""
        self.paths = tuple(paths)
        try:
            first = soundfile.info(native_path(self.paths[0]))
        except (soundfile.SoundFileError, OSError) as error:
            raise _unreadable_stem_error(self.paths[0]) from error
        self.sample_rate: int = first.samplerate
        self.frames: int = first.frames
        self.lanes = len(self.paths)

    def open_stream(self, start: int) -> SourceStream:
        """Return a stream from frame `start` on. Raises StorageError if a file cannot be opened."""
        return _StemFileStream(self, start)


class _StemFileStream:
    """Reads the stem files from one frame on."""

    def __init__(self, source: StemFileSource, start: int) -> None:
        self._source = source
        self._files: list[SequentialSoundFile] = []
        self._remaining_frames = source.frames - start
        for path in source.paths:
            try:
                self._files.append(SequentialSoundFile(path, start))
            except (soundfile.SoundFileError, OSError) as error:
                self.close()
                raise _unreadable_stem_error(path) from error

    @property
    def has_ended(self) -> bool:
        """True if the track's last frame was returned."""
        return not self._remaining_frames

    def read(self, frames: int) -> LaneSamples:
        """Return at most `frames` next frames, float32 `[frames, lanes, 2]`; none at the end. Raises StorageError."""
        count = min(frames, self._remaining_frames)
        self._remaining_frames -= count
        sound = np.zeros((count, len(self._files), 2), dtype=np.float32)
        for lane, file in enumerate(self._files if count else ()):
            try:
                block = file.read(count, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                raise _unreadable_stem_error(self._source.paths[lane]) from error
            sound[: len(block), lane] = block  # a mono stem goes to both sides
        return sound

    def seek(self, frame: int) -> None:
        """Continue at `frame`. Raises StorageError."""
        self._remaining_frames = self._source.frames - frame
        for lane, path in enumerate(self._source.paths):
            try:
                self._files[lane].continue_at(frame)
            except (soundfile.SoundFileError, OSError) as error:
                raise _unreadable_stem_error(path) from error

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


def _unreadable_stem_error(path: Path) -> StorageError:
    return StorageError(
        Message(
            "The stem {name} cannot be read: it was moved or damaged. Separate the song again.",
            name=printable(path.name),
        )
    )
