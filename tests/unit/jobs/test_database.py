"""The SQLite file under many hands."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from desktop.jobs.database import Database
from desktop.paths import Home
from tests.helpers.command import ROOT

PROCESSES, TURNS = 4, 50
# Each reads a number and writes one more: whoever only then becomes a writer is refused, or loses another's turn.
COUNT = """
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


def test_processes_that_read_and_then_write_neither_fail_nor_lose_a_turn(tmp_path: Path) -> None:
    database = Database(Home(tmp_path).create_folders())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (count INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    words = [sys.executable, "-c", COUNT, str(tmp_path), str(TURNS)]
    processes = [subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * PROCESSES
    with database.read() as connection:
        assert connection.execute(text("SELECT count FROM counter")).scalar_one() == PROCESSES * TURNS


def test_a_commit_is_on_the_disk_and_a_reader_keeps_nobody_waiting(tmp_path: Path) -> None:
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
    assert "library.db-wal" not in names, "the last connection to close takes it away"
