"""Libraries of every earlier version, with jobs in every state, keep their content."""

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
from desktop.jobs.model import JobOptions, JobState
from desktop.jobs.recovery import rebuild_jobs, write_backup_record
from desktop.jobs.schema import MIGRATIONS
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.runtime.settings_file import load_settings
from desktop.settings import Settings
from desktop.stage import Stage
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job
from tests.helpers.rows import simulate_dead_owner

VERSIONS = range(1, len(MIGRATIONS) + 1)
STEM_NAMES = ("vocals", "drums")
# The options as the first version wrote them, without overlap and shifts.
FIRST_OPTIONS = {"model": "htdemucs", "format": "flac", "bits": "24", "sum_mode": "raw", "out": None}
# Columns that later versions added, with the values that the rows get where the column already exists.
LATER_COLUMNS = {
    "kept": 3, "paused": 1, "retries": 2, "not_before": None, "sparing": 1, "memory_kills": 7, "runtime": "torch",
    "earlier": None, "attempt": None, "attempt_error": None, "removed": None,
    "digest": None, "tempo_bpm": 112.5, "key": "F# minor", "analysed": "draft", "analysis_attempts": 2,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def make_row(state: JobState, position: int) -> dict[str, Any]:
    """Return the row of a job as the first version wrote it."""
    job_id = str(uuid4())
    stems = [
        {"name": name, "path": f"run-1/{name}.flac", "peaks": f"run-1/{name}.peaks", "exported": None}
        for name in STEM_NAMES
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


def create_library(home: Home, version: int) -> list[dict[str, Any]]:
    """Create the library as this version left it, with a job in each state; return the rows."""
    rows = [make_row(state, position) for position, state in enumerate(JobState, start=1)]
    with sqlite3.connect(home.database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for migration in MIGRATIONS[:version]:
            connection.execute(migration)
        columns = {column[1] for column in connection.execute("PRAGMA table_info(jobs)")}
        for values in rows:
            values |= {name: value for name, value in LATER_COLUMNS.items() if name in columns}
            names = ", ".join(f'"{name}"' for name in values)
            placeholders = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO jobs ({names}) VALUES ({placeholders})", tuple(values.values()))
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
        for name in STEM_NAMES:
            (folder.result_folder(1) / f"{name}.flac").write_bytes(name.encode())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_job_of_an_earlier_version_is_kept_unchanged(home: Home, version: int) -> None:
    rows = create_library(home, version)
    jobs = JobStore(home).jobs()
    assert [(job.id, job.state.value, job.title) for job in jobs] == [(r["id"], r["state"], r["title"]) for r in rows]
    for job in jobs:
        assert job.options == JobOptions(format="flac", bits="24", sum_mode="raw")
        assert os.fsencode(job.source) == b"/music/\xff \xc3\xa4.flac"
        assert (job.added.timestamp(), job.seconds, job.crashes) == (1.7e9 + job.position, 200.0, 1)
    done = next(job for job in jobs if job.state is JobState.COMPLETED)
    assert [stem.path.read_bytes() for stem in done.stems] == [name.encode() for name in STEM_NAMES]
    assert (tuple(map(str, done.notices)), done.null_dbfs, done.model_used, done.progress) == (
        ("Folded.",),
        -300.0,
        "htdemucs",
        1.0,
    )
    assert next(job for job in jobs if job.state is JobState.FAILED).error == verbatim("Damaged.")
    assert next(job for job in jobs if job.state is JobState.PROCESSING).stage is Stage.SEPARATING


@pytest.mark.parametrize("version", VERSIONS)
def test_columns_of_later_versions_keep_their_values_or_get_their_defaults(home: Home, version: int) -> None:
    create_library(home, version)
    with Database(home).read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM jobs").mappings().first()
    assert row is not None
    defaults = {
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
        "tempo_bpm": None,
        "key": None,
        "analysed": None,
        "analysis_attempts": 0,
    }
    with sqlite3.connect(":memory:") as database:
        for migration in MIGRATIONS[:version]:
            database.execute(migration)
        existing = {column[1] for column in database.execute("PRAGMA table_info(jobs)")}
    database.close()
    assert {name: row[name] for name in defaults} == defaults | {
        name: LATER_COLUMNS[name] for name in defaults.keys() & existing
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_work_continues_in_a_library_of_an_earlier_version(home: Home, version: int) -> None:
    create_library(home, version)
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
    assert store.ownership.release_orphans() == [jobs[JobState.PROCESSING].id]
    for job in store.due_jobs():
        claimed = store.ownership.claim(job.id)
        assert claimed is not None
        assert store.ownership.complete(claimed, (), ())
    (requeued,) = store.separate_again([jobs[JobState.FAILED].id])
    assert (requeued.state, requeued.error, requeued.low_memory) == (JobState.PENDING, None, False)
    assert store.insert(make_job()).position > requeued.position


@pytest.mark.parametrize("version", VERSIONS)
def test_stems_of_an_earlier_version_are_kept_when_separating_again_fails(home: Home, version: int) -> None:
    create_library(home, version)
    store = JobStore(home)
    store.set_queue_paused(False)
    done = next(job for job in store.jobs() if job.state is JobState.COMPLETED)
    for stem in done.stems:
        stem.peaks.touch()
    store.separate_again([done.id])
    attempt = store.ownership.claim(done.id)
    assert attempt is not None
    assert store.ownership.fail(attempt, verbatim("It failed."), 1.0)
    remove_orphaned_files(home, store)
    after = store.job(done.id)
    assert (after.state, after.stems, after.notices) == (JobState.COMPLETED, done.stems, done.notices)
    assert [stem.path.read_bytes() for stem in after.stems] == [name.encode() for name in STEM_NAMES]


def test_migrated_library_stays_migrated(home: Home) -> None:
    create_library(home, 1)
    jobs = JobStore(home).jobs()
    assert JobStore(home).jobs() == jobs
    with sqlite3.connect(home.database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


@pytest.fixture
def older_version_lock(home: Home) -> Iterator[FileLock]:
    """Hold the supervisor lock as a running older version does."""
    create_library(home, len(MIGRATIONS) - 1)
    lock = FileLock(home.supervisor_lock)
    assert lock.acquire()
    yield lock
    lock.release()


def test_schema_is_not_migrated_while_an_older_version_runs(home: Home, older_version_lock: FileLock) -> None:
    before = home.database.read_bytes()
    with pytest.raises(StorageError, match="An older version of Unbraid is using this library"):
        JobStore(home)
    assert home.database.read_bytes() == before
    older_version_lock.release()
    assert len(JobStore(home).jobs()) == len(JobState)
    assert older_version_lock.acquire(), "the migration releases the lock"


def test_older_version_changes_nothing_in_a_newer_library(home: Home) -> None:
    store = JobStore(home)
    job = store.insert(make_job())
    with sqlite3.connect(home.database) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = home.database.read_bytes()
    for call in (store.jobs, lambda: store.ownership.claim(job.id), lambda: store.move_to_bin([job.id])):
        with pytest.raises(StorageError, match="newer version of Unbraid"):
            call()
    assert home.database.read_bytes() == before


def test_songs_of_an_earlier_version_are_rebuilt_from_their_backup_records(home: Home) -> None:
    rows = create_library(home, len(MIGRATIONS))
    for values in rows:
        record = {name: value for name, value in values.items() if name not in LATER_COLUMNS}
        home.job_folder(values["id"]).backup_record.write_text(json.dumps(record))
    for name in STEM_NAMES:
        for folder in home.jobs.glob("*/run-1"):
            (folder / f"{name}.peaks").write_bytes(b"")
    found = rebuild_jobs(home)
    assert [job.title for job in found] == [values["title"] for values in rows]
    assert [len(job.stems) for job in found if job.state is JobState.COMPLETED] == [len(STEM_NAMES)]
    for job in found:
        write_backup_record(home, job)
    assert [(job.title, job.state, job.stems) for job in rebuild_jobs(home)] == [
        (job.title, job.state, job.stems) for job in found
    ]


@pytest.mark.parametrize("count", range(len(Settings.__dataclass_fields__)))
def test_settings_of_an_earlier_version_are_kept_and_the_others_are_defaults(home: Home, count: int) -> None:
    all_settings = Settings(
        model="htdemucs_ft", runtime="torch", fast=True, draft=False, shifts=3, overlap=0.5, master_db=-6.0, folder="/music",
        export_folder="/stems", export_format="mp3", window="AAAA", splitter="BBBB", quit="stop", awake=False,
    ).__dict__  # fmt: skip
    earlier = dict(list(all_settings.items())[:count])
    home.settings.write_text(json.dumps(earlier | {"given up since": True}))
    assert load_settings(home) == Settings(**earlier)
