"""Separation works with foreign environment variables and with odd folder names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.command import ROOT, command_environment, run_unbraid
from tests.helpers.library import write_song
from tests.unit.runtime.test_environment import ANOTHER_APPLICATIONS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these names and variables do not exist on Windows")
# Characters that Celery and SQLAlchemy could take for a format, a query, a fragment or an escape.
ODD_NAME = os.fsdecode(b"50%n %s %I why? #1 %41 'q' \"d\" [x] \nline \xff")
# Variables of containers, editors, other Qt bindings and continuous integration; none is ours.
FOREIGN_VARIABLES = ANOTHER_APPLICATIONS | {
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


def test_separate_works_with_odd_folder_names_and_foreign_environment_variables(tmp_path: Path) -> None:
    broken_bin = tmp_path / "bin"
    broken_bin.mkdir()
    (broken_bin / "redis-server").write_text("#!/bin/sh\nexit 127\n")
    (broken_bin / "redis-server").chmod(0o755)
    not_a_folder = tmp_path / "file"
    not_a_folder.touch()
    base = tmp_path / "odd"
    library, out, music = (base / f"{name}{ODD_NAME}" for name in ("home ", "out ", "music "))
    music.mkdir(parents=True)
    song = write_song(music / f"{ODD_NAME}.wav", 1.0)
    variables = FOREIGN_VARIABLES | {
        "XDG_RUNTIME_DIR": str(not_a_folder),
        "PATH": f"{broken_bin}{os.pathsep}{os.environ['PATH']}",
    }
    result = run_unbraid(library, "separate", "--json", "--model", "sketch", "--out", out, song, **variables)
    assert (result.exit_status, result.stderr) == (0, "Starting…\n")
    (job,) = result.json_lines
    assert job["status"] == "completed"
    assert all(Path(stem).is_relative_to(out) and Path(stem).exists() for stem in job["stems"].values())
    assert {path.name for path in library.iterdir()} >= {"library.db", "logs", "jobs"}
    assert {path.name for path in (library / "logs").iterdir()} >= {"terminal.log", "worker.log", "redis.log"}
    assert set(base.iterdir()) == {library, out, music}


def test_export_folder_inside_the_music_folder_is_not_searched_for_tracks(tmp_path: Path) -> None:
    """This holds for the library that exported the stems and for any other."""
    music = tmp_path / "music"
    music.mkdir()
    write_song(music / "song.wav", 1.0)
    for library in ("one", "one", "two"):
        arguments = ("separate", "--json", "--model", "sketch", "--out", music / "stems", music)
        result = run_unbraid(tmp_path / library, *arguments)
        assert result.exit_status == 0, result.stderr
        (job,) = result.json_lines
        assert Path(job["source"]) == music / "song.wav"
    assert "stems that Unbraid made were left out in music" in result.stderr


def test_unusable_export_folder_is_rejected_before_any_job_is_added(tmp_path: Path) -> None:
    file, library = tmp_path / "file", tmp_path / "library"
    file.touch()
    result = run_unbraid(
        library, "separate", "--model", "sketch", "--out", file, write_song(tmp_path / "song.wav", 1.0)
    )
    assert result.exit_status == 1
    assert result.stderr == f"unbraid: The stems cannot be copied to {file}: it is a file. Choose another folder.\n"
    assert list((library / "jobs").iterdir()) == []


def test_separate_works_without_semaphores(tmp_path: Path) -> None:
    """Some containers have no /dev/shm, or a read-only one."""
    mount_script = 'mount -t tmpfs -o ro none /dev/shm || exit 77; exec "$@"'
    arguments = ["separate", "--json", "--model", "sketch", str(write_song(tmp_path / "song.wav", 1.0))]
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount_script, "sh", sys.executable, "-m", "desktop", *arguments], cwd=ROOT,
        env=command_environment(tmp_path / "library"), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if run.returncode == 77 or "unshare failed" in run.stderr:
        pytest.skip("this user may not mount a disk")
    assert json.loads(run.stdout)["status"] == "completed", run.stderr
    assert "semaphores are not available" in (tmp_path / "library" / "logs" / "worker.log").read_text()
