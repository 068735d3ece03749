"""Audio formats that the export dialog offers."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from desktop.export.settings import ExportSettings


@dataclass(frozen=True)
class AudioFormat:
    """Container and codec of an audio file."""

    name: str
    """Name in the settings of an export."""
    title: str
    """Name for the user, the same in every language."""
    suffix: str
    """Suffix of the file, with the dot."""
    sample_rates: Sequence[int]
    """Sample rates in Hz that the format can hold, in ascending order."""
    depths: tuple[str, ...] = ()
    """Bit depths to choose from, "16", "24" and "32f" for floats; empty for lossy formats, which have none."""

    @property
    def is_lossless(self) -> bool:
        """Whether the format keeps every sample, at a bit depth that holds it."""
        return bool(self.depths)

    def nearest_rate(self, sample_rate: int) -> int:
        """Return `sample_rate` in Hz if the format holds it, else the next higher one, else the highest."""
        return self.sample_rates[min(bisect_left(self.sample_rates, sample_rate), len(self.sample_rates) - 1)]


def audio_formats() -> Mapping[str, AudioFormat]:
    """Return the formats by name, in the order in which they are offered."""
    formats = (
        AudioFormat("wav", "WAV", ".wav", range(1, 1 << 31), ("16", "24", "32f")),
        # RFC 9639, section 8.2.
        AudioFormat("flac", "FLAC", ".flac", range(1, 655_351), ("16", "24")),
        # MPEG-1, MPEG-2 and MPEG-2.5 layer III.
        AudioFormat("mp3", "MP3", ".mp3", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)),
    )
    return {audio_format.name: audio_format for audio_format in formats}


def fit_format(settings: ExportSettings) -> ExportSettings:
    """Return the settings without a depth and a sample rate that their format does not hold."""
    formats = audio_formats()
    audio_format = formats.get(settings.file_format) or next(iter(formats.values()))
    # A range that is asked for None would look at each of its numbers.
    holds_rate = settings.sample_rate is not None and settings.sample_rate in audio_format.sample_rates
    return replace(
        settings,
        file_format=audio_format.name,
        depth=settings.depth if settings.depth in audio_format.depths else None,
        sample_rate=settings.sample_rate if holds_rate else None,
    )
