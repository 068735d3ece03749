"""Concurrent access to the SQLite database."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from desktop.jobs.database import Database
from desktop.paths import Home
from tests.helpers.command import ROOT

PROCESSES, INCREMENTS = 4, 50
# Each process reads the counter and writes it plus one. A transaction that took the write lock only at the UPDATE would
# be refused, or would overwrite the increment of another process.
INCREMENT_SCRIPT = """
import sys
from pathlib import Path
from sqlalchemy import text
from desktop.jobs.database import Database
from desktop.paths import Home

database = Database(Home(Path(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    with database.write() as connection:
        count = connection.execute(text("SELECT count FROM counter")).scalar_one()
        connection.execute(text("UPDATE counter SET count = :count"), {"count": count + 1})
"""


def test_concurrent_read_then_write_transactions_neither_fail_nor_lose_updates(tmp_path: Path) -> None:
    database = Database(Home(tmp_path).create_folders())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (count INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    command = [sys.executable, "-c", INCREMENT_SCRIPT, str(tmp_path), str(INCREMENTS)]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * PROCESSES
    with database.read() as connection:
        assert connection.execute(text("SELECT count FROM counter")).scalar_one() == PROCESSES * INCREMENTS


def test_commits_are_synchronous_and_a_reader_does_not_block_a_writer(tmp_path: Path) -> None:
    database = Database(Home(tmp_path).create_folders())
    with database.read() as connection:

        def pragma(name: str) -> object:
            return connection.execute(text(f"PRAGMA {name}")).scalar_one()

        assert (pragma("journal_mode"), pragma("synchronous"), pragma("busy_timeout")) == ("wal", 2, 30_000)
        with database.write() as writer:
            writer.execute(text("UPDATE queue SET paused = 1"))
        assert connection.execute(text("SELECT paused FROM queue")).scalar_one() == 1


def test_no_connection_outlives_its_transaction(tmp_path: Path) -> None:
    database = Database(Home(tmp_path).create_folders())
    with database.read():
        pass
    names = {path.name for path in tmp_path.iterdir()}
    assert "library.db-wal" not in names, "the last connection to close removes the file"
