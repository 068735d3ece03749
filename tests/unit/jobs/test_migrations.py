"""Libraries of every earlier version, with jobs in every state: what is in them is there as it was."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from desktop.errors import StorageError
from desktop.jobs.database import Database
from desktop.jobs.files import find_stored_track, remove_orphaned_files
from desktop.jobs.model import JobOptions, JobState, Stage
from desktop.jobs.recovery import rebuild_jobs, write_backup_record
from desktop.jobs.schema import MIGRATIONS
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.settings import Settings, load_settings
from tests.helpers.rows import make_new_job, simulate_dead_owner

VERSIONS = range(1, len(MIGRATIONS) + 1)
NAMES = ("vocals", "drums")
# The options as they were written before a song could be cut otherwise than the model wants it.
FIRST_OPTIONS = {"model": "htdemucs", "format": "flac", "bits": "24", "sum_mode": "raw", "out": None}
# Columns of later versions: what is in them where they are there already.
SINCE = {
    "kept": 3, "paused": 1, "retries": 2, "not_before": None, "sparing": 1, "memory_kills": 7, "runtime": "torch",
    "earlier": None, "attempt": None, "attempt_error": None, "removed": None,
    "digest": None,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def row(state: JobState, position: int) -> dict[str, Any]:
    """A job as the first version wrote it."""
    job_id = str(uuid4())
    stems = [
        {"name": name, "path": f"run-1/{name}.flac", "peaks": f"run-1/{name}.peaks", "exported": None} for name in NAMES
    ]
    done = state is JobState.COMPLETED
    return {
        "id": job_id, "state": state.value, "title": f"Song {position}", "artist": "Mara Lind", "album": "Neon Coast",
        "source": os.fsencode(b"/music/\xff \xc3\xa4.flac".decode(errors="surrogateescape")).hex(),
        "options": json.dumps(FIRST_OPTIONS), "position": position, "added": 1.7e9 + position,
        "token": 0 if state is JobState.PENDING else 1, "crashes": 1, "cancel_requested": state is JobState.CANCELLED,
        "stage": "separating" if state is JobState.PROCESSING else None, "progress": 1.0 if done else 0.25,
        "elapsed": 5.0, "left": None, "seconds": 200.0, "sample_rate": 44100, "channels": 2, "frames": 8820000,
        "model_used": "htdemucs" if done else None, "null_dbfs": -300.0 if done else None,
        "notices": json.dumps(["Folded."] if done else []), "error": "Damaged." if state is JobState.FAILED else None,
        "started": 1.7e9, "ended": 1.7e9 + 60 if state.has_ended else None, "stems": json.dumps(stems if done else []),
        "owner": "elsewhere/1/1.0" if state is JobState.PROCESSING else None,
        "lease_until": 1.7e9 if state is JobState.PROCESSING else None,
    }  # fmt: skip


def library_of(home: Home, version: int) -> list[dict[str, Any]]:
    """Make the library as that version left it, with a job in each state; the rows."""
    rows = [row(state, position) for position, state in enumerate(JobState, start=1)]
    with sqlite3.connect(home.database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for step in MIGRATIONS[:version]:
            connection.execute(step)
        columns = {column[1] for column in connection.execute("PRAGMA table_info(jobs)")}
        for values in rows:
            values |= {name: value for name, value in SINCE.items() if name in columns}
            names = ", ".join(f'"{name}"' for name in values)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(values.values()))
            write_files(home, values)
        if connection.execute("SELECT name FROM sqlite_master WHERE name = 'queue'").fetchone():
            connection.execute("UPDATE queue SET paused = 1")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return rows


def write_files(home: Home, values: dict[str, Any]) -> None:
    folder = home.job_folder(values["id"])
    folder.source.mkdir(parents=True)
    (folder.source / "\\xff ä.flac").write_bytes(b"track")
    if values["stems"] != "[]":
        folder.result_folder(1).mkdir()
        for name in NAMES:
            (folder.result_folder(1) / f"{name}.flac").write_bytes(name.encode())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_job_of_an_earlier_version_is_there_as_it_was(home: Home, version: int) -> None:
    rows = library_of(home, version)
    jobs = JobStore(home).jobs()
    assert [(job.id, job.state.value, job.title) for job in jobs] == [(r["id"], r["state"], r["title"]) for r in rows]
    for job in jobs:
        assert job.options == JobOptions(format="flac", bits="24", sum_mode="raw")
        assert os.fsencode(job.source) == b"/music/\xff \xc3\xa4.flac"
        assert (job.added.timestamp(), job.seconds, job.crashes) == (1.7e9 + job.position, 200.0, 1)
    done = next(job for job in jobs if job.state is JobState.COMPLETED)
    assert [stem.path.read_bytes() for stem in done.stems] == [name.encode() for name in NAMES]
    assert (done.notices, done.null_dbfs, done.model_used, done.progress) == (("Folded.",), -300.0, "htdemucs", 1.0)
    assert next(job for job in jobs if job.state is JobState.FAILED).error == "Damaged."
    assert next(job for job in jobs if job.state is JobState.PROCESSING).stage is Stage.SEPARATING


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_later_version_first_told_of_a_job_is_kept_or_as_nothing_had_happened(home: Home, version: int) -> None:
    library_of(home, version)
    with Database(home).read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM jobs").mappings().first()
    assert row is not None
    nothing = {
        "kept": 0,
        "paused": 0,
        "retries": 0,
        "not_before": None,
        "sparing": 0,
        "memory_kills": None,
        "runtime": None,
        "earlier": None,
        "attempt": None,
        "attempt_error": None,
        "removed": None,
        "digest": None,
    }
    with sqlite3.connect(":memory:") as earlier:
        for step in MIGRATIONS[:version]:
            earlier.execute(step)
        known = {column[1] for column in earlier.execute("PRAGMA table_info(jobs)")}
    earlier.close()
    assert {name: row[name] for name in nothing} == nothing | {name: SINCE[name] for name in nothing.keys() & known}


@pytest.mark.parametrize("version", VERSIONS)
def test_work_goes_on_in_the_library_of_an_earlier_version(home: Home, version: int) -> None:
    library_of(home, version)
    store = JobStore(home)
    was_paused = version >= 4
    assert store.is_queue_paused() is was_paused
    store.set_queue_paused(False)
    remove_orphaned_files(home, store)
    jobs = {job.state: job for job in store.jobs()}
    for job in jobs.values():
        assert find_stored_track(home.job_folder(job.id), job).read_bytes() == b"track"
        store.set_job_paused(job.id, False) if not job.state.has_ended else None
    simulate_dead_owner(home, jobs[JobState.PROCESSING])
    assert store.release_orphans() == [jobs[JobState.PROCESSING].id]
    for job in store.due_jobs():
        claimed = store.claim(job.id)
        assert claimed is not None
        assert store.complete(claimed, (), ())
    (again,) = store.separate_again([jobs[JobState.FAILED].id])
    assert (again.state, again.error, again.sparing) == (JobState.PENDING, None, False)
    assert store.insert(make_new_job()).position > again.position


@pytest.mark.parametrize("version", VERSIONS)
def test_stems_of_an_earlier_version_stay_when_their_song_is_separated_again_in_vain(home: Home, version: int) -> None:
    library_of(home, version)
    store = JobStore(home)
    store.set_queue_paused(False)
    done = next(job for job in store.jobs() if job.state is JobState.COMPLETED)
    for stem in done.stems:
        stem.peaks.touch()
    store.separate_again([done.id])
    attempt = store.claim(done.id)
    assert attempt is not None
    assert store.fail(attempt, "It failed.", 1.0)
    remove_orphaned_files(home, store)
    after = store.job(done.id)
    assert (after.state, after.stems, after.notices) == (JobState.COMPLETED, done.stems, done.notices)
    assert [stem.path.read_bytes() for stem in after.stems] == [name.encode() for name in NAMES]


def test_a_library_that_is_brought_up_to_date_is_so_for_the_next(home: Home) -> None:
    library_of(home, 1)
    jobs = JobStore(home).jobs()
    assert JobStore(home).jobs() == jobs
    with sqlite3.connect(home.database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


@pytest.fixture
def older_at_work(home: Home) -> Iterator[FileLock]:
    """An older version runs on the library."""
    library_of(home, len(MIGRATIONS) - 1)
    lock = FileLock(home.supervisor_lock)
    assert lock.acquire()
    yield lock
    lock.release()


def test_no_table_changes_under_an_older_version_that_runs(home: Home, older_at_work: FileLock) -> None:
    before = home.database.read_bytes()
    with pytest.raises(StorageError, match="An older Unbraid works on this library"):
        JobStore(home)
    assert home.database.read_bytes() == before
    older_at_work.release()
    assert len(JobStore(home).jobs()) == len(JobState)
    assert older_at_work.acquire(), "whoever brought it up to date does not keep the lock"


def test_an_older_version_that_runs_all_the_same_touches_nothing_of_a_newer_library(home: Home) -> None:
    store = JobStore(home)
    job = store.insert(make_new_job())
    with sqlite3.connect(home.database) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = home.database.read_bytes()
    for ask in (store.jobs, lambda: store.claim(job.id), lambda: store.move_to_bin([job.id])):
        with pytest.raises(StorageError, match="newer Unbraid"):
            ask()
    assert home.database.read_bytes() == before


def test_the_records_beside_the_songs_of_an_earlier_version_still_tell_of_them(home: Home) -> None:
    rows = library_of(home, len(MIGRATIONS))
    for values in rows:
        record = {name: value for name, value in values.items() if name not in SINCE}
        home.job_folder(values["id"]).backup_record.write_text(json.dumps(record))
    for name in NAMES:
        for folder in home.jobs.glob("*/run-1"):
            (folder / f"{name}.peaks").write_bytes(b"")
    found = rebuild_jobs(home)
    assert [job.title for job in found] == [values["title"] for values in rows]
    assert [len(job.stems) for job in found if job.state is JobState.COMPLETED] == [len(NAMES)]
    for job in found:
        write_backup_record(home, job)
    assert [(job.title, job.state, job.stems) for job in rebuild_jobs(home)] == [
        (job.title, job.state, job.stems) for job in found
    ]


@pytest.mark.parametrize("kept", range(len(Settings.__dataclass_fields__)))
def test_settings_of_an_earlier_version_are_taken_on_and_the_rest_is_as_ever(home: Home, kept: int) -> None:
    chosen = Settings(
        model="htdemucs_ft", runtime="torch", fast=True, draft=False, shifts=3, overlap=0.5, master_db=-6.0, folder="/music",
        export_folder="/stems", export_format="mp3", window="AAAA", splitter="BBBB", quit="stop", awake=False,
    ).__dict__  # fmt: skip
    earlier = dict(list(chosen.items())[:kept])
    home.settings.write_text(json.dumps(earlier | {"given up since": True}))
    assert load_settings(home) == Settings(**earlier)
