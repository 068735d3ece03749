"""Sources of a track's sound, opened in the background: finished stem files, or partial results.

Audio modules are imported when a source is opened, so that the window appears sooner.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.errors import UnusableTrackError
from desktop.playback.mix import SongState
from desktop.text.message import Message
from desktop.ui.pages.player.song_states import SongStateStore

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest


def open_stem_files(paths: Sequence[Path]) -> "PlaybackSource":
    """Open finished stem files. Raises OSError, RuntimeError or ValueError."""
    from desktop.playback.source import StemFileSource

    return StemFileSource(paths)


def open_partial_results(segments: Path, draft: Path, manifest: "StoreManifest") -> "PlaybackSource":
    """Open the folders of the finished segments and of the draft. Raises OSError, RuntimeError or ValueError."""
    from desktop.playback.partial_source import PartialSource

    return PartialSource(segments, draft, manifest)


def open_with_state(
    open_source: Callable[[], "PlaybackSource"], states: SongStateStore, job_id: str
) -> "tuple[PlaybackSource, SongState]":
    """Open a track's stems, and load the state in which the user left it. Raises UnusableTrackError."""
    try:
        return open_source(), states.load(job_id)
    except (OSError, RuntimeError, ValueError) as error:
        message = Message("The stems of this song cannot be opened. Separate the song again.")
        raise UnusableTrackError(message) from error
