"""Job folders are named by their songs: new ones when they are added, those of earlier versions at the next start."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.errors import StorageError
from desktop.job_folders import JobFolders
from desktop.jobs.bin import Bin
from desktop.jobs.files import remove_orphaned_files
from desktop.jobs.folders import name_job_folder, name_job_folders
from desktop.jobs.model import Job, JobOptions
from desktop.jobs.recovery import open_store
from desktop.jobs.schema import MIGRATIONS, check_file_schema_version
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from tests.helpers.bench import EventRecorder, NullQueue
from tests.helpers.jobs import make_job
from tests.helpers.library import write_song
from tests.helpers.rows import claim_job, complete_job, simulate_dead_owner, update_rows

OPEN_LIBRARY = """
import sys
from collections.abc import Sequence
from pathlib import Path
from desktop.jobs.recovery import open_store
from desktop.paths import Home
store, _ = open_store(Home(Path(sys.argv[1])))
for job in store.jobs():
    assert all(stem.path.exists() for stem in job.stems), job.stems
"""
DIE_AT_THE_FOURTH_RENAME = """
import os, signal, sys
renames = []
def die(event, arguments):
    if event == "os.rename":
        renames.append(arguments)
        if len(renames) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore(home)


def add_unnamed(home: Home, store: JobStore, title: str = "Night Drive", **changes: object) -> Job:
    """Add a completed job as earlier versions did, whose folder is named by its id."""
    return complete_job(home, store, store.insert(make_job(title, **changes)))


def folder_names(home: Home) -> set[str]:
    return {folder.name for folder in home.jobs.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def open_in_another_process(home: Home, before: str = "") -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", before + OPEN_LIBRARY, home.root])


def named(home: Home, artist: str, title: str) -> str:
    """Return the name that the folder of such a song gets, without the id."""
    job = make_job(title, artist=artist)
    home.job_folder(job.id).root.mkdir()
    folder = name_job_folder(home, job).root
    assert JobFolders(home.jobs).find(job.id).root == folder
    assert folder.is_dir()
    assert folder.name.endswith(f" [{job.id[:8]}]")
    return folder.name.removesuffix(f" [{job.id[:8]}]")


def test_folder_of_an_added_song_is_named_by_artist_title_and_the_first_characters_of_the_id(
    home: Home, store: JobStore, tmp_path: Path
) -> None:
    service = JobService(home, store, NullQueue(), EventRecorder())
    job = service.add(write_song(tmp_path / "Night Drive.wav", seconds=0.2), JobOptions("sketch"))
    assert folder_names(home) == {f"Night Drive [{job.id[:8]}]"}
    assert service.stored_track(job).read_bytes() == (tmp_path / "Night Drive.wav").read_bytes()
    assert json.loads(home.job_folder(job.id).backup_record.read_text())["id"] == job.id
    assert named(home, "Mara Lind", "Night Drive") == "Mara Lind - Night Drive"


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("", "", "untitled"),
        (" ", " .. ", "untitled"),
        ("", "CON", "_CON"),
        ("", "nul.txt", "_nul.txt"),
        ("AC/DC", "../../etc", "AC_DC - _.._etc"),
        ("", "C:\\Songs\\a*b?", "C__Songs_a_b_"),
        ("", "The end...", "The end"),
        ("", "Tab\tand\nline", "Tab_and_line"),
        ("", "Night [deadbeef]", "Night [deadbeef]"),
        ("", "x" * 300, "x" * 61),
        ("y" * 300, "x" * 300, "y" * 30 + " - " + "x" * 28),
        ("", "😀" * 300, "😀" * 15),
        ("", "👩‍🚀", "👩‍🚀"),
        ("فيروز", "يا طير", "فيروز - يا طير"),
        ("", "exe.\u202e3pm", "exe._3pm"),
        ("", "Cafe\u0301", "Caf\u00e9"),
        ("", "\udcff", "_"),
    ],
)
def test_any_name_of_a_song_gives_a_valid_name_of_a_folder(home: Home, artist: str, title: str, expected: str) -> None:
    assert named(home, artist, title) == expected


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_no_name_of_a_song_is_too_long_or_hides_the_id(
    tmp_path_factory: pytest.TempPathFactory, artist: str, title: str
) -> None:
    home = Home(tmp_path_factory.mktemp("library")).create_folders()
    name = named(home, artist, title)
    assert len(os.fsencode(name)) + len(" [a4043c43]") <= 72
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert name[0] not in " .-"


