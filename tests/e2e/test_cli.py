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

from tests.helpers.command import ROOT, unbraid, variables, words_of
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


def test_separate_prints_one_json_object_a_job_and_stems_that_sum_exactly_to_the_song(library: Path, song: Path) -> None:
    answer = unbraid(library, "separate", "--json", "--model", "sketch", song)
    assert answer.status == 0, answer.err
    (job,) = answer.objects
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
    answer = unbraid(library, "separate", "--json", "--model", "sketch", album, song)
    assert answer.status == 1
    by_source = {Path(job["source"]).name: job for job in answer.objects}
    assert by_source[song.name]["status"] == "completed"
    assert by_source[bad.name]["status"] == "failed"
    assert "not audio.mp3" in by_source[bad.name]["error"]
    assert "1 other file in album was left out (.mid)." in answer.err
    assert "Traceback" not in answer.out + answer.err


def test_stems_go_into_the_folder_asked_for_in_the_format_asked_for(library: Path, song: Path, tmp_path: Path) -> None:
    out = tmp_path / "stems"
    words = ("separate", "--json", "--model", "sketch", "--out", out, "--format", "flac", "--bits", "24", song)
    (job,) = unbraid(library, *words).objects
    for path in map(Path, job["stems"].values()):
        assert path.is_relative_to(out)
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", 485_100)
    (again,) = unbraid(library, *words, "--again").objects
    assert not set(job["stems"].values()) & set(again["stems"].values()), "existing files must not be overwritten"


def test_without_the_model_and_without_a_network_sketch_does_the_job_and_says_so(library: Path, song: Path) -> None:
    answer = unbraid(library, "separate", song)
    assert answer.status == 0, answer.err
    assert "Sketch" in answer.out
    assert "unbraid retry" in answer.out


def test_wrong_usage_has_exit_status_two(library: Path) -> None:
    assert unbraid(library, "separate").status == 2
    assert unbraid(library, "--no-such-option").status == 2
    assert unbraid(library, "separate", "--format", "aiff", "x.wav").status == 2


def test_an_empty_path_is_refused_and_not_taken_for_the_current_folder(library: Path) -> None:
    answer = unbraid(library, "separate", "")
    assert answer.status == 2
    assert "a path is empty" in answer.err


def test_an_unknown_model_is_named_in_one_sentence(library: Path, song: Path) -> None:
    answer = unbraid(library, "separate", "--model", "nonesuch", song)
    assert answer.status == 1
    assert "nonesuch" in answer.err
    assert "Traceback" not in answer.err


def test_jobs_are_listed_retried_and_removed_by_the_beginning_of_their_id(library: Path, song: Path) -> None:
    (job,) = unbraid(library, "separate", "--json", "--model", "sketch", song).objects
    assert song.stem in unbraid(library, "jobs").out
    assert unbraid(library, "retry", job["id"][:8]).status == 0
    assert unbraid(library, "remove", job["id"][:8]).status == 0
    assert unbraid(library, "jobs", "--json").out.strip() == "[]"
    assert unbraid(library, "bin", "--empty", "--yes").status == 0
    assert not list((library / "jobs").iterdir())


def test_stems_stay_when_their_song_cannot_be_separated_again_and_the_terminal_says_why(
    library: Path, song: Path
) -> None:
    (job,) = unbraid(library, "separate", "--json", "--model", "sketch", song).objects
    stems = {path: Path(path).read_bytes() for path in job["stems"].values()}
    away = unbraid(library, "retry", job["id"][:8], "--model", "htdemucs")
    assert (away.status, away.out) == (1, "")
    assert away.err.startswith("unbraid: HT Demucs is not downloaded, and the server refused the connection."), away
    (listed,) = json.loads(unbraid(library, "jobs", "--json").out)
    assert listed == job
    copy = library / "jobs" / job["id"] / "source"
    copy.rename(copy.with_name("elsewhere"))
    failed = unbraid(library, "retry", job["id"][:8])
    assert failed.status == 1
    assert "This song could not be separated again. The library's copy of this song is gone." in failed.out
    assert "Its earlier stems are kept." in failed.out
    (listed,) = json.loads(unbraid(library, "jobs", "--json").out)
    assert (listed["status"], listed["last_attempt"]["status"]) == ("completed", "failed")
    assert {path: Path(path).read_bytes() for path in listed["stems"].values()} == stems
    assert "completed, not separated again" in unbraid(library, "jobs").out


def test_a_song_that_is_in_the_library_is_separated_once_for_each_choice_of_options(
    library: Path, song: Path, tmp_path: Path
) -> None:
    twin = song.with_name("the same.wav")
    twin.write_bytes(song.read_bytes())
    out = tmp_path / "stems"
    both = unbraid(library, "separate", "--json", "--model", "sketch", song, twin)
    job, same = both.objects
    assert both.status == 0
    assert same == job | {"source": str(twin)}, "each file that was given has its line"
    assert "the same.wav is already in your library: it is waited for." in both.err
    known = unbraid(library, "separate", "--json", "--model", "sketch", "--out", out, twin)
    (used,) = known.objects
    assert (known.status, used["id"]) == (0, job["id"])
    assert "the same.wav is already in your library: its stems are used. To separate it anew: --again" in known.err
    assert {Path(path).parent.parent for path in used["stems"].values()} == {out}
    for name, path in used["stems"].items():
        assert Path(path).read_bytes() == Path(job["stems"][name]).read_bytes()
    assert unbraid(library, "separate", "--model", "sketch", "--out", out, song).status == 0
    assert [folder.name for folder in out.iterdir()] == [song.stem], "the copies are there already"
    others = ("--model", "sketch", "--format", "flac")
    assert unbraid(library, "separate", "--json", *others, song).objects[0]["id"] != job["id"]
    assert unbraid(library, "separate", "--json", "--model", "sketch", "--again", song).objects[0]["id"] != job["id"]
    assert len(json.loads(unbraid(library, "jobs", "--json").out)) == 3


def test_ctrl_c_cancels_the_song_and_leaves_no_process(library: Path) -> None:
    process = subprocess.Popen(
        words_of("separate", "--json", "--model", "sketch", LONG_SONG),
        cwd=ROOT,
        env=variables(library),
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
    assert not [p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("UNBRAID_HOME") == str(library)]


def test_doctor_finds_redis_worker_task_database_and_storage_well(library: Path) -> None:
    answer = unbraid(library, "doctor", "--json")
    (checks,) = answer.objects
    verdicts = {check["name"]: check["verdict"] for check in checks}
    for name in ("redis", "worker", "database", "storage"):
        assert verdicts[name] == "ok", checks
    assert answer.status == 0
