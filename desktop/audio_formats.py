"""The formats of the audio files that Unbraid writes: one table for settings, command line, writers and tags.

Every format holds title, artist, album, cover, tempo and key (`desktop.export.song_tags`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class AudioFormat:
    """Container and codec of an audio file."""

    name: str
    """Name in settings and on the command line."""
    title: str
    """Name for the user, the same in every language."""
    suffix: str
    """Suffix of the file, with the dot."""
    sample_rates: Sequence[int]
    """Sample rates in Hz that the format can hold, in ascending order."""
    depths: tuple[str, ...] = ()
    """Bit depths to choose from, "16", "24" and "32f" for floats; empty for lossy formats, which have none."""
    resamples: bool = False
    """Whether audio of another sample rate is converted to this format, and not kept in one that holds its rate."""

    @property
    def is_lossless(self) -> bool:
        """Whether the format keeps every sample, at a bit depth that holds it."""
        return bool(self.depths)

    def holds_rate(self, sample_rate: int) -> bool:
        """Return whether the format holds audio of `sample_rate` Hz without resampling."""
        return sample_rate in self.sample_rates

    def nearest_rate(self, sample_rate: int) -> int:
        """Return `sample_rate` in Hz if the format holds it, else the next higher one, else the highest."""
        return self.sample_rates[min(bisect_left(self.sample_rates, sample_rate), len(self.sample_rates) - 1)]


WAV = AudioFormat("wav", "WAV", ".wav", range(1, 1 << 31), ("16", "24", "32f"))
# RFC 9639, section 8.2.
FLAC = AudioFormat("flac", "FLAC", ".flac", range(1, 655_351), ("16", "24"))
ALAC = AudioFormat("alac", "Apple Lossless (M4A)", ".m4a", range(1, 384_001), ("16", "24"))
# MPEG-1, MPEG-2 and MPEG-2.5 layer III.
MP3 = AudioFormat("mp3", "MP3", ".mp3", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000))
# ISO/IEC 14496-3, table 1.18.
AAC = AudioFormat(
    "m4a",
    "AAC (M4A)",
    ".m4a",
    (7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
)
OGG_VORBIS = AudioFormat("ogg", "Ogg Vorbis", ".ogg", range(8000, 200_001))
# Opus decodes to 48 kHz, whatever went in.
OPUS = AudioFormat("opus", "Opus", ".opus", (48000,), resamples=True)

AUDIO_FORMATS = {audio_format.name: audio_format for audio_format in (WAV, FLAC, ALAC, MP3, AAC, OGG_VORBIS, OPUS)}
"""All formats by name, in the order in which they are offered."""
