"""The folder of a job is found by the id in its name, in one listing, whatever other processes do meanwhile."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from desktop.job_folders import JobFolders, id_in_folder_name
from desktop.paths import Home

ID = "a4043c43-2d0f-4e0d-9a55-6f3a0f2b7c11"
TWIN = "a4043c43-77aa-4b1b-8c22-0d9e8f7a6b55"
"""An id that begins like `ID`."""
LONG_AGO_NS = 1_700_000_000 * 10**9


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    return Home(tmp_path / "library").create_folders().jobs


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the folders that were listed since, in order."""
    folders: list[str] = []
    scandir = os.scandir

    def count(folder: Path) -> "os._ScandirIterator[str]":
        folders.append(os.fspath(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", count)
    return folders


def set_changed_long_ago(jobs: Path) -> None:
    os.utime(jobs, ns=(LONG_AGO_NS, LONG_AGO_NS))


def rename_in_another_process(folder: Path, name: str) -> None:
    script = "import sys; from pathlib import Path; Path(sys.argv[1]).rename(Path(sys.argv[1]).with_name(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", script, folder, name], check=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (ID, ID),
        ("Mara Lind - Night Drive [a4043c43]", "a4043c43"),
        (f"Night Drive [{ID}]", ID),
        ("Live [2019] [a4043c43]", "a4043c43"),
        ("Night\nDrive [a4043c43]", "a4043c43"),
        ("Night Drive", None),
        ("[a4043c43]", None),
        ("Night Drive [2019]", None),
        ("Night Drive [a4043c43] (copy)", None),
        ("Night Drive [A4043C43]", None),
        ("a4043c43", None),
        (f"{ID}.bak", None),
    ],
)
def test_name_of_a_folder_tells_the_id_of_its_job(name: str, expected: str | None) -> None:
    assert id_in_folder_name(name) == expected


def test_folder_is_found_under_its_name_under_its_id_and_before_it_exists(jobs: Path) -> None:
    named, unnamed = jobs / "Night Drive [a4043c43]", jobs / str(uuid4())
    named.mkdir()
    unnamed.mkdir()
    missing = str(uuid4())
    folders = JobFolders(jobs)
    assert [folders.find(job_id).root for job_id in (ID, unnamed.name, missing)] == [named, unnamed, jobs / missing]
    (jobs / missing).mkdir()
    assert folders.find(missing).root == jobs / missing


def test_five_thousand_jobs_cost_one_listing(jobs: Path, listed: list[str]) -> None:
    ids = [str(uuid4()) for _ in range(5000)]
    for number, job_id in enumerate(ids):
        (jobs / (f"Song {number} [{job_id}]" if number % 2 else job_id)).mkdir()
    set_changed_long_ago(jobs)
    folders = JobFolders(jobs)
    for _ in range(2):
        assert all(folders.find(job_id).root.name.endswith((job_id, f"{job_id}]")) for job_id in ids)
    assert listed == [str(jobs)]


def test_jobs_without_folders_cost_one_listing_each_and_one_for_every_change(jobs: Path, listed: list[str]) -> None:
    ids = [str(uuid4()) for _ in range(10)]
    folders = JobFolders(jobs)
    for _ in range(3):
        for job_id in ids:
            folders.find(job_id)
    assert len(listed) == 1 + len(ids)
    (jobs / "Night Drive [a4043c43]").mkdir()
    set_changed_long_ago(jobs)
    for _ in range(3):
        for job_id in ids:
            folders.find(job_id)
    assert len(listed) == 1 + len(ids) + 1


def test_folder_that_another_process_names_is_found_again(jobs: Path) -> None:
    (jobs / ID).mkdir()
    set_changed_long_ago(jobs)
    folders = JobFolders(jobs)
    assert folders.find(ID).root == jobs / ID
    rename_in_another_process(jobs / ID, "Night Drive [a4043c43]")
    assert folders.find(ID).root == jobs / "Night Drive [a4043c43]"


def test_folder_is_found_although_the_file_system_does_not_tell_that_it_was_added(jobs: Path) -> None:
    set_changed_long_ago(jobs)
    folders = JobFolders(jobs)
    folders.find(str(uuid4()))
    (jobs / "Night Drive [a4043c43]").mkdir()
    set_changed_long_ago(jobs)  # as on FAT under Windows, or a network drive that caches the times
    assert folders.find(ID).root == jobs / "Night Drive [a4043c43]"


