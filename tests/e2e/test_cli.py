"""The whole command line: its own process, real Redis, a real worker, real audio."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from desktop.paths import Home
from tests.helpers.command import NO_SERVER, ROOT, command_environment, run_unbraid, unbraid_command
from tests.helpers.library import RunningLibrary, running_library, wait_until
from tests.helpers.shared import FIXTURES

LONG_SONG = FIXTURES / "songs" / "Karissa_Hobbs_-_Lets_Go_Fishin.hq.ogg"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    """Run one library, whose Redis and worker all commands use: starting both takes longer than most commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNBRAID_MODEL_URL", NO_SERVER)
        with running_library(tmp_path_factory.mktemp("library")) as running:
            yield running


@pytest.fixture
def library(running: RunningLibrary) -> Iterator[Path]:
    """Return the folder of the running library; delete its jobs at the end."""
    yield running.home.root
    ids = [job.id for job in running.service.jobs()]
    running.service.remove_jobs(ids)
    running.service.bin.delete([removed.job.id for removed in running.service.bin.jobs()])
    wait_until(lambda: not list(running.home.jobs.iterdir()))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Eleven seconds of 16-bit stereo."""
    samples, rate = soundfile.read(FIXTURES / "multitrack" / "rock120" / "mixture.flac", dtype="int16", frames=485_100)
    path = tmp_path / "A song, with a comma.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def test_separate_prints_one_json_object_per_job_and_stems_sum_exactly_to_the_track(library: Path, song: Path) -> None:
    result = run_unbraid(library, "separate", "--json", "--model", "sketch", song)
    assert result.exit_status == 0, result.stderr
    (job,) = result.json_lines
    assert job["status"] == "completed"
    assert job["source"] == str(song)
    assert job["error"] is None
    assert job["model"] == "sketch"
    assert (job["sample_rate"], job["channels"], job["frames"]) == (44100, 2, 485_100)
    assert job["null_dbfs"] == -300
    assert set(job["stems"]) == {"vocals", "drums", "bass", "other"}
    stems = [soundfile.read(path, dtype="int16")[0].astype(np.int64) for path in job["stems"].values()]
    source = soundfile.read(song, dtype="int16")[0]
    np.testing.assert_array_equal(sum(stems), source)


def test_undecodable_file_sets_exit_status_one_and_other_jobs_complete(
    library: Path, song: Path, tmp_path: Path
) -> None:
    album = tmp_path / "album"
    album.mkdir()
    bad_file = album / "not audio.mp3"
    bad_file.write_text("These are words.\n" * 100)
    for name in ("notes.mid", "cover.jpg"):
        (album / name).touch()
    result = run_unbraid(library, "separate", "--json", "--model", "sketch", album, song)
    assert result.exit_status == 1
    by_source = {Path(job["source"]).name: job for job in result.json_lines}
    assert by_source[song.name]["status"] == "completed"
    assert by_source[bad_file.name]["status"] == "failed"
    assert "not audio.mp3" in by_source[bad_file.name]["error"]
    assert "1 other file in album was left out (.mid)." in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_stems_are_written_to_the_requested_folder_in_the_requested_format(
    library: Path, song: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stems"
    arguments = ("separate", "--json", "--model", "sketch", "--out", out, "--format", "flac", "--bits", "24", song)
    (job,) = run_unbraid(library, *arguments).json_lines
    for path in map(Path, job["stems"].values()):
        assert path.is_relative_to(out)
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", 485_100)
    (again,) = run_unbraid(library, *arguments, "--again").json_lines
    assert not set(job["stems"].values()) & set(again["stems"].values()), "existing files must not be overwritten"


def test_separate_falls_back_to_sketch_and_says_so_when_the_model_cannot_be_downloaded(
    library: Path, song: Path
) -> None:
    result = run_unbraid(library, "separate", song)
    assert result.exit_status == 0, result.stderr
    assert "Sketch" in result.stdout
    assert "unbraid retry" in result.stdout


def test_invalid_usage_has_exit_status_two(library: Path) -> None:
    assert run_unbraid(library, "separate").exit_status == 2
    assert run_unbraid(library, "--no-such-option").exit_status == 2
    assert run_unbraid(library, "separate", "--format", "aiff", "x.wav").exit_status == 2


def test_empty_path_is_rejected_and_not_taken_for_the_current_folder(library: Path) -> None:
    result = run_unbraid(library, "separate", "")
    assert result.exit_status == 2
    assert "a path is empty" in result.stderr


def test_error_names_the_unknown_model(library: Path, song: Path) -> None:
    result = run_unbraid(library, "separate", "--model", "nonesuch", song)
    assert result.exit_status == 1
    assert "nonesuch" in result.stderr
    assert "Traceback" not in result.stderr


def test_jobs_are_listed_retried_and_removed_by_id_prefix(library: Path, song: Path) -> None:
    (job,) = run_unbraid(library, "separate", "--json", "--model", "sketch", song).json_lines
    assert song.stem in run_unbraid(library, "jobs").stdout
    assert run_unbraid(library, "retry", job["id"][:8]).exit_status == 0
    assert run_unbraid(library, "remove", job["id"][:8]).exit_status == 0
    assert run_unbraid(library, "jobs", "--json").stdout.strip() == "[]"
    assert run_unbraid(library, "bin", "--empty", "--yes").exit_status == 0
    assert not list((library / "jobs").iterdir())


def test_failed_retry_keeps_the_earlier_stems_and_prints_the_reason(library: Path, song: Path) -> None:
    (job,) = run_unbraid(library, "separate", "--json", "--model", "sketch", song).json_lines
    stems = {path: Path(path).read_bytes() for path in job["stems"].values()}
    unavailable = run_unbraid(library, "retry", job["id"][:8], "--model", "htdemucs")
    assert (unavailable.exit_status, unavailable.stdout) == (1, "")
    assert unavailable.stderr.startswith(
        "unbraid: HT Demucs is not downloaded, and the server refused the connection."
    ), unavailable
    (listed,) = json.loads(run_unbraid(library, "jobs", "--json").stdout)
    assert listed == job
    copy = Home(library).job_folder(job["id"]).source
    copy.rename(copy.with_name("elsewhere"))
    failed = run_unbraid(library, "retry", job["id"][:8])
    assert failed.exit_status == 1
    assert "This song could not be separated again. The library's copy of this song is missing." in failed.stdout
    assert "Its earlier stems are kept." in failed.stdout
    (listed,) = json.loads(run_unbraid(library, "jobs", "--json").stdout)
    assert (listed["status"], listed["last_attempt"]["status"]) == ("completed", "failed")
    assert {path: Path(path).read_bytes() for path in listed["stems"].values()} == stems
    assert "completed, not separated again" in run_unbraid(library, "jobs").stdout


def test_track_already_in_the_library_is_separated_once_per_set_of_options(
    library: Path, song: Path, tmp_path: Path
) -> None:
    duplicate = song.with_name("the same.wav")
    duplicate.write_bytes(song.read_bytes())
    out = tmp_path / "stems"
    both = run_unbraid(library, "separate", "--json", "--model", "sketch", song, duplicate)
    job, duplicate_job = both.json_lines
    assert both.exit_status == 0
    assert duplicate_job == job | {"source": str(duplicate)}, "each given file has its line"
    assert "the same.wav is already in your library: waiting for it." in both.stderr
    reuse = run_unbraid(library, "separate", "--json", "--model", "sketch", "--out", out, duplicate)
    (reused_job,) = reuse.json_lines
    assert (reuse.exit_status, reused_job["id"]) == (0, job["id"])
    assert "the same.wav is already in your library: using its stems. To separate it again: --again" in reuse.stderr
    assert {Path(path).parent.parent for path in reused_job["stems"].values()} == {out}
    for name, path in reused_job["stems"].items():
        assert Path(path).read_bytes() == Path(job["stems"][name]).read_bytes()
    assert run_unbraid(library, "separate", "--model", "sketch", "--out", out, song).exit_status == 0
    assert [folder.name for folder in out.iterdir()] == [song.stem], "the copies exist already"
    other_options = ("--model", "sketch", "--format", "flac")
    assert run_unbraid(library, "separate", "--json", *other_options, song).json_lines[0]["id"] != job["id"]
    assert (
        run_unbraid(library, "separate", "--json", "--model", "sketch", "--again", song).json_lines[0]["id"]
        != job["id"]
    )
    assert len(json.loads(run_unbraid(library, "jobs", "--json").stdout)) == 3


def test_ctrl_c_cancels_the_job_and_leaves_no_process(tmp_path: Path) -> None:
    library = tmp_path / "library"
    process = subprocess.Popen(
        unbraid_command("separate", "--json", "--model", "sketch", LONG_SONG),
        cwd=ROOT,
        env=command_environment(library),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    process.stderr.readline()  # "Starting…": the handler for Ctrl-C is installed
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert '"status": "cancelled"' in out
    assert not [
        p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("UNBRAID_HOME") == str(library)
    ]


def test_doctor_reports_redis_worker_database_and_storage_as_ok(library: Path) -> None:
    result = run_unbraid(library, "doctor", "--json")
    (checks,) = result.json_lines
    verdicts = {check["name"]: check["verdict"] for check in checks}
    for name in ("redis", "worker", "database", "storage"):
        assert verdicts[name] == "ok", checks
    assert result.exit_status == 0
