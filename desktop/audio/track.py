"""What a track is made of, as far as its header says."""

from dataclasses import dataclass
from enum import StrEnum

# Below, resampling to an engine's rate would make hours of minutes; above, no converter exists.
LOWEST_RATE, HIGHEST_RATE = 2_000, 768_000
MOST_CHANNELS = 64


class SampleFormat(StrEnum):
    """How samples are held: decides the default depth of the stems, and what "exactly" means."""

    PCM_16 = "16"
    PCM_24 = "24"
    PCM_32 = "32"
    FLOAT = "32f"
    LOSSY = "lossy"
    """MP3, AAC, Vorbis …: decoded to float32."""

    @property
    def bits(self) -> int | None:
        """Width of the integers, None for floats."""
        return int(self.value) if self.value.isdigit() else None


@dataclass(frozen=True)
class TrackInfo:
    """Properties of a track."""

    sample_rate: int
    """Hz."""
    channels: int
    frames: int | None
    """As the header has it: an estimate; only decoding tells."""
    sample_format: SampleFormat
    codec: str
    """As its decoder calls it."""

    @property
    def seconds(self) -> float | None:
        """Length by the header, an estimate."""
        return None if self.frames is None else self.frames / self.sample_rate
