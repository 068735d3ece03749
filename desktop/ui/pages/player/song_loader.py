"""Loading of a song into the player: its sound, and the state in which the user left it.

Audio modules are imported when a source is opened, so that the window appears sooner.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from desktop.analysis.song_analysis import SongAnalysis
from desktop.atomic_file import write_atomically
from desktop.errors import UnusableTrackError
from desktop.jobs.analysis_files import load_analysis
from desktop.paths import Home
from desktop.playback.song_state import SongState, read_song_state
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest

_log = logging.getLogger(__name__)


class SongStateStore:
    """Loads and saves the state in which the user left each song, for use by one background thread.

    A state is a file in the job's folder, and not a column of the job's row: it changes with every pause, and a changed
    row has the whole window read it again. It goes to the bin with the job, is deleted with it, outlives a damaged
    database, and needs no migration. A state that cannot be written is kept in memory only.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known_states: dict[str, SongState] = {}

    def load(self, job_id: str) -> SongState:
        """Return the saved state of a job; the initial one if there is none."""
        if job_id not in self._known_states:
            self._known_states[job_id] = read_song_state(self._path(job_id))
        return self._known_states[job_id]

    def save(self, job_id: str, state: SongState) -> None:
        """Save the state of a job, unless unchanged."""
        if self.load(job_id) == state:
            return
        self._known_states[job_id] = state
        try:
            # Fails for a deleted job: its folder is not created again.
            write_atomically(self._path(job_id), state.to_json())
        except OSError as error:
            _log.warning("The state of job %s could not be saved: %s", job_id, error)

    def load_analysis(self, job_id: str) -> SongAnalysis | None:
        """Return what the analysis found in the track of a job; None until it was analysed."""
        kept = load_analysis(self._home.job_folder(job_id))
        return kept.analysis if kept else None

    def _path(self, job_id: str) -> Path:
        return self._home.job_folder(job_id).song_state


def open_stem_files(paths: Sequence[Path]) -> "PlaybackSource":
    """Open finished stem files. Raises OSError, RuntimeError or ValueError."""
    from desktop.playback.source import StemFileSource

    return StemFileSource(paths)


def open_partial_results(segments: Path, draft: Path, manifest: "StoreManifest") -> "PlaybackSource":
    """Open the folders of the finished segments and of the draft. Raises OSError, RuntimeError or ValueError."""
    from desktop.playback.partial_source import PartialSource

    return PartialSource(segments, draft, manifest)


class OpenedSong(NamedTuple):
    """Song that is ready to be played."""

    source: "PlaybackSource"
    state: SongState
    analysis: SongAnalysis | None


def open_song(open_source: "Callable[[], PlaybackSource]", states: SongStateStore, job_id: str) -> OpenedSong:
    """Open a track's stems, and load the state in which the user left it and its analysis. Raises UnusableTrackError."""
    try:
        return OpenedSong(open_source(), states.load(job_id), states.load_analysis(job_id))
    except (OSError, RuntimeError, ValueError) as error:
        message = Message("The stems of this song cannot be opened. Separate the song again.")
        raise UnusableTrackError(message) from error
