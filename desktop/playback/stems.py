"""A song's stems read side by side from the disk, at the device's rate."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from desktop.audio.names import shown, system_name
from desktop.audio.onward import OnwardFile
from desktop.audio.resample import StreamResampler
from desktop.errors import StorageError
from desktop.playback.ring import Lanes


class StemFiles:
    """The files of one song, all of one rate and length."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Look at the files. Raises StorageError."""
        self.paths = tuple(paths)
        try:
            first = soundfile.info(system_name(self.paths[0]))
        except (soundfile.SoundFileError, OSError) as error:
            raise _gone(self.paths[0]) from error
        self.sample_rate: int = first.samplerate
        self.frames: int = first.frames


class StemReader:
    """Reads on from one frame of the song."""

    def __init__(self, stems: StemFiles, device_rate: int, start: int) -> None:
        """`start` in frames of the song. Raises StorageError."""
        self._stems = stems
        self._files: list[OnwardFile] = []
        self._left = stems.frames - start
        lanes = len(stems.paths)
        self._resampler = None
        if device_rate != stems.sample_rate:
            self._resampler = StreamResampler(stems.sample_rate, device_rate, 2 * lanes)
        for path in stems.paths:
            try:
                self._files.append(OnwardFile(path, start))
            except (soundfile.SoundFileError, OSError) as error:
                self.close()
                raise _gone(path) from error

    def read(self, frames: int) -> Lanes:
        """The next sound, made of at most `frames` frames of the files; empty at the end. Raises StorageError."""
        count = min(frames, self._left)
        if not count:
            return np.zeros((0, len(self._files), 2), dtype=np.float32)
        self._left -= count
        sound = np.zeros((count, len(self._files), 2), dtype=np.float32)
        for lane, file in enumerate(self._files):
            try:
                block = file.read(count, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                raise _gone(self._stems.paths[lane]) from error
            sound[: len(block), lane] = block  # a mono stem goes to both sides
        if self._resampler is None:
            return sound
        return self._resampled(sound, self._resampler, last=not self._left)

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()

    def _resampled(self, sound: Lanes, resampler: StreamResampler, last: bool) -> Lanes:
        flat = resampler.push(sound.reshape(len(sound), -1).T)
        if last:
            flat = np.concatenate([flat, resampler.flush()], axis=1)
        return flat.T.reshape(-1, len(self._files), 2).astype(np.float32)


def _gone(path: Path) -> StorageError:
    return StorageError(f"The stem {shown(path.name)} cannot be read: it was moved or damaged. Separate the song again.")
