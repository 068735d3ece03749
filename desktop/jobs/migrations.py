"""The library's schema, step by step. A step that was released is never changed; a new one is added."""

from sqlalchemy import Connection, text

from desktop.errors import StorageError

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


def migrate(connection: Connection) -> None:
    """Bring the database to this version's schema inside the connection's transaction.

    Raises StorageError when a newer app has written it.
    """
    done = connection.execute(text("PRAGMA user_version")).scalar_one()
    if done > len(STEPS):
        raise StorageError(
            "This library was made by a newer Unbraid. Use that one, or set UNBRAID_HOME to another folder."
        )
    for step in STEPS[done:]:
        connection.execute(text(step))
    if done < len(STEPS):
        connection.execute(text(f"PRAGMA user_version = {len(STEPS)}"))