def test_folder_that_comes_back_is_found(jobs: Path) -> None:
    folders = JobFolders(jobs)
    folders.find(ID)
    (jobs / "Night Drive [a4043c43]").mkdir()
    set_changed_long_ago(jobs)
    assert folders.find(ID).root == jobs / "Night Drive [a4043c43]"


def test_listing_that_fails_is_repeated(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path / "jobs")  # its disk is disconnected
    assert folders.find(ID).root == tmp_path / "jobs" / ID
    (tmp_path / "jobs" / "Night Drive [a4043c43]").mkdir(parents=True)
    assert folders.find(ID).root == tmp_path / "jobs" / "Night Drive [a4043c43]"


def test_renamed_folder_is_found_without_another_listing(jobs: Path, listed: list[str]) -> None:
    (jobs / ID).mkdir()
    set_changed_long_ago(jobs)
    folders = JobFolders(jobs)
    assert folders.rename(ID, "Night Drive{}".format).root == jobs / "Night Drive [a4043c43]"
    assert folders.find(ID).root == jobs / "Night Drive [a4043c43]"
    assert listed == [str(jobs)]


def test_named_folder_is_not_named_again(jobs: Path) -> None:
    (jobs / "Night Drive [a4043c43]").mkdir()
    assert JobFolders(jobs).rename(ID, "Day Drive{}".format).root == jobs / "Night Drive [a4043c43]"
    assert [folder.name for folder in jobs.iterdir()] == ["Night Drive [a4043c43]"]


def test_jobs_whose_ids_begin_alike_keep_their_whole_ids(jobs: Path) -> None:
    for job_id in (ID, TWIN):
        (jobs / job_id).mkdir()
        (jobs / job_id / "job.json").write_text(job_id)
    folders = JobFolders(jobs)
    for job_id in (ID, TWIN):
        folders.rename(job_id, "Night Drive{}".format)
    for index in (folders, JobFolders(jobs)):
        for job_id in (ID, TWIN):
            assert index.find(job_id).root == jobs / f"Night Drive [{job_id}]"
            assert index.find(job_id).backup_record.read_text() == job_id


def test_id_of_a_new_job_does_not_begin_like_one_in_a_folder_name(jobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = JobFolders(jobs)
    folders.find(ID)
    (jobs / "Night Drive [a4043c43]").mkdir()  # by another process
    ids = iter((ID, TWIN, new := str(uuid4())))
    monkeypatch.setattr("desktop.job_folders.uuid4", lambda: next(ids))
    assert folders.create_id() == new


def write_folder(folder: Path, recorded_id: str | None = None) -> Path:
    """Create a folder, with a backup record that has this id."""
    folder.mkdir()
    if recorded_id:
        (folder / "job.json").write_text(json.dumps({"id": recorded_id}))
    return folder


def test_unnamed_folder_beside_a_named_one_of_the_same_job_hides_nothing(jobs: Path) -> None:
    named = write_folder(jobs / "Night Drive [a4043c43]", ID)
    write_folder(jobs / ID)  # by a worker that did not know the name yet
    assert JobFolders(jobs).find(ID).root == named


@pytest.mark.parametrize("recorded_id", [ID, None])
@pytest.mark.parametrize("name_of_twin", [TWIN, f"Day Drive [{TWIN}]"])
def test_first_characters_of_two_ids_find_the_folder_of_one_job_only(
    jobs: Path, recorded_id: str | None, name_of_twin: str
) -> None:
    named, twin = write_folder(jobs / "Night Drive [a4043c43]", recorded_id), write_folder(jobs / name_of_twin)
    folders = JobFolders(jobs)
    assert (folders.find(ID).root, folders.find(TWIN).root) == (named, twin)


def test_files_broken_links_and_hidden_files_are_not_taken_for_folders(jobs: Path) -> None:
    (jobs / "._Night Drive [a4043c43]").touch()  # macOS makes such files on disks of other systems
    (jobs / "A link [a4043c43]").symlink_to(jobs / "nowhere")
    (jobs / "A loop [a4043c43]").symlink_to(jobs / "A loop [a4043c43]")
    (jobs / "Night Drive [a4043c43]").mkdir()
    assert JobFolders(jobs).find(ID).root == jobs / "Night Drive [a4043c43]"


def test_every_process_takes_the_same_of_two_copies(jobs: Path) -> None:
    for name in ("Night Drive [a4043c43]", "Copy of Night Drive [a4043c43]"):
        (jobs / name).mkdir()
    assert JobFolders(jobs).find(ID).root == jobs / "Copy of Night Drive [a4043c43]"
