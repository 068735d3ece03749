"""Exports as frozen values: what is exported to where, how far it is, and what came of each song."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from desktop.text.message import Message

Moves = tuple[tuple[Path, Path], ...]
"""Files that are moved together: where each was written, and its target."""
NO_STEMS_REASON = Message("It has no stems yet.")


class ExportState(StrEnum):
    """State of an export. One whose worker died stays `running`, and another worker continues it."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    """Every song is exported or skipped."""
    FAILED = "failed"
    """The folder cannot be written."""
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """True if nothing more is written."""
        return self not in (ExportState.PENDING, ExportState.RUNNING)


class StoredSettings(Protocol):
    """Settings of an export, which the library stores without knowing them."""

    def to_json(self) -> bytes:
        """Return the settings as JSON."""
        ...


@dataclass(frozen=True)
class AutomaticExport:
    """Export of a song that begins by itself when the song is completed."""

    settings: StoredSettings
    folder: Path
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True)
class ExportedSong:
    """A song of an export, as it was when the export was started."""

    job_id: str
    title: str
    seconds: float | None = None
    """Length of the song."""


@dataclass(frozen=True)
class SongResult:
    """What came of one song of an export."""

    title: str
    files: tuple[Path, ...] = ()
    """Files that were written; empty for a song that was skipped."""
    reason: Message | None = None
    """Why the song was skipped, as a sentence."""


@dataclass(frozen=True)
class ExportProgress:
    """Progress of an export."""

    export_id: str
    songs_done: int
    """Number of songs that are exported or skipped."""
    songs_total: int
    fraction: float
    """Progress over all songs, 0 to 1, weighted by their lengths."""
    seconds_left: float | None
    """Estimated remaining seconds; None while unknown."""


@dataclass(frozen=True)
class ExportJob:
    """An export of songs to a folder: one row of the library."""

    id: str
    """UUID4 in canonical form."""
    created: datetime
    songs: tuple[ExportedSong, ...]
    """In the order in which they are exported."""
    settings_json: bytes
    """`desktop.export.settings.ExportSettings` as JSON."""
    folder: Path
    state: ExportState = ExportState.PENDING
    results: tuple[SongResult, ...] = ()
    """Of the first songs; the next one is in work, or is to be."""
    fraction: float = 0.0
    """Progress over all songs, 0 to 1."""
    elapsed_s: float = 0.0
    """Seconds of work so far."""
    cancel_requested: bool = False
    error: Message | None = None
    """Reason of a failure, as a sentence."""
    token: int = 0
    """Fencing token, incremented by each claim. Only the worker with the current token may write to the row."""
    attempts: int = 0
    """Claims of the current song that did not end: its worker died."""
    moves: Moves = ()
    """Files of the current song while they are moved to their names."""
    is_automatic: bool = False
    """Whether it began by itself when its song was completed."""

    @property
    def next_song(self) -> ExportedSong | None:
        """Song that is exported now or next; None after the last one."""
        return self.songs[len(self.results)] if len(self.results) < len(self.songs) else None

    @property
    def exported(self) -> list[SongResult]:
        """Songs that were exported."""
        return [result for result in self.results if result.files]

    @property
    def skipped(self) -> list[SongResult]:
        """Songs that were skipped."""
        return [result for result in self.results if not result.files]

    @property
    def file_count(self) -> int:
        """Number of files written."""
        return sum(len(result.files) for result in self.results)
