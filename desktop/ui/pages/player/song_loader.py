"""Loading of a song into the player: its sound, and the state in which the user left it.

Audio modules are imported when a source is opened, so that the window appears sooner.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from desktop.analysis.song_analysis import SongAnalysis
from desktop.atomic_file import write_atomically
from desktop.errors import UnusableTrackError
from desktop.jobs.analysis_files import load_analysis
from desktop.paths import Home
from desktop.playback.song_state import SongState, read_song_state
from desktop.runtime.disk_errors import describe_disk_error
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.playback.source import PlaybackSource
    from desktop.segments.store import StoreManifest

UNREADABLE_SUFFIX = ".unreadable"
"""Suffix of a saved state that could not be read, which the next saving does not overwrite."""
_log = logging.getLogger(__name__)


class SongStateStore:
    """Loads and saves the state in which the user left each song, for use by one background thread.

    A state is a file in the job's folder, and not a column of the job's row: it changes with every pause, and a changed
    row has the whole window read it again. It goes to the bin with the job, is deleted with it, outlives a damaged
    database, and needs no migration. A state that cannot be written is kept in memory, and written with the next one.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self.on_notice: Callable[[Message], None] = lambda message: None
        """Called in that thread with a message for the user when a state cannot be read or saved."""
        self._known_states: dict[str, SongState] = {}
        self._unsaved_ids: set[str] = set()
        """Jobs whose known state is not on the disk."""
        self._reported_ids: set[str] = set()
        """Those of them of which the user was told that they cannot be saved."""

    def load(self, job_id: str) -> SongState:
        """Return the saved state of a job; the initial one if there is none."""
        if job_id not in self._known_states:
            self._known_states[job_id] = self._read(job_id)
        return self._known_states[job_id]

    def save(self, job_id: str, state: SongState) -> None:
        """Save the state of a job, unless unchanged, and the states that could not be saved before."""
        if self.load(job_id) != state:
            self._known_states[job_id] = state
            self._unsaved_ids.add(job_id)
        for unsaved_id in sorted(self._unsaved_ids):
            self._write(unsaved_id)

    def _write(self, job_id: str) -> None:
        path = self._path(job_id)
        try:
            write_atomically(path, self._known_states[job_id].to_json())
        except OSError as error:
            if path.parent.exists():
                self._note_failure(job_id, error)
                return
        self._unsaved_ids.discard(job_id)  # also that of a deleted job: its folder is not created again
        self._reported_ids.discard(job_id)

    def _note_failure(self, job_id: str, error: OSError) -> None:
        """Tell the user once, until the state was saved."""
        if job_id not in self._reported_ids:
            self._reported_ids.add(job_id)
            _log.warning("The state of job %s could not be saved: %s", job_id, error)
            reason, advice = describe_disk_error(error, self._path(job_id).parent)
            self.on_notice(
                Message(
                    "Loops, mixes and other changes in the player cannot be saved: {reason}. {advice}.",
                    reason=reason,
                    advice=advice,
                )
            )

    def load_analysis(self, job_id: str) -> SongAnalysis | None:
        """Return what the analysis found in the track of a job; None until it was analysed."""
        kept = load_analysis(self._home.job_folder(job_id))
        return kept.analysis if kept else None

    def _read(self, job_id: str) -> SongState:
        path = self._path(job_id)
        try:
            return SongState.from_json(path.read_bytes())
        except FileNotFoundError:
            return SongState()
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("The saved state of job %s is set aside: %s", job_id, error)
            kept = path.with_suffix(UNREADABLE_SUFFIX)
            state = read_song_state(path)
            self._unsaved_ids.add(job_id)
            with suppress(OSError):
                path.replace(kept)
            self.on_notice(
                Message(
                    "Some of what you set for this song in the player cannot be read. The file {name} in its folder keeps it.",
                    name=kept.name,
                )
            )
            return state

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
