"""What an export says: how far it is, and in the end what it has done."""

from dataclasses import dataclass, field
from pathlib import Path

from desktop.jobs.model import Job
from desktop.settings import EXPORT_FORMATS, Settings

NO_STEMS_REASON = "It has no stems yet."


@dataclass(frozen=True)
class ExportProgress:
    """How far an export is."""

    songs_done: int
    """Songs that are exported."""
    songs_total: int
    fraction: float
    """0 to 1 over all songs, by the bytes of their stems."""
    seconds_left: float | None
    """Estimated seconds to go, once known."""


@dataclass
class ExportResult:
    """What an export has done."""

    folder: Path
    file_format: str
    """What was asked for."""
    exported: list[tuple[Job, tuple[Path, ...]]] = field(default_factory=list)
    """Each song with its files, in the order of `Job.stems`."""
    skipped: list[tuple[Job, str]] = field(default_factory=list)
    """Each song that could not be exported, with the reason in a sentence."""
    cancelled: bool = False
    error: str = ""
    """Why the folder cannot be written, in a sentence: the songs after `exported` were not begun."""

    @property
    def file_count(self) -> int:
        """How many files were written."""
        return sum(len(files) for _, files in self.exported)


def format_from_settings(settings: Settings) -> str:
    """Return the format that the settings choose, WAV for one that does not exist."""
    return settings.export_format if settings.export_format in EXPORT_FORMATS else Settings.export_format
