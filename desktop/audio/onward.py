"""Reading a finished file from some frame on."""

from pathlib import Path

import soundfile

from desktop.audio.names import system_name

_SKIP = 65536


class OnwardFile(soundfile.SoundFile):
    """Reads on from where it is. soundfile seeks after each read, and in an MP3 that lands beside the mark."""

    def __init__(self, path: Path, start: int = 0) -> None:
        """Open at frame `start`. Raises soundfile.SoundFileError."""
        super().__init__(system_name(path))
        if self.format == "MP3":
            self._pass_over(start)
        elif start:
            self.seek(start)

    def seekable(self) -> bool:
        """Told so that nothing seeks."""
        return False

    def _pass_over(self, frames: int) -> None:
        while frames > 0 and len(self.read(min(frames, _SKIP), dtype="float32")):
            frames -= _SKIP
