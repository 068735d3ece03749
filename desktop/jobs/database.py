"""The SQLite file: how it is opened, and what its failures mean to the user."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from desktop.disk_trouble import is_out_of_files
from desktop.errors import DamagedLibraryError, StorageError
from desktop.jobs.migrations import migrate
from desktop.jobs.schema import refuse_newer
from desktop.lock import FileLock
from desktop.paths import Home

# Milliseconds to wait for another process's transaction.
_BUSY_TIMEOUT = 30_000
_NO_ROOM = "Make room on its disk, or make its folder writable"
_NO_MORE_FILES = "Its disk holds as many files as it can: delete some of them"


class Database:
    """Short transactions on the library. Every process, and every thread, opens the file anew for each."""

    def __init__(self, home: Home) -> None:
        """Open or make the library. Raises StorageError."""
        self._place = home.root
        self._engine: Engine = create_engine(URL.create("sqlite", database=str(home.database)), poolclass=NullPool)
        event.listen(self._engine, "connect", _configure)
        # Readers that become writers in the middle of a transaction fail; so writers say so from the start.
        event.listen(self._engine, "begin", _begin_immediate)
        supervisor = FileLock(home.lock)
        try:
            with self.write() as connection:
                migrate(connection, supervisor)
        finally:
            supervisor.release()

    def check(self) -> None:
        """Look at every page of the file. Raises DamagedLibraryError."""
        with self.read() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if found != "ok":
            raise _damaged(str(found))

    @contextmanager
    def write(self) -> Generator[Connection]:
        """One transaction, committed at the end. Raises StorageError."""
        with _failures(self._place), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A look at the last commit, which keeps no writer waiting. Raises StorageError."""
        with _failures(self._place), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions by itself
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}").close()
    # Before anything is asked of the file that may change it.
    refuse_newer(connection.execute("PRAGMA user_version").fetchone()[0])
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _failures(place: Path) -> Generator[None]:
    try:
        yield
    except DatabaseError as error:
        raise _meaning(error, place) from error


def _meaning(error: DatabaseError, place: Path) -> StorageError:
    reason = str(error.orig)
    if "locked" in reason or "busy" in reason:
        return StorageError("The library is busy: another program holds its database.", "Close it, then try again.")
    if isinstance(error, OperationalError):
        return StorageError(
            f"The library cannot be written ({reason}). {_NO_MORE_FILES if is_out_of_files(place) else _NO_ROOM}."
        )
    return _damaged(reason)


def _damaged(reason: str) -> DamagedLibraryError:
    return DamagedLibraryError(
        f"The library is damaged ({reason}). Start Unbraid again: it sets the damaged file aside and finds the songs again."
    )