def test_songs_whose_names_differ_in_nothing_in_case_or_in_normalisation_have_folders_of_their_own(
    home: Home, store: JobStore
) -> None:
    titles = ("Café", "Café", "CAFÉ", "café", "Cafe\u0301")
    jobs = [add_unnamed(home, store, title) for title in titles]
    before = [contents(home.job_folder(job.id).root) for job in jobs]
    name_job_folders(home, store)
    assert len({name.casefold() for name in folder_names(home)}) == len(titles)
    assert [contents(home.job_folder(job.id).root) for job in jobs] == before


def test_library_of_an_earlier_version_is_named_at_the_start_and_loses_nothing(home: Home, store: JobStore) -> None:
    done, removed, waiting = (add_unnamed(home, store, title) for title in ("Done", "Removed", "Waiting"))
    failed = store.insert(make_job("Without a folder"))
    store.move_to_bin([removed.id])
    update_rows(home, "state = 'pending'", waiting)
    before = {job.id: contents(home.jobs / job.id) for job in (done, removed, waiting)}
    opened, notice = open_store(home)
    assert notice is None
    assert folder_names(home) == {f"Mara Lind - {job.title} [{job.id[:8]}]" for job in (done, removed, waiting)}
    assert {job_id: contents(home.job_folder(job_id).root) for job_id in before} == before
    assert [stem.path.read_bytes() for stem in opened.job(done.id).stems] == [b"vocals of run 1", b"drums of run 1"]
    assert {job.id for job in opened.jobs()} == {done.id, waiting.id, failed.id}
    assert [job.id for job in opened.jobs_in_bin()] == [removed.id]


def test_title_that_changes_later_does_not_rename(home: Home, store: JobStore) -> None:
    job = add_unnamed(home, store)
    open_store(home)
    update_rows(home, "title = 'Day Drive'", job)
    open_store(home)
    assert folder_names(home) == {f"Mara Lind - Night Drive [{job.id[:8]}]"}


def test_job_in_work_is_named_at_the_start_after_its_end(home: Home, store: JobStore) -> None:
    job = claim_job(store)
    home.job_folder(job.id).root.mkdir()
    open_store(home)
    assert folder_names(home) == {job.id}
    simulate_dead_owner(home, job)
    store.ownership.release_orphans()
    open_store(home)
    assert folder_names(home) == {f"Mara Lind - Night Drive [{job.id[:8]}]"}


def test_no_process_can_claim_a_job_while_folders_are_named(home: Home, store: JobStore) -> None:
    job = store.insert(make_job())
    with store.idle_jobs() as jobs, closing(sqlite3.connect(home.database, timeout=0)) as other:
        assert [idle.id for idle in jobs] == [job.id]
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    assert store.ownership.claim(job.id) is not None


def test_nothing_is_named_while_another_process_works_in_the_library(home: Home, store: JobStore) -> None:
    job = add_unnamed(home, store)
    lock = FileLock(home.supervisor_lock)
    assert lock.acquire()
    open_store(home)
    assert folder_names(home) == {job.id}
    lock.release()
    open_store(home)
    assert folder_names(home) == {f"Mara Lind - Night Drive [{job.id[:8]}]"}
    assert lock.acquire(), "the lock is released"
    lock.release()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_naming_that_was_killed_is_continued_at_the_next_start(home: Home, store: JobStore) -> None:
    jobs = [add_unnamed(home, store, f"Song {number}") for number in range(8)]
    before = [contents(home.jobs / job.id) for job in jobs]
    assert open_in_another_process(home, DIE_AT_THE_FOURTH_RENAME).wait() == -signal.SIGKILL
    assert len(home.job_folders.list_unnamed()) == 5
    assert [contents(home.job_folder(job.id).root) for job in jobs] == before
    assert all(stem.path.exists() for job in store.jobs() for stem in job.stems)
    open_store(home)
    assert folder_names(home) == {f"Mara Lind - {job.title} [{job.id[:8]}]" for job in jobs}
    assert [contents(home.job_folder(job.id).root) for job in jobs] == before


