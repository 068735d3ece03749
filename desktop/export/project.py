"""Project for a music program, as a value: what each of its formats has."""

from dataclasses import dataclass

from desktop.export.tempo_map import TempoMap
from desktop.playback.practice import Loop, Marker


@dataclass(frozen=True)
class ProjectTrack:
    """Track with one audio file, from the start of the project on."""

    title: str
    colour: str
    """Such as "#009E73"."""
    file_name: str
    """Of the audio file, which is in the folder of the project."""
    sample_rate: int
    """In Hz."""
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        """Length of the file in seconds."""
        return self.frames / self.sample_rate


@dataclass(frozen=True)
class DawProject:
    """Stems of one song, with the times of what the player knows of it."""

    title: str
    artist: str
    tracks: tuple[ProjectTrack, ...]
    """At least one."""
    tempo_map: TempoMap
    sections: tuple[Marker, ...] = ()
    """In ascending order."""
    loop: Loop | None = None
    """The chosen loop."""

    @property
    def markers(self) -> tuple[Marker, ...]:
        """Sections and both ends of the loop in ascending order, for formats without loops."""
        ends: tuple[Marker, ...] = ()
        if self.loop:
            name = self.loop.name or "Loop"
            ends = (Marker(self.loop.start_s, f"{name} (start)"), Marker(self.loop.end_s, f"{name} (end)"))
        return tuple(sorted((*self.sections, *ends), key=lambda marker: marker.time_s))
