"""Brings the library's database to the schema of this version."""

from sqlalchemy import Connection, text

from desktop.errors import StorageError
from desktop.jobs.schema import STEPS, refuse_newer
from desktop.lock import FileLock

_IN_USE = "An older Unbraid works on this library at this moment. Quit it, then start this one again."


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
