"""A damaged or missing database loses no song: the jobs are rebuilt from their folders."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.jobs.files import remove_orphaned_files
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.recovery import open_store, rebuild_jobs, write_backup_record
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.text.message import verbatim
from tests.helpers.library import write_song
from tests.helpers.rows import complete_job
from tests.helpers.window import RecordingQueue


class SilentEvents:
    def emit(self, event: object) -> None:
        """Ignore the event."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def add(home: Home, folder: Path, name: str) -> Job:
    return JobService(home, JobStore(home), RecordingQueue(), SilentEvents()).add(
        write_song(folder / name), JobOptions("sketch", "flac")
    )


def complete(home: Home, job: Job) -> Job:
    return complete_job(home, JobStore(home), job)


def overwrite(database: Path) -> None:
    database.write_bytes(b"This is no database. " * 500)


def truncate(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(6000)


def overwrite_all_but_first_page(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (database.stat().st_size - 4096))


@pytest.mark.parametrize("damage", [overwrite, truncate, overwrite_all_but_first_page])
def test_songs_are_recovered_from_a_damaged_database(
    home: Home, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    done = complete(home, add(home, tmp_path, "done.wav"))
    waiting = add(home, tmp_path, "waiting.wav")
    running = add(home, tmp_path, "begun.wav")
    assert JobStore(home).ownership.claim(running.id) is not None
    home.database.with_name("library.db-wal").unlink(missing_ok=True)
    damage(home.database)
    store, notice = open_store(home)
    assert str(notice) == (
        "The library's database was damaged. It was set aside as library.damaged.db, and 3 songs were recovered."
    )
    assert (home.root / "library.damaged.db").exists()
    jobs = {job.id: job for job in store.jobs()}
    recovered = jobs[done.id]
    assert (recovered.state, recovered.title, recovered.stems, recovered.notices) == (
        JobState.COMPLETED,
        "done",
        done.stems,
        (verbatim("A notice."),),
    )
    assert recovered.options == done.options
    for job in (waiting, running):
        assert (jobs[job.id].state, jobs[job.id].options) == (JobState.PENDING, job.options)
    assert [job.title for job in store.pending_jobs()] == ["waiting", "begun"]
    assert open_store(home)[1] is None


def test_songs_of_a_missing_database_are_recovered_and_their_folders_stay(home: Home, tmp_path: Path) -> None:
    done = complete(home, add(home, tmp_path, "done.wav"))
    waiting = add(home, tmp_path, "waiting.wav")
    for path in home.root.glob("library.db*"):
        path.unlink()
    for folder in home.jobs.iterdir():
        os.utime(folder, (0, 0))  # older than any orphan that is kept
    store, notice = open_store(home)
    assert str(notice) == "The library's database was missing, and 2 songs were recovered."
    remove_orphaned_files(home, store)
    assert [(job.id, job.state) for job in store.jobs()] == [
        (done.id, JobState.COMPLETED),
        (waiting.id, JobState.PENDING),
    ]
    assert all(stem.path.exists() for stem in store.job(done.id).stems)
    assert open_store(home)[1] is None


def test_recovery_that_was_interrupted_begins_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = [add(home, tmp_path, f"{number}.wav") for number in range(3)]
    overwrite(home.database)
    original_insert, inserted = JobStore.insert, list[str]()

    def insert_once(store: JobStore, job: Job) -> Job:
        if inserted:
            raise KeyboardInterrupt  # as if the process was killed
        inserted.append(job.id)
        return original_insert(store, job)

    with monkeypatch.context() as patch:
        patch.setattr(JobStore, "insert", insert_once)
        with pytest.raises(KeyboardInterrupt):
            open_store(home)
    store, _ = open_store(home)
    assert [job.id for job in store.jobs()] == [song.id for song in songs]


def test_new_library_has_nothing_to_recover(home: Home) -> None:
    (home.jobs / "a folder of the user").mkdir()
    store, notice = open_store(home)
    assert (store.jobs(), notice) == ([], None)


def test_song_without_a_backup_record_is_recovered_from_its_file(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path, "only a file.wav")
    home.job_folder(job.id).backup_record.unlink()
    (home.jobs / "not a job").mkdir()
    overwrite(home.database)
    store, _ = open_store(home)
    (found,) = store.jobs()
    assert (found.title, found.state) == ("only a file", JobState.PENDING)
    assert home.job_folder(found.id) == home.job_folder(job.id), "the name has the first characters of the id"


@pytest.mark.parametrize("record_is_rewritten", [False, True])
def test_song_being_separated_again_is_recovered_with_its_stems(
    home: Home, tmp_path: Path, record_is_rewritten: bool
) -> None:
    done = complete(home, add(home, tmp_path, "done.wav"))
    store = JobStore(home)
    store.separate_again([done.id], "htdemucs_ft")
    attempt = store.ownership.claim(done.id)
    assert attempt is not None
    home.job_folder(done.id).result_folder(attempt.token).mkdir()
    if record_is_rewritten:
        write_backup_record(home, attempt)
    overwrite(home.database)
    found = open_store(home)[0].job(done.id)
    assert (found.state, found.stems, found.options) == (JobState.COMPLETED, done.stems, done.options)
    assert all(stem.path.exists() for stem in found.stems)


def test_song_whose_stems_are_missing_is_recovered_as_pending(home: Home, tmp_path: Path) -> None:
    done = complete(home, add(home, tmp_path, "done.wav"))
    shutil.rmtree(done.stems[0].path.parent)
    overwrite(home.database)
    store, _ = open_store(home)
    assert store.job(done.id).state is JobState.PENDING


def test_intact_library_is_opened_unchanged(home: Home, tmp_path: Path) -> None:
    job = add(home, tmp_path, "song.wav")
    store, notice = open_store(home)
    assert notice is None
    assert store.job(job.id) == job
    assert not list(home.root.glob("*damaged*"))


def test_backup_record_of_an_earlier_version_is_read(home: Home, tmp_path: Path) -> None:
    job = complete(home, add(home, tmp_path, "song.wav"))
    record = home.job_folder(job.id).backup_record
    fields = json.loads(record.read_text())
    for name in ("paused", "retries", "sparing", "runtime"):
        del fields[name]
    record.write_text(json.dumps(fields))
    (found,) = rebuild_jobs(home)
    assert (found.state, found.stems, found.paused) == (JobState.COMPLETED, job.stems, False)
