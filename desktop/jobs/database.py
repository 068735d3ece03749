"""The library's SQLite file: tables, connections, migrations, and database errors as StorageError.

Only `store`, `ownership`, `transitions`, `analyses` and `exports` import it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from desktop.errors import DamagedLibraryError, StorageError
from desktop.jobs.schema import MIGRATIONS, check_schema_version
from desktop.paths import Home
from desktop.runtime.disk_errors import is_out_of_inodes
from desktop.runtime.file_lock import FileLock
from desktop.text.message import Message

# Milliseconds to wait for another process's transaction.
_BUSY_TIMEOUT_MS = 30_000
_UNWRITABLE_ADVICE = Message("Free up space on its disk, or make its folder writable.")
_FILE_LIMIT_ADVICE = Message("Its disk cannot hold more files: delete some of them.")
_OLDER_APP_RUNNING_MESSAGE = Message(
    "An older version of Unbraid is using this library. Quit it, then start this version again."
)

metadata = MetaData()

queue = Table("queue", metadata, Column("paused", Boolean, nullable=False))
"""Single row with the state of the whole queue."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("title", String, nullable=False),
    Column("artist", String, nullable=False),
    Column("album", String, nullable=False),
    # Hex of the path's bytes: a file name need not be valid text.
    Column("source", String, nullable=False),
    # JobOptions as JSON.
    Column("options", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("added", Float, nullable=False),
    Column("token", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    # Highest number of finished segments that a crash has left: only more than these restart the count of crashes.
    Column("kept", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    # Number of retries after transient failures, and the time of the next one.
    Column("retries", Integer, nullable=False, default=0),
    Column("not_before", Float),
    # `Job.low_memory`.
    Column("sparing", Boolean, nullable=False, default=False),
    # Value of `oom_kill_count` when the owner claimed the job.
    Column("memory_kills", Integer),
    Column("stage", String),
    Column("progress", Float, nullable=False),
    Column("elapsed", Float, nullable=False),
    Column("left", Float),
    Column("seconds", Float),
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("frames", Integer),
    Column("model_used", String),
    Column("runtime", String),
    Column("null_dbfs", Float),
    # List of sentences as JSON.
    Column("notices", String, nullable=False),
    Column("error", String),
    Column("started", Float),
    Column("ended", Float),
    # List of stems as JSON, paths relative to the job's folder.
    Column("stems", String, nullable=False),
    # The owner as `current_process_identity` names it, and the time until which it counts as alive without a heartbeat.
    Column("owner", String),
    Column("lease_until", Float),
    # While the track is separated again: the result of the last completed run, as `jobs.rows` writes it.
    Column("earlier", String),
    # If the last attempt to separate again made no stems: its state, and the reason of a failure.
    Column("attempt", String),
    Column("attempt_error", String),
    # Time of the move to the bin.
    Column("removed", Float),
    # SHA-256 of the track in hexadecimal digits. Jobs of earlier versions get it once it is needed.
    Column("digest", String),
    # Tempo and key of the song, as the user corrected them.
    Column("tempo_bpm", Float),
    Column("key", String),
    # `Job.analysed`, and the number of analyses that were started and did not finish.
    Column("analysed", String),
    Column("analysis_attempts", Integer, nullable=False, default=0),
)

exports = Table(
    "exports",
    metadata,
    Column("id", String, primary_key=True),
    Column("created", Float, nullable=False),
    # Name of the computer whose folder it is: a worker on another one must not write there.
    Column("host", String, nullable=False),
    # Lists as JSON, with paths as the hex digits of their bytes.
    Column("songs", String, nullable=False),
    Column("results", String, nullable=False, default="[]"),
    Column("moves", String, nullable=False, default="[]"),
    # ExportSettings as JSON.
    Column("settings", String, nullable=False),
    # Hex of the path's bytes.
    Column("folder", String, nullable=False),
    Column("state", String, nullable=False),
    Column("fraction", Float, nullable=False, default=0.0),
    Column("elapsed", Float, nullable=False, default=0.0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("error", String),
    Column("token", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("automatic", Boolean, nullable=False, default=False),
    # As in the table `jobs`.
    Column("owner", String),
    Column("lease_until", Float),
)


class Database:
    """Short transactions on the library's database, each on a new connection.

    Safe to use from any number of processes and threads.
    """

    def __init__(self, home: Home) -> None:
        """Open, create or migrate the database. Raises StorageError if that fails or the schema is newer."""
        self._folder = home.root
        self._engine: Engine = create_engine(URL.create("sqlite", database=str(home.database)), poolclass=NullPool)
        event.listen(self._engine, "connect", _configure)
        # A transaction that becomes a writer after a read can fail; BEGIN IMMEDIATE takes the lock at the start.
        event.listen(self._engine, "begin", _begin_immediate)
        supervisor_lock = FileLock(home.supervisor_lock)
        try:
            with self.write() as connection:
                migrate(connection, supervisor_lock)
        finally:
            supervisor_lock.release()

    def check_integrity(self) -> None:
        """Check every page of the file. Raises DamagedLibraryError if one is damaged."""
        with self.read() as connection:
            result = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if result != "ok":
            raise _damaged_error(str(result))

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Open a write transaction, committed at the end of the block. Raises StorageError."""
        with _translate_errors(self._folder), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open a connection that reads the last commit and blocks no writer. Raises StorageError."""
        with _translate_errors(self._folder), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def migrate(connection: Connection, supervisor_lock: FileLock) -> None:
    """Migrate the database to this version's schema inside the connection's transaction.

    An existing database is migrated under `supervisor_lock`, so that no table changes while an older app uses it.
    Raises StorageError if an older app holds the lock, or if a newer app has written the database.
    """
    current_version = connection.execute(text("PRAGMA user_version")).scalar_one()
    check_schema_version(current_version)
    if current_version == len(MIGRATIONS):
        return
    if current_version and not supervisor_lock.acquire():
        raise StorageError(_OLDER_APP_RUNNING_MESSAGE)
    for step in MIGRATIONS[current_version:]:
        connection.execute(text(step))
    connection.execute(text(f"PRAGMA user_version = {len(MIGRATIONS)}"))


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # keep the driver from beginning transactions
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}").close()
    # Checked before the pragmas that may change the file.
    check_schema_version(connection.execute("PRAGMA user_version").fetchone()[0])
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _translate_errors(folder: Path) -> Generator[None]:
    try:
        yield
    except DatabaseError as error:
        raise _to_storage_error(error, folder) from error


def _to_storage_error(error: DatabaseError, folder: Path) -> StorageError:
    reason = str(error.orig)
    if "locked" in reason or "busy" in reason:
        return StorageError(
            Message("The library is busy: another program is using its database."), Message("Close it, then try again.")
        )
    if isinstance(error, OperationalError):
        return StorageError(
            Message("The library cannot be written ({reason}).", reason=reason),
            _FILE_LIMIT_ADVICE if is_out_of_inodes(folder) else _UNWRITABLE_ADVICE,
        )
    return _damaged_error(reason)


def _damaged_error(reason: str) -> DamagedLibraryError:
    return DamagedLibraryError(
        Message(
            "The library is damaged ({reason}). Start Unbraid again: it sets the damaged file aside "
            "and recovers the songs.",
            reason=reason,
        )
    )
