"""The command line, whole: a process of its own, the real Redis, the real worker, real sound."""

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.helpers.command import ROOT, command_environment, run_unbraid, unbraid_command
from tests.helpers.shared import FIXTURES

LONG_SONG = FIXTURES / "songs" / "Karissa_Hobbs_-_Lets_Go_Fishin.hq.ogg"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Eleven seconds of stereo in 16 bit."""
    samples, rate = soundfile.read(FIXTURES / "multitrack" / "rock120" / "mixture.flac", dtype="int16", frames=485_100)
    path = tmp_path / "A song, with a comma.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def test_separate_prints_one_json_object_a_job_and_stems_that_sum_exactly_to_the_song(
    library: Path, song: Path
) -> None:
    answer = run_unbraid(library, "separate", "--json", "--model", "sketch", song)
    assert answer.exit_status == 0, answer.stderr
    (job,) = answer.json_lines
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


def test_a_refused_file_costs_exit_status_one_and_nothing_else(library: Path, song: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    bad = album / "not audio.mp3"
    bad.write_text("These are words.\n" * 100)
    for other in ("notes.mid", "cover.jpg"):
        (album / other).touch()
    answer = run_unbraid(library, "separate", "--json", "--model", "sketch", album, song)
    assert answer.exit_status == 1
    by_source = {Path(job["source"]).name: job for job in answer.json_lines}
    assert by_source[song.name]["status"] == "completed"
    assert by_source[bad.name]["status"] == "failed"
    assert "not audio.mp3" in by_source[bad.name]["error"]
    assert "1 other file in album was left out (.mid)." in answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr


def test_stems_go_into_the_folder_asked_for_in_the_format_asked_for(library: Path, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "stems"
    words = ("separate", "--json", "--model", "sketch", "--out", out, "--format", "flac", "--bits", "24", song)
    (job,) = run_unbraid(library, *words).json_lines
    for path in map(Path, job["stems"].values()):
        assert path.is_relative_to(out)
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", 485_100)
    (again,) = run_unbraid(library, *words, "--again").json_lines
    assert not set(job["stems"].values()) & set(again["stems"].values()), "existing files must not be overwritten"


def test_without_the_model_and_without_a_network_sketch_does_the_job_and_says_so(library: Path, song: Path) -> None:
    answer = run_unbraid(library, "separate", song)
    assert answer.exit_status == 0, answer.stderr
    assert "Sketch" in answer.stdout
    assert "unbraid retry" in answer.stdout


def test_wrong_usage_has_exit_status_two(library: Path) -> None:
    assert run_unbraid(library, "separate").exit_status == 2
    assert run_unbraid(library, "--no-such-option").exit_status == 2
    assert run_unbraid(library, "separate", "--format", "aiff", "x.wav").exit_status == 2


def test_an_empty_path_is_refused_and_not_taken_for_the_current_folder(library: Path) -> None:
    answer = run_unbraid(library, "separate", "")
    assert answer.exit_status == 2
    assert "a path is empty" in answer.stderr


def test_an_unknown_model_is_named_in_one_sentence(library: Path, song: Path) -> None:
    answer = run_unbraid(library, "separate", "--model", "nonesuch", song)
    assert answer.exit_status == 1
    assert "nonesuch" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_jobs_are_listed_retried_and_removed_by_the_beginning_of_their_id(library: Path, song: Path) -> None:
    (job,) = run_unbraid(library, "separate", "--json", "--model", "sketch", song).json_lines
    assert song.stem in run_unbraid(library, "jobs").stdout
    assert run_unbraid(library, "retry", job["id"][:8]).exit_status == 0
    assert run_unbraid(library, "remove", job["id"][:8]).exit_status == 0
    assert run_unbraid(library, "jobs", "--json").stdout.strip() == "[]"
    assert run_unbraid(library, "bin", "--empty", "--yes").exit_status == 0
    assert not list((library / "jobs").iterdir())


def test_stems_stay_when_their_song_cannot_be_separated_again_and_the_terminal_says_why(
    library: Path, song: Path
) -> None:
    (job,) = run_unbraid(library, "separate", "--json", "--model", "sketch", song).json_lines
    stems = {path: Path(path).read_bytes() for path in job["stems"].values()}
    away = run_unbraid(library, "retry", job["id"][:8], "--model", "htdemucs")
    assert (away.exit_status, away.stdout) == (1, "")
    assert away.stderr.startswith("unbraid: HT Demucs is not downloaded, and the server refused the connection."), away
    (listed,) = json.loads(run_unbraid(library, "jobs", "--json").stdout)
    assert listed == job
    copy = library / "jobs" / job["id"] / "source"
    copy.rename(copy.with_name("elsewhere"))
    failed = run_unbraid(library, "retry", job["id"][:8])
    assert failed.exit_status == 1
    assert "This song could not be separated again. The library's copy of this song is gone." in failed.stdout
    assert "Its earlier stems are kept." in failed.stdout
    (listed,) = json.loads(run_unbraid(library, "jobs", "--json").stdout)
    assert (listed["status"], listed["last_attempt"]["status"]) == ("completed", "failed")
    assert {path: Path(path).read_bytes() for path in listed["stems"].values()} == stems
    assert "completed, not separated again" in run_unbraid(library, "jobs").stdout


def test_a_song_that_is_in_the_library_is_separated_once_for_each_choice_of_options(
    library: Path, song: Path, tmp_path: Path
) -> None:
    twin = song.with_name("the same.wav")
    twin.write_bytes(song.read_bytes())
    out = tmp_path / "stems"
    both = run_unbraid(library, "separate", "--json", "--model", "sketch", song, twin)
    job, same = both.json_lines
    assert both.exit_status == 0
    assert same == job | {"source": str(twin)}, "each file that was given has its line"
    assert "the same.wav is already in your library: it is waited for." in both.stderr
    known = run_unbraid(library, "separate", "--json", "--model", "sketch", "--out", out, twin)
    (used,) = known.json_lines
    assert (known.exit_status, used["id"]) == (0, job["id"])
    assert "the same.wav is already in your library: its stems are used. To separate it anew: --again" in known.stderr
    assert {Path(path).parent.parent for path in used["stems"].values()} == {out}
    for name, path in used["stems"].items():
        assert Path(path).read_bytes() == Path(job["stems"][name]).read_bytes()
    assert run_unbraid(library, "separate", "--model", "sketch", "--out", out, song).exit_status == 0
    assert [folder.name for folder in out.iterdir()] == [song.stem], "the copies are there already"
    others = ("--model", "sketch", "--format", "flac")
    assert run_unbraid(library, "separate", "--json", *others, song).json_lines[0]["id"] != job["id"]
    assert (
        run_unbraid(library, "separate", "--json", "--model", "sketch", "--again", song).json_lines[0]["id"]
        != job["id"]
    )
    assert len(json.loads(run_unbraid(library, "jobs", "--json").stdout)) == 3


def test_ctrl_c_cancels_the_song_and_leaves_no_process(library: Path) -> None:
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
    process.stderr.readline()  # "Starting…": the handler of Ctrl-C is in place
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert '"status": "cancelled"' in out
    assert not [
        p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("UNBRAID_HOME") == str(library)
    ]


def test_doctor_finds_redis_worker_task_database_and_storage_well(library: Path) -> None:
    answer = run_unbraid(library, "doctor", "--json")
    (checks,) = answer.json_lines
    verdicts = {check["name"]: check["verdict"] for check in checks}
    for name in ("redis", "worker", "database", "storage"):
        assert verdicts[name] == "ok", checks
    assert answer.exit_status == 0
