"""The queue and the bin from the terminal. Nothing runs meanwhile, so all of it is quick."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobState, Stem
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.command import run_unbraid
from tests.helpers.stems import write_library_job
from tests.helpers.window import make_job


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def ids(library: Path) -> list[str]:
    store = JobStore(Home(library).create_folders())
    return [store.insert(make_job(f"song {n}")).id for n in range(3)]


def _line(library: Path) -> list[str]:
    return [job.title for job in Backend(Home(library)).service.pending_jobs()]


def test_a_song_is_moved_to_the_front_by_itself_and_to_a_place_when_it_is_named(library: Path, ids: list[str]) -> None:
    answer = run_unbraid(library, "move", ids[2][:8])
    assert (answer.exit_status, answer.stdout.strip()) == (0, "Up next: song 2 · Mara Lind"), answer
    assert _line(library) == ["song 2", "song 0", "song 1"]
    assert "Place 2 in the queue" in run_unbraid(library, "move", ids[2][:8], "--to", "2").stdout
    assert _line(library) == ["song 0", "song 2", "song 1"]
    assert "Place 3 in the queue" in run_unbraid(library, "move", ids[0][:8], "--to", "99").stdout
    assert _line(library) == ["song 2", "song 1", "song 0"]


def test_places_begin_with_one(library: Path, ids: list[str]) -> None:
    assert run_unbraid(library, "move", ids[2][:8], "--to", "0").exit_status == 2
    assert _line(library) == ["song 0", "song 1", "song 2"]


def test_a_song_that_does_not_wait_is_refused_in_a_sentence(library: Path, ids: list[str]) -> None:
    assert run_unbraid(library, "cancel", ids[0][:8]).exit_status == 0
    answer = run_unbraid(library, "move", ids[0][:8])
    assert answer.exit_status == 1
    assert "Only queued songs" in answer.stderr


def test_removed_songs_and_their_stems_are_kept_listed_restored_and_deleted(
    library: Path, ids: list[str], tmp_path: Path
) -> None:
    done, exported = make_job("done", JobState.COMPLETED), tmp_path / "vocals.wav"
    folder = Home(library).job_folder(done.id).root
    folder.mkdir(parents=True)
    (folder / "vocals.wav").write_bytes(bytes(2 * 10**6))
    exported.write_bytes(b"a stem")
    stem = Stem("vocals", folder / "vocals.wav", folder / "vocals.peaks", exported)
    JobStore(Home(library)).insert(replace(done, stems=(stem,)))
    run_unbraid(library, "cancel", ids[0][:8])
    answer = run_unbraid(library, "clear")
    assert (answer.exit_status, answer.stdout.strip()) == (
        0,
        "Removed 2 finished songs and their stems. The original song files are untouched. Kept in the bin for 30 days. "
        "To restore: unbraid restore --last",
    )
    assert "no finished songs" in run_unbraid(library, "clear").stdout
    answer = run_unbraid(library, "remove", ids[1][:8])
    assert "Removed “song 1”. The original song file is untouched." in answer.stdout
    assert f"unbraid restore {ids[1][:8]}" in answer.stdout
    assert _line(library) == ["song 2"]
    listed = run_unbraid(library, "bin").stdout
    assert all(words in listed for words in ("done · Mara Lind", "song 1", "2 MB", "3 songs, 2 MB"))
    objects = json.loads(run_unbraid(library, "bin", "--json").stdout)
    assert [(entry["id"], entry["status"], entry["bytes"] > 10**6) for entry in objects] == [
        (ids[1], "pending", False), (ids[0], "cancelled", False), (done.id, "completed", True),
    ]  # fmt: skip
    assert run_unbraid(library, "restore", done.id[:8], ids[1][:8]).stdout.strip() == "Restored 2 songs."
    assert _line(library) == ["song 1", "song 2"]
    assert "There is no job" in run_unbraid(library, "restore", done.id[:8]).stderr
    run_unbraid(library, "remove", done.id)
    assert run_unbraid(library, "restore", "--last").stdout.strip() == "Restored “done”."
    run_unbraid(library, "remove", done.id)
    refused = run_unbraid(library, "bin", "--empty")
    assert (refused.exit_status, "Nothing was deleted" in refused.stderr) == (1, True)
    assert run_unbraid(library, "bin", "--delete", ids[0][:8], "--yes").stdout.strip() == "Deleted “song 0”: 0 kB."
    assert run_unbraid(library, "bin", "--empty", "--yes").stdout.strip() == "Deleted “done”: 2 MB."
    assert (folder.exists(), exported.read_bytes()) == (False, b"a stem")
    assert run_unbraid(library, "bin").stdout.strip() == "The bin is empty."


def test_single_songs_are_paused_and_resumed_and_the_list_says_so(library: Path, ids: list[str]) -> None:
    answer = run_unbraid(library, "pause", ids[0][:8], ids[2][:8])
    assert answer.exit_status == 0
    assert answer.stdout.splitlines() == [
        f"Paused: song {n} · Mara Lind. To go on from there: unbraid resume {ids[n][:8]}" for n in (0, 2)
    ]
    listed = run_unbraid(library, "jobs")
    assert listed.stdout.count("paused") == 2
    (jobs,) = run_unbraid(library, "jobs", "--json").json_lines
    assert [(job["status"], job["paused"]) for job in jobs] == [("pending", n != 1) for n in range(3)]
    assert "Goes on, when it is its turn: song 0" in run_unbraid(library, "resume", ids[0][:8]).stdout
    assert [job.paused for job in Backend(Home(library)).service.jobs()] == [False, False, True]


def test_a_song_that_is_resumed_in_a_paused_queue_is_told_to_wait(library: Path, ids: list[str]) -> None:
    assert "nothing is separated" in run_unbraid(library, "pause").stdout
    run_unbraid(library, "pause", ids[0][:8])
    assert "The queue is paused" in run_unbraid(library, "resume", ids[0][:8]).stdout
    assert run_unbraid(library, "resume").stdout.strip() == "The queue goes on."


def test_what_cannot_be_paused_is_refused_in_a_sentence(library: Path, ids: list[str]) -> None:
    run_unbraid(library, "cancel", ids[0][:8])
    answer = run_unbraid(library, "pause", ids[0][:8])
    assert (answer.exit_status, answer.stdout) == (1, "")
    assert "done with" in answer.stderr
    assert "There is no job" in run_unbraid(library, "pause", "ffffffff").stderr


def test_stems_are_exported_by_name_and_a_second_time_beside_the_first(
    library: Path, ids: list[str], tmp_path: Path
) -> None:
    home = Home(library)
    made = JobStore(home).insert(write_library_job(home, stem_count=2))
    for status, words in ((0, [made.id[:8]]), (1, [made.id[:8], ids[0][:8], "--format", "flac"])):
        answer = run_unbraid(library, "export", *words, "--to", tmp_path / "out")
        assert answer.exit_status == status, answer
    assert "song 0 · Mara Lind  It has no stems yet." in answer.stdout
    answer = run_unbraid(library, "export", made.id, "--to", tmp_path / "out")
    name = "Mara Lind - Night Drive"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{name} ({stem}){end}" for stem in ("Vocals", "Drums") for end in (".wav", ".flac", " 2.wav")
    }
    assert (tmp_path / "out" / f"{name} (Vocals).wav").read_bytes() == made.stems[0].path.read_bytes()
