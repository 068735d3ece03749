"""Store of the mix and the playhead in which the user left each song.

A state is a file in the job's folder, and not a column of the job's row: it changes with every pause, and a changed row
has the whole window read it again. It goes to the bin with the job, is deleted with it, outlives a damaged database, and
needs no migration.
"""

import json
import logging
from pathlib import Path

from desktop.atomic_file import write_atomically
from desktop.paths import Home
from desktop.playback.mix import SongState

_log = logging.getLogger(__name__)


class SongStateStore:
    """Loads and saves the states of songs in the library, for use by one background thread.

    A state that cannot be written is kept in memory only.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known_states: dict[str, SongState] = {}

    def load(self, job_id: str) -> SongState:
        """Return the saved state of a job, with a master level of 0 dB; the initial one if there is none."""
        if job_id not in self._known_states:
            self._known_states[job_id] = self._read(job_id)
        return self._known_states[job_id]

    def save(self, job_id: str, state: SongState) -> None:
        """Save the state of a job without its master level, unless unchanged."""
        values = state.to_json()
        if self.load(job_id).to_json() == values:
            return
        self._known_states[job_id] = SongState.from_json(values)
        try:
            # Fails for a deleted job: its folder is not created again.
            write_atomically(self._path(job_id), json.dumps(values).encode())
        except OSError as error:
            _log.warning("The state of job %s could not be saved: %s", job_id, error)

    def _read(self, job_id: str) -> SongState:
        try:
            return SongState.from_json(json.loads(self._path(job_id).read_bytes()))
        except FileNotFoundError:
            return SongState()
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("The saved state of job %s is ignored: %s", job_id, error)
            return SongState()

    def _path(self, job_id: str) -> Path:
        return self._home.job_folder(job_id).song_state
