"""A song is separated whatever other programs have put into the environment, and whatever folders are called."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.command import ROOT, command_environment, run_unbraid
from tests.helpers.library import write_song
from tests.unit.test_environment import ANOTHER_APPLICATIONS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names, and no such variables")
# What Celery and SQLAlchemy take for a format, a query, a fragment or an escape.
ODD = os.fsdecode(b"50%n %s %I why? #1 %41 'q' \"d\" [x] \nline \xff")
# Of containers, editors, other bindings of Qt, continuous integration; none is ours.
OTHERS = ANOTHER_APPLICATIONS | {
    "REDIS_PORT": "tcp://172.17.0.2:6379",
    "PYTHONWARNINGS": "error",
    "NO_COLOR": "please",
    "FORCE_COLOR": "1",
    "SKIP_CHECKS": "perhaps",
    "PICKLE_PROTOCOL": "x",
    "LOADER": "theirs.loader",
    "QT_API": "pyqt5",
    "CELERY_LOADER": "theirs.loader",
}


def test_a_song_is_separated_in_folders_of_any_name_beside_the_variables_of_others(tmp_path: Path) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "redis-server").write_text("#!/bin/sh\nexit 127\n")
    (broken / "redis-server").chmod(0o755)
    no_folder = tmp_path / "file"
    no_folder.touch()
    place = tmp_path / "odd"
    library, out, music = (place / f"{name}{ODD}" for name in ("home ", "out ", "music "))
    music.mkdir(parents=True)
    song = write_song(music / f"{ODD}.wav", 1.0)
    more = OTHERS | {"XDG_RUNTIME_DIR": str(no_folder), "PATH": f"{broken}{os.pathsep}{os.environ['PATH']}"}
    answer = run_unbraid(library, "separate", "--json", "--model", "sketch", "--out", out, song, **more)
    assert (answer.exit_status, answer.stderr) == (0, "Starting…\n")
    (job,) = answer.json_lines
    assert job["status"] == "completed"
    assert all(Path(stem).is_relative_to(out) and Path(stem).exists() for stem in job["stems"].values())
    assert {path.name for path in library.iterdir()} >= {"library.db", "logs", "jobs"}
    assert {path.name for path in (library / "logs").iterdir()} >= {"terminal.log", "worker.log", "redis.log"}
    assert set(place.iterdir()) == {library, out, music}


def test_an_export_folder_within_the_folder_of_songs_is_no_source_of_songs(tmp_path: Path) -> None:
    """Neither for this library, which knows what it has exported, nor for another."""
    music = tmp_path / "music"
    music.mkdir()
    write_song(music / "song.wav", 1.0)
    for library in ("one", "one", "two"):
        words = ("separate", "--json", "--model", "sketch", "--out", music / "stems", music)
        answer = run_unbraid(tmp_path / library, *words)
        assert answer.exit_status == 0, answer.stderr
        (job,) = answer.json_lines
        assert Path(job["source"]) == music / "song.wav"
    assert "stems that Unbraid made were left out in music" in answer.stderr


def test_a_folder_that_cannot_take_stems_is_told_before_anything_is_added(tmp_path: Path) -> None:
    file, library = tmp_path / "file", tmp_path / "library"
    file.touch()
    answer = run_unbraid(
        library, "separate", "--model", "sketch", "--out", file, write_song(tmp_path / "song.wav", 1.0)
    )
    assert answer.exit_status == 1
    assert answer.stderr == f"unbraid: The stems cannot be put into {file}: it is a file. Choose another folder.\n"
    assert list((library / "jobs").iterdir()) == []


def test_without_semaphores_songs_are_separated_all_the_same(tmp_path: Path) -> None:
    """Some containers have no /dev/shm, or none that can be written."""
    inside = 'mount -t tmpfs -o ro none /dev/shm || exit 77; exec "$@"'
    words = ["separate", "--json", "--model", "sketch", str(write_song(tmp_path / "song.wav", 1.0))]
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside, "sh", sys.executable, "-m", "desktop", *words], cwd=ROOT,
        env=command_environment(tmp_path / "library"), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if run.returncode == 77 or "unshare failed" in run.stderr:
        pytest.skip("this user may not mount a disk")
    assert json.loads(run.stdout)["status"] == "completed", run.stderr
    assert "there are no semaphores" in (tmp_path / "library" / "logs" / "worker.log").read_text()
