"""Levels and dropouts of the sound, as values for the window."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LaneLevels:
    """Levels of the left and the right channel of a lane since the last reading, linear: 1 is full scale."""

    peak_left: float = 0.0
    """Largest absolute sample."""
    peak_right: float = 0.0
    rms_left: float = 0.0
    """Root of the mean square."""
    rms_right: float = 0.0

    @property
    def peak(self) -> float:
        """Larger peak of the two channels."""
        return max(self.peak_left, self.peak_right)


@dataclass(frozen=True)
class Levels:
    """Levels since the last reading: of each lane after its fader, and of the first stereo pair as it is heard."""

    lanes: tuple[LaneLevels, ...] = ()
    """Stems in the order of the song, original, click; only the stems while no song has been played."""
    master: LaneLevels = LaneLevels()
    reduction_db: float = 0.0
    """Largest gain reduction of the limiter in dB, 0 or more."""


@dataclass(frozen=True)
class Dropouts:
    """Interruptions of the sound."""

    underflows: int = 0
    """Number of underflows of the device."""
    late_reads: int = 0
    """Number of times that the sound faded out because the reader was late."""