def test_two_processes_that_start_at_once_both_find_every_song(home: Home, store: JobStore) -> None:
    jobs = [add_unnamed(home, store, f"Song {number}") for number in range(100)]
    assert all(home.job_folder(job.id).root == home.jobs / job.id for job in jobs)
    processes = [open_in_another_process(home) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert folder_names(home) == {f"Mara Lind - {job.title} [{job.id[:8]}]" for job in jobs}
    assert all(stem.path.exists() for job in store.jobs() for stem in job.stems)


@pytest.mark.parametrize("error", [PermissionError, FileExistsError, OSError])
def test_folder_that_cannot_be_renamed_keeps_its_name_and_is_logged(
    home: Home, store: JobStore, tmp_path: Path, error: type[OSError],
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    old = add_unnamed(home, store)

    def refuse(*_: object) -> None:
        raise error("refused")

    monkeypatch.setattr(Path, "rename", refuse)
    opened, _ = open_store(home)
    service = JobService(home, opened, NullQueue(), EventRecorder())
    new = service.add(write_song(tmp_path / "song.wav", seconds=0.2))
    assert folder_names(home) == {old.id, new.id}
    assert service.stored_track(new).exists()
    assert all(stem.path.exists() for stem in opened.job(old.id).stems)
    assert "Job folders that are not named by their songs: 1. First error: refused" in caplog.text
    assert f"The folder of job {new.id} is not named by the song: refused" in caplog.text
    monkeypatch.undo()
    open_store(home)
    assert home.job_folders.list_unnamed() == set()


def test_folder_whose_name_is_taken_keeps_its_own_and_the_others_are_named(home: Home, store: JobStore) -> None:
    first, second = add_unnamed(home, store, "First"), add_unnamed(home, store, "Second")
    taken = home.jobs / f"Mara Lind - First [{first.id[:8]}]"
    taken.write_text("a file of the user")
    open_store(home)
    assert folder_names(home) == {taken.name, first.id, f"Mara Lind - Second [{second.id[:8]}]"}
    assert taken.read_text() == "a file of the user"
    assert all(stem.path.exists() for job in store.jobs() for stem in job.stems)


def test_earlier_version_refuses_a_library_with_named_folders(
    home: Home, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_unnamed(home, store)
    open_store(home)
    before = contents(home.jobs)
    earlier = MIGRATIONS[: MIGRATIONS.index("SELECT 1")]
    for module in ("schema", "database"):
        monkeypatch.setattr(f"desktop.jobs.{module}.MIGRATIONS", earlier)
    for use in (lambda: check_file_schema_version(home.database), lambda: open_store(home), store.jobs):
        with pytest.raises(StorageError, match="newer version of Unbraid"):
            use()
    assert contents(home.jobs) == before


def insert_copies(home: Home, job: Job, ids: Sequence[str]) -> None:
    """Insert a copy of the row of `job` for each of `ids`, faster than the store does."""
    with sqlite3.connect(home.database) as connection:
        columns = [f'"{column[1]}"' for column in connection.execute("PRAGMA table_info(jobs)") if column[1] != "id"]
        copy = f"INSERT INTO jobs (id, {', '.join(columns)}) SELECT ?, {', '.join(columns)} FROM jobs WHERE id = ?"
        connection.executemany(copy, [(copy_id, job.id) for copy_id in ids])
    connection.close()


@pytest.mark.parametrize("is_named", [True, False])
def test_opening_a_library_of_five_thousand_songs_lists_its_folders_once(
    home: Home, store: JobStore, is_named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [str(uuid4()) for _ in range(5000)]
    insert_copies(home, add_unnamed(home, store), ids)
    for job_id in ids:
        (home.jobs / (f"Mara Lind - Night Drive [{job_id}]" if is_named else job_id)).mkdir()
    listed, scandir = list[str](), os.scandir

    def count(folder: Path) -> "os._ScandirIterator[str]":
        listed.append(os.fspath(folder))
        return scandir(folder)

    open_store(home)
    os.utime(home.jobs, (1.7e9, 1.7e9))
    monkeypatch.setattr(os, "scandir", count)
    opened, _ = open_store(home)
    assert len(opened.jobs()) == 5001
    assert home.job_folders.find(ids[0]).root.name.startswith("Mara Lind - Night Drive [")
    assert listed.count(str(home.jobs)) == 1


def overwrite_database(home: Home) -> None:
    for suffix in ("-wal", "-shm"):
        home.database.with_name(f"library.db{suffix}").unlink(missing_ok=True)
    home.database.write_bytes(b"This is no database. " * 500)


def test_damaged_database_is_rebuilt_from_named_and_unnamed_folders(home: Home, store: JobStore) -> None:
    first = add_unnamed(home, store, "First")
    open_store(home)
    second = add_unnamed(home, store, "Second")
    first = store.job(first.id)
    overwrite_database(home)
    opened, notice = open_store(home)
    assert "2 songs were recovered" in str(notice)
    assert opened.job(first.id).stems == first.stems
    assert [job.title for job in opened.jobs()] == ["First", "Second"]
    assert folder_names(home) == {f"Mara Lind - {job.title} [{job.id[:8]}]" for job in (first, second)}
    assert all(stem.path.exists() for job in opened.jobs() for stem in job.stems)


def test_copy_of_a_folder_is_no_second_song_and_is_never_deleted(home: Home, store: JobStore) -> None:
    job = add_unnamed(home, store)
    open_store(home)
    folder = home.job_folder(job.id).root
    for name in (f"{folder.name} (copy)", f"Z copy of {folder.name}"):
        os.utime(shutil.copytree(folder, folder.with_name(name)), (1.7e9, 1.7e9))
    before = contents(home.jobs)
    overwrite_database(home)
    opened, _ = open_store(home)
    remove_orphaned_files(home, opened)
    assert [found.id for found in opened.jobs()] == [job.id]
    assert contents(home.jobs) == before


@pytest.mark.parametrize("age_s", [60.0, 7200.0])
def test_named_folder_without_a_row_is_deleted_once_it_is_old_and_folders_of_the_user_are_not(
    home: Home, store: JobStore, age_s: float
) -> None:
    job = add_unnamed(home, store)
    open_store(home)
    orphan, foreign = home.jobs / "Night Drive [00000000]", home.jobs / "My notes"
    for folder in (orphan, foreign, home.job_folder(job.id).root):
        folder.mkdir(exist_ok=True)
        os.utime(folder, (time() - age_s, time() - age_s))
    remove_orphaned_files(home, store)
    assert (orphan.exists(), foreign.exists(), home.job_folder(job.id).root.exists()) == (age_s < 3600, True, True)


def test_bin_measures_restores_and_deletes_named_folders(home: Home, store: JobStore) -> None:
    kept, deleted = add_unnamed(home, store, "Kept"), add_unnamed(home, store, "Deleted")
    open_store(home)
    bin_ = Bin(home, store, NullQueue(), EventRecorder())
    bin_.add([kept.id, deleted.id])
    assert all(entry.size_bytes > 0 for entry in bin_.jobs())
    bin_.restore([kept.id])
    assert bin_.delete() == 1
    assert folder_names(home) == {f"Mara Lind - Kept [{kept.id[:8]}]"}
    assert all(stem.path.exists() for stem in store.job(kept.id).stems)


def test_refused_duplicate_leaves_no_folder(home: Home, store: JobStore, tmp_path: Path) -> None:
    service = JobService(home, store, NullQueue(), EventRecorder())
    song = write_song(tmp_path / "song.wav", seconds=0.2)
    job = service.add(song)
    with pytest.raises(Exception, match="already in your library"):
        service.add(song, is_duplicate=lambda _: True)
    assert folder_names(home) == {f"song [{job.id[:8]}]"}


def test_folder_of_a_song_that_another_process_added_is_found(home: Home, store: JobStore, tmp_path: Path) -> None:
    assert store.jobs() == []
    add = (
        "import sys; from pathlib import Path; from desktop.backend import Backend; from desktop.paths import Home\n"
        "Backend(Home(Path(sys.argv[1]))).service.add(Path(sys.argv[2]))"
    )
    song = write_song(tmp_path / "song.wav", seconds=0.2)
    subprocess.run([sys.executable, "-c", add, home.root, song], check=True)
    (job,) = store.jobs()
    assert home.job_folder(job.id).root.name == f"song [{job.id[:8]}]"
    assert (home.job_folder(job.id).source / "song.wav").exists()
