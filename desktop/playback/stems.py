"""A song's stems read side by side from the disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from desktop.audio.names import shown, system_name
from desktop.audio.onward import OnwardFile
from desktop.errors import StorageError
from desktop.playback.ring import Lanes
from desktop.playback.song import Reading


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
        self.lanes = len(self.paths)

    def reading(self, start: int) -> Reading:
        """Begin to read at a frame. Raises StorageError."""
        return _StemReading(self, start)


class _StemReading:
    """Reads on from one frame of the song."""

    def __init__(self, stems: StemFiles, start: int) -> None:
        self._stems = stems
        self._files: list[OnwardFile] = []
        self._left = stems.frames - start
        for path in stems.paths:
            try:
                self._files.append(OnwardFile(path, start))
            except (soundfile.SoundFileError, OSError) as error:
                self.close()
                raise _gone(path) from error

    @property
    def ended(self) -> bool:
        """True when the song's last frame was given."""
        return not self._left

    def read(self, frames: int) -> Lanes:
        """The next sound, at most `frames`; empty at the end. Raises StorageError."""
        count = min(frames, self._left)
        self._left -= count
        sound = np.zeros((count, len(self._files), 2), dtype=np.float32)
        for lane, file in enumerate(self._files if count else ()):
            try:
                block = file.read(count, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                raise _gone(self._stems.paths[lane]) from error
            sound[: len(block), lane] = block  # a mono stem goes to both sides
        return sound

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()


def _gone(path: Path) -> StorageError:
    return StorageError(
        f"The stem {shown(path.name)} cannot be read: it was moved or damaged. Separate the song again."
    )
