"""Settings of an export: what is written, in which form, and under which names."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import msgspec

from desktop.audio.ni_stem_file import NI_STEM_SUFFIX
from desktop.audio_formats import AAC, ALAC, AUDIO_FORMATS, FLAC, WAV, AudioFormat
from desktop.export.names import DEFAULT_NAME_TEMPLATE

EXPORT_DEPTHS = ("16", "24", "32f")
"""Bit depths of lossless formats; "32f" is floating point."""
EXPORT_SAMPLE_RATES = (22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
"""Sample rates to choose from, in Hz."""
NI_STEM_FORMATS = (AAC, ALAC)
"""Formats of stem files; the first one unless the other is chosen."""
PROJECT_FORMATS = (WAV, FLAC)
"""Formats of the stems of a project."""


class ExportKind(StrEnum):
    """What an export writes of each song."""

    STEMS = "stems"
    """One file for each stem."""
    MIX = "mix"
    """One file with all stems, or with some of them."""
    MINUS = "minus"
    """For each stem a file with all the others: a minus-one."""
    NI_STEM = "ni-stem"
    """One stem file of Native Instruments: the mix and four stems."""


class ProjectKind(StrEnum):
    """Project for a music program that is written beside stems."""

    NONE = "none"
    REAPER = "reaper"
    DAWPROJECT = "dawproject"

    @property
    def suffix(self) -> str:
        """Suffix of the project file, with the dot; empty without a project."""
        return {ProjectKind.NONE: "", ProjectKind.REAPER: ".rpp", ProjectKind.DAWPROJECT: ".dawproject"}[self]


class ProjectFile(NamedTuple):
    """File that belongs to a project, beside the stems."""

    title: str
    """Names the file."""
    suffix: str
    """With the dot."""


@dataclass(frozen=True)
class ExportSettings:
    """What the user wants written, for one song or for many."""

    kind: ExportKind = ExportKind.STEMS
    stems: tuple[str, ...] | None = None
    """Names of the stems that are written, that are in the mix, or that a minus-one leaves out; None for all."""
    file_format: str = "wav"
    """Name of an audio format; `audio_format` is the one that is written."""
    depth: str | None = None
    """Bit depth of a lossless format, "16", "24" or "32f"; None for that of the stems."""
    sample_rate: int | None = None
    """In Hz; None for that of the song, or the next one that the format holds."""
    applies_levels: bool = False
    """Whether levels, pan, mutes, solos, master and limiter are those of the player."""
    applies_practice: bool = False
    """Whether speed and key are those of the player."""
    is_loop_only: bool = False
    """Whether only the chosen loop is written; a song without one is written from start to end."""
    normalises: bool = False
    """Whether all files of a song are raised or lowered alike, so that the loudest sample is at full scale."""
    has_tags: bool = True
    """Whether title, artist, album, cover, tempo and key are written into the files."""
    name_template: str = DEFAULT_NAME_TEMPLATE
    """Names of the files without suffix (`part_file_names`)."""
    project: ProjectKind = ProjectKind.NONE
    """Project beside the stems; only if `can_have_project`."""

    @property
    def audio_format(self) -> AudioFormat:
        """The format of the files: for stem files AAC, unless Apple Lossless is chosen."""
        chosen = AUDIO_FORMATS[self.file_format]
        return NI_STEM_FORMATS[0] if self.kind is ExportKind.NI_STEM and chosen not in NI_STEM_FORMATS else chosen

    @property
    def suffix(self) -> str:
        """Suffix of the files, with the dot."""
        return NI_STEM_SUFFIX if self.kind is ExportKind.NI_STEM else self.audio_format.suffix

    @property
    def can_have_project(self) -> bool:
        """Whether a project is possible: music programs place only lossless stems exactly, and not all read ALAC."""
        return self.kind is ExportKind.STEMS and self.audio_format in PROJECT_FORMATS

    @property
    def project_files(self) -> tuple[ProjectFile, ...]:
        """Files of the project: the project itself, and its tempo map for programs that do not read the project."""
        if self.project is ProjectKind.NONE or not self.can_have_project:
            return ()
        return (ProjectFile("Project", self.project.suffix), ProjectFile("Tempo map", ".mid"))

    @property
    def copies_stems(self) -> bool:
        """Whether the stems are written as they are, and add up to the song if the format is lossless."""
        changes = self.applies_levels or self.applies_practice or self.is_loop_only or self.normalises
        return self.kind is ExportKind.STEMS and not changes and self.sample_rate is None

    def fitted(self) -> "ExportSettings":
        """Return the settings without a depth and a sample rate that their format does not hold."""
        file_format = self.file_format if self.file_format in AUDIO_FORMATS else WAV.name
        audio_format = replace(self, file_format=file_format).audio_format
        holds_rate = self.sample_rate is not None and audio_format.holds_rate(self.sample_rate)
        return replace(
            self,
            file_format=file_format,
            depth=self.depth if self.depth in audio_format.depths else None,
            sample_rate=self.sample_rate if holds_rate else None,
        )

    def to_json(self) -> bytes:
        """Return the settings as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, values: bytes) -> "ExportSettings":
        """Return the settings that `to_json` described, now or in an earlier version. Raises ValueError."""
        return msgspec.json.decode(values, type=cls)
