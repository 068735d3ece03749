"""Queue and bin commands of the command line. No worker runs, so all of it is quick."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobState, Stem
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.command import run_unbraid
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def ids(library: Path) -> list[str]:
    store = JobStore(Home(library).create_folders())
    return [store.insert(make_job(f"song {n}")).id for n in range(3)]


def _pending_titles(library: Path) -> list[str]:
    return [job.title for job in Backend(Home(library)).service.pending_jobs()]


def test_move_puts_a_job_at_the_front_or_at_the_given_position(library: Path, ids: list[str]) -> None:
    result = run_unbraid(library, "move", ids[2][:8])
    assert (result.exit_status, result.stdout.strip()) == (0, "Up next: song 2 · Mara Lind"), result
    assert _pending_titles(library) == ["song 2", "song 0", "song 1"]
    assert "Place 2 in the queue" in run_unbraid(library, "move", ids[2][:8], "--to", "2").stdout
    assert _pending_titles(library) == ["song 0", "song 2", "song 1"]
    assert "Place 3 in the queue" in run_unbraid(library, "move", ids[0][:8], "--to", "99").stdout
    assert _pending_titles(library) == ["song 2", "song 1", "song 0"]


def test_move_positions_start_at_one(library: Path, ids: list[str]) -> None:
    assert run_unbraid(library, "move", ids[2][:8], "--to", "0").exit_status == 2
    assert _pending_titles(library) == ["song 0", "song 1", "song 2"]


def test_move_rejects_a_job_that_is_not_pending(library: Path, ids: list[str]) -> None:
    assert run_unbraid(library, "cancel", ids[0][:8]).exit_status == 0
    result = run_unbraid(library, "move", ids[0][:8])
    assert result.exit_status == 1
    assert "Only queued songs" in result.stderr


def test_removed_jobs_and_their_stems_can_be_listed_restored_and_deleted(
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
    result = run_unbraid(library, "clear")
    assert (result.exit_status, result.stdout.strip()) == (
        0,
        "Removed 2 finished songs and their stems. The original song files are untouched. Kept in the bin for 30 days. "
        "To restore: unbraid restore --last",
    )
    assert "no finished songs" in run_unbraid(library, "clear").stdout
    result = run_unbraid(library, "remove", ids[1][:8])
    assert "Removed “song 1”. The original song file is untouched." in result.stdout
    assert f"unbraid restore {ids[1][:8]}" in result.stdout
    assert _pending_titles(library) == ["song 2"]
    listing = run_unbraid(library, "bin").stdout
    assert all(text in listing for text in ("done · Mara Lind", "song 1", "2 MB", "3 songs, 2 MB"))
    entries = json.loads(run_unbraid(library, "bin", "--json").stdout)
    assert [(entry["id"], entry["status"], entry["bytes"] > 10**6) for entry in entries] == [
        (ids[1], "pending", False), (ids[0], "cancelled", False), (done.id, "completed", True),
    ]  # fmt: skip
    assert run_unbraid(library, "restore", done.id[:8], ids[1][:8]).stdout.strip() == "Restored 2 songs."
    assert _pending_titles(library) == ["song 1", "song 2"]
    assert "No song has the id" in run_unbraid(library, "restore", done.id[:8]).stderr
    run_unbraid(library, "remove", done.id)
    assert run_unbraid(library, "restore", "--last").stdout.strip() == "Restored “done”."
    run_unbraid(library, "remove", done.id)
    refused = run_unbraid(library, "bin", "--empty")
    assert (refused.exit_status, "Nothing was deleted" in refused.stderr) == (1, True)
    assert run_unbraid(library, "bin", "--delete", ids[0][:8], "--yes").stdout.strip() == "Deleted “song 0”: 0 kB."
    assert run_unbraid(library, "bin", "--empty", "--yes").stdout.strip() == "Deleted “done”: 2 MB."
    assert (folder.exists(), exported.read_bytes()) == (False, b"a stem")
    assert run_unbraid(library, "bin").stdout.strip() == "The bin is empty."


def test_single_jobs_can_be_paused_and_resumed_and_are_listed_as_paused(library: Path, ids: list[str]) -> None:
    result = run_unbraid(library, "pause", ids[0][:8], ids[2][:8])
    assert result.exit_status == 0
    assert result.stdout.splitlines() == [
        f"Paused: song {n} · Mara Lind. To resume: unbraid resume {ids[n][:8]}" for n in (0, 2)
    ]
    listed = run_unbraid(library, "jobs")
    assert listed.stdout.count("paused") == 2
    (jobs,) = run_unbraid(library, "jobs", "--json").json_lines
    assert [(job["status"], job["paused"]) for job in jobs] == [("pending", n != 1) for n in range(3)]
    assert "Resumed, waiting for its turn: song 0" in run_unbraid(library, "resume", ids[0][:8]).stdout
    assert [job.paused for job in Backend(Home(library)).service.jobs()] == [False, False, True]


def test_resuming_a_job_in_a_paused_queue_says_that_the_queue_is_paused(library: Path, ids: list[str]) -> None:
    assert "nothing is separated" in run_unbraid(library, "pause").stdout
    run_unbraid(library, "pause", ids[0][:8])
    assert "The queue is paused" in run_unbraid(library, "resume", ids[0][:8]).stdout
    assert run_unbraid(library, "resume").stdout.strip() == "The queue was resumed."


def test_pause_rejects_ended_and_unknown_jobs(library: Path, ids: list[str]) -> None:
    run_unbraid(library, "cancel", ids[0][:8])
    result = run_unbraid(library, "pause", ids[0][:8])
    assert (result.exit_status, result.stdout) == (1, "")
    assert "not in the queue" in result.stderr
    assert "No song has the id" in run_unbraid(library, "pause", "ffffffff").stderr


def test_export_names_stems_after_the_track_and_never_overwrites_files(
    library: Path, ids: list[str], tmp_path: Path
) -> None:
    home = Home(library)
    job = JobStore(home).insert(write_library_job(home, stem_count=2))
    for status, arguments in ((0, [job.id[:8]]), (1, [job.id[:8], ids[0][:8], "--format", "flac"])):
        result = run_unbraid(library, "export", *arguments, "--to", tmp_path / "out")
        assert result.exit_status == status, result
    assert "song 0 · Mara Lind  It has no stems yet." in result.stdout
    result = run_unbraid(library, "export", job.id, "--to", tmp_path / "out")
    name = "Mara Lind - Night Drive"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{name} ({stem}){end}" for stem in ("Vocals", "Drums") for end in (".wav", ".flac", " 2.wav")
    }
    exported, stem = (tmp_path / "out" / f"{name} (Vocals).wav").read_bytes(), job.stems[0].path.read_bytes()
    assert exported[8:].startswith(stem[8:])  # behind the size; tags come last
