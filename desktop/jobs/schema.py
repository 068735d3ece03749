"""Migrations of the library's schema. Never change a released migration; append a new one."""

from contextlib import suppress
from pathlib import Path

from desktop.errors import StorageError
from desktop.text.message import Message


def _verbatim_json(sentence: str) -> str:
    """Return an SQL expression for the JSON of the message that is the text of the SQL expression `sentence`."""
    return f"json_object('template', '{{text}}', 'args', json_object('text', {sentence}))"


def _verbatim_list_json(sentences: str) -> str:
    """Return an SQL expression that turns a JSON list of sentences into one of messages, each as a JSON string."""
    # Without the empty text, SQLite would nest the values as JSON instead of strings.
    return f"(SELECT json_group_array({_verbatim_json('value')} || '') || '' FROM json_each({sentences}))"


MIGRATIONS = (
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
    "ALTER TABLE jobs ADD COLUMN earlier TEXT",
    "ALTER TABLE jobs ADD COLUMN attempt TEXT",
    "ALTER TABLE jobs ADD COLUMN attempt_error TEXT",
    "ALTER TABLE jobs ADD COLUMN removed REAL",
    "ALTER TABLE jobs ADD COLUMN digest TEXT",
    "CREATE INDEX jobs_by_digest ON jobs (digest)",
    # Sentences become messages (`desktop.text.message`), which keep them as they are.
    f"UPDATE jobs SET error = {_verbatim_json('error')} WHERE error IS NOT NULL",
    f"UPDATE jobs SET attempt_error = {_verbatim_json('attempt_error')} WHERE attempt_error IS NOT NULL",
    f"UPDATE jobs SET notices = {_verbatim_list_json('notices')}",
    f"""
    UPDATE jobs SET earlier =
        json_set(earlier, '$.notices', {_verbatim_list_json("json_extract(earlier, '$.notices')")})
    WHERE earlier IS NOT NULL
    """,
    "ALTER TABLE jobs ADD COLUMN tempo_bpm REAL",
    'ALTER TABLE jobs ADD COLUMN "key" TEXT',
    "ALTER TABLE jobs ADD COLUMN analysed TEXT",
    "ALTER TABLE jobs ADD COLUMN analysis_attempts INTEGER NOT NULL DEFAULT 0",
    # Changes no table. Job folders are named by the song: earlier versions would not find them, and delete them.
    "SELECT 1",
    """
    CREATE TABLE exports (
        id TEXT PRIMARY KEY, created REAL NOT NULL, host TEXT NOT NULL, songs TEXT NOT NULL, settings TEXT NOT NULL,
        folder TEXT NOT NULL, state TEXT NOT NULL, results TEXT NOT NULL DEFAULT '[]', moves TEXT NOT NULL DEFAULT '[]',
        fraction REAL NOT NULL DEFAULT 0, elapsed REAL NOT NULL DEFAULT 0, cancel_requested INTEGER NOT NULL DEFAULT 0,
        error TEXT, token INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, owner TEXT, lease_until REAL
    )
    """,
    "ALTER TABLE exports ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0",
)
# Position of `user_version`, here the number of applied migrations, in an SQLite file:
# https://www.sqlite.org/fileformat2.html
_USER_VERSION_BYTES = slice(60, 64)
_NEWER_VERSION_MESSAGE = Message(
    "This library was made by a newer version of Unbraid and was not changed. Open it with that version, or set "
    "UNBRAID_HOME to another folder."
)


def check_schema_version(version: int) -> None:
    """Raise StorageError if a newer app has written the database."""
    if version > len(MIGRATIONS):
        raise StorageError(_NEWER_VERSION_MESSAGE)


def check_file_schema_version(database: Path) -> None:
    """Raise StorageError if a newer app has written the file `database`.

    Reads only its header, which is faster than opening the database. A file that cannot be read raises nothing.
    """
    with suppress(OSError), database.open("rb") as file:
        check_schema_version(int.from_bytes(file.read(_USER_VERSION_BYTES.stop)[_USER_VERSION_BYTES], "big"))
