"""The library's schema, step by step. A step that was released is never changed; a new one is added."""

from sqlalchemy import Connection, text

from desktop.errors import StorageError
from desktop.lock import FileLock

STEPS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, state TEXT NOT NULL, title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT NOT NULL,
        source TEXT NOT NULL, options TEXT NOT NULL, position INTEGER NOT NULL, added REAL NOT NULL,
        token INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0,
        cancel_requested INTEGER NOT NULL DEFAULT 0, stage TEXT, progress REAL NOT NULL DEFAULT 0,
        elapsed REAL NOT NULL DEFAULT 0, "left" REAL, seconds REAL, sample_rate INTEGER, channels INTEGER,
        frames INTEGER, model_used TEXT, null_dbfs REAL, notices TEXT NOT NULL DEFAULT '[]', error TEXT,
        started REAL, ended REAL, stems TEXT NOT NULL DEFAULT '[]', owner TEXT, lease_until REAL
    )
    """,
    "CREATE INDEX jobs_by_state ON jobs (state, position)",
    "CREATE TABLE queue (paused INTEGER NOT NULL)",
    "INSERT INTO queue (paused) VALUES (0)",
    "ALTER TABLE jobs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN retries INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN not_before REAL",
    "ALTER TABLE jobs ADD COLUMN sparing INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN memory_kills INTEGER",
    "ALTER TABLE jobs ADD COLUMN runtime TEXT",
)


_NEWER = (
    "This library was made by a newer Unbraid, and was not touched. Open it with that one, or use another folder for this "
    "one (the variable UNBRAID_HOME names it)."
)
_IN_USE = "An older Unbraid works on this library at this moment. Quit it, then start this one again."


def refuse_newer(version: int) -> None:
    """Raise StorageError when a newer app has written the database."""
    if version > len(STEPS):
        raise StorageError(_NEWER)


def migrate(connection: Connection, supervisor: FileLock) -> None:
    """Bring the database to this version's schema inside the connection's transaction.

    `supervisor` is held by whoever works on the library: no table changes under an older app that still runs. Raises
    StorageError when one does, and when a newer app has written the database.
    """
    done = connection.execute(text("PRAGMA user_version")).scalar_one()
    refuse_newer(done)
    if done == len(STEPS):
        return
    if done and not supervisor.take():
        raise StorageError(_IN_USE)
    for step in STEPS[done:]:
        connection.execute(text(step))
    connection.execute(text(f"PRAGMA user_version = {len(STEPS)}"))
