"""State of a song in the player, kept as a file in the job's folder.

A file, and not a column of the job's row: it changes with every pause, and a changed row has the whole window read it
again. It goes to the bin with the job, is deleted with it, outlives a damaged database, and needs no migration.
"""

import json
from typing import Any

from desktop.paths import Home
from desktop.settings import write_atomically


def read_song_state(home: Home, job_id: str) -> Any:
    """Return the saved values, unchecked, or None if there are none. Raises OSError, and ValueError if it is no JSON."""
    try:
        return json.loads(home.job_folder(job_id).song_state.read_bytes())
    except FileNotFoundError:
        return None
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def write_song_state(home: Home, job_id: str, values: Any) -> None:
    """Write the values atomically. Raises OSError, also if the job was deleted: its folder is not made anew."""
    write_atomically(home.job_folder(job_id).song_state, json.dumps(values).encode())
