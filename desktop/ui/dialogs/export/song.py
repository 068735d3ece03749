"""A song as the export dialog takes it, and what its player's state means for an export."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from desktop.audio.names import printable
from desktop.audio.stems import sort_stem_names
from desktop.export.parts import Part, song_parts
from desktop.export.settings import ExportKind, ExportSettings, ProjectKind
from desktop.jobs.model import Job
from desktop.playback.mix import Master
from desktop.playback.practice import Loop
from desktop.playback.song_state import SongState
from desktop.text.message import tr, tr_count

_MAX_TITLE_LENGTH = 200
_DEFAULT_SAMPLE_RATE, _DEFAULT_CHANNELS = 44100, 2
"""For songs of early versions, whose rows do not have them."""


@dataclass(frozen=True)
class ExportSong:
    """A separated song, and the state in which the user left it in the player."""

    job: Job
    state: SongState

    @cached_property
    def stem_names(self) -> tuple[str, ...]:
        """Names of the stems in display order."""
        return tuple(stem.name for stem in self.job.sorted_stems())

    @property
    def sample_rate(self) -> int:
        """Sample rate of the stems in Hz."""
        return self.job.sample_rate or _DEFAULT_SAMPLE_RATE

    @property
    def channels(self) -> int:
        """Number of channels of the stems."""
        return self.job.channels or _DEFAULT_CHANNELS

    @property
    def seconds(self) -> float:
        """Length of the song in seconds."""
        return self.job.frames / self.sample_rate if self.job.frames else self.job.seconds or 0.0

    @property
    def loop(self) -> Loop | None:
        """The loop that the user chose, as far as it is in the song; None if there is none."""
        loop = self.state.loop
        if loop is None or loop.start_s >= self.seconds:
            return None
        return replace(loop, end_s=min(loop.end_s, self.seconds))

    @property
    def has_practice(self) -> bool:
        """Whether speed or key are not those of the song."""
        return self.state.speed_percent != 100 or bool(self.state.cents) or self.has_lane_keys

    @property
    def has_lane_keys(self) -> bool:
        """Whether a stem has a transposition of its own."""
        return any(self.state.mix.lane(name).cents for name in self.stem_names)

    def has_levels(self, kind: ExportKind) -> bool:
        """Return whether the levels of the player change anything in an export of this kind."""
        return kind in self._kinds_with_levels

    @cached_property
    def _kinds_with_levels(self) -> frozenset[ExportKind]:
        if not self.state.mixes and self.state.master == Master() and not self.state.click.is_on:
            return frozenset()  # at once, for thousands of songs that were never changed

        def parts(kind: ExportKind, applies_levels: bool) -> list[Part]:
            return song_parts(self.stem_names, self.state, ExportSettings(kind, applies_levels=applies_levels))

        return frozenset(kind for kind in ExportKind if parts(kind, True) != parts(kind, False))

    def written_seconds(self, settings: ExportSettings) -> float:
        """Return the length of each file in seconds."""
        loop = self.loop if settings.is_loop_only else None
        seconds = loop.end_s - loop.start_s if loop else self.seconds
        return seconds * 100 / self.state.speed_percent if settings.applies_practice else seconds


def list_stem_names(songs: Iterable[ExportSong]) -> tuple[str, ...]:
    """Return the names of the stems that any of the songs has, in display order."""
    return sort_stem_names(dict.fromkeys(name for song in songs for name in song.stem_names))


def effective_settings(settings: ExportSettings, songs: Sequence[ExportSong]) -> ExportSettings:
    """Return the settings without what has nothing to apply in any of the songs."""
    kind = settings.kind
    return replace(
        settings,
        applies_levels=settings.applies_levels and any(song.has_levels(kind) for song in songs),
        applies_practice=settings.applies_practice and any(song.has_practice for song in songs),
        is_loop_only=settings.is_loop_only and any(song.loop for song in songs),
        project=settings.project if settings.can_have_project else ProjectKind.NONE,
    )


def export_title(songs: Sequence[ExportSong]) -> str:
    """Return the title of an export of these songs."""
    if len(songs) == 1:
        return tr("Export “{title}”", title=printable(songs[0].job.title, _MAX_TITLE_LENGTH))
    return tr_count("Export {count} song", "Export {count} songs", len(songs))
