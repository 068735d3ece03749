"""Store of the mix and the playhead in which the user left each song."""

import logging

from desktop.jobs.song_state import read_song_state, write_song_state
from desktop.paths import Home
from desktop.playback.mix import SongState

_log = logging.getLogger(__name__)


class SongStateStore:
    """Loads and saves the states of songs in the library, for use by one background thread.

    A state that cannot be written lasts as long as the store.
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
        """Save the state of a job without its master level, unless it is the known one."""
        values = state.to_json()
        if self.load(job_id).to_json() == values:
            return
        self._known_states[job_id] = SongState.from_json(values)
        try:
            write_song_state(self._home, job_id, values)
        except OSError as error:
            _log.warning("The state of job %s could not be saved: %s", job_id, error)

    def _read(self, job_id: str) -> SongState:
        try:
            values = read_song_state(self._home, job_id)
            return SongState() if values is None else SongState.from_json(values)
        except (OSError, ValueError) as error:
            _log.warning("The saved state of job %s is ignored: %s", job_id, error)
            return SongState()
