"""What an earlier run left behind is ended, and nothing that only looks like it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from desktop.runtime.process_identity import process_start_time
from desktop.supervisor.child_process import ChildProcess, kill_leftover
from desktop.supervisor.runtime_dir import remove_stale_runtime_dirs

DAY = 24 * 3600


@pytest.fixture
def left() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def note(pidfile: Path, process: "subprocess.Popen[bytes]", start: str | None = None) -> Path:
    pidfile.write_text(json.dumps({"pid": process.pid, "started": start or process_start_time(process.pid)}))
    return pidfile


def test_a_child_that_was_left_behind_is_killed(left: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    pidfile = note(tmp_path / "worker.pid", left)
    kill_leftover(pidfile)
    assert not psutil.pid_exists(left.pid)
    assert not pidfile.exists()


def test_a_stranger_who_was_given_the_number_of_a_child_is_left_alone(
    left: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    pidfile = note(tmp_path / "worker.pid", left, start="60")
    kill_leftover(pidfile)
    assert left.poll() is None
    assert not pidfile.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"pid": 1}', '{"pid": "one", "started": "0"}', '{"pid": -1, "started": "0"}']
)
def test_a_damaged_pidfile_names_nobody(tmp_path: Path, text: str) -> None:
    pidfile = tmp_path / "worker.pid"
    pidfile.write_text(text)
    kill_leftover(pidfile)
    assert not pidfile.exists()
    kill_leftover(pidfile)


def test_a_child_that_says_nothing_is_waited_for_no_longer_than_whoever_waits_likes(tmp_path: Path) -> None:
    child = ChildProcess([sys.executable, "-c", "input()"], tmp_path / "worker.pid")
    looks: list[int] = []
    assert child.read_first_line(lambda: looks.append(1) or len(looks) > 3) == ""
    assert child.is_alive
    child.stop(subprocess.Popen.kill)
    assert not (tmp_path / "worker.pid").exists()


def test_the_first_line_of_a_child_is_heard_and_its_end_as_well(tmp_path: Path) -> None:
    child = ChildProcess([sys.executable, "-c", "print('ready', flush=True); input()"], tmp_path / "worker.pid")
    assert child.read_first_line(lambda: False) == "ready"
    child.stop(subprocess.Popen.kill)
    mute = ChildProcess([sys.executable, "-c", ""], tmp_path / "worker.pid")
    assert mute.read_first_line(lambda: False) == ""
    mute.stop(subprocess.Popen.kill)


def folder(base: Path, digit: str, days: float) -> Path:
    made = base / f"unbraid-{digit * 12}"
    made.mkdir()
    (made / "redis.sock").touch()
    age(made, days)
    return made


def age(path: Path, days: float) -> None:
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))


def test_folders_in_which_nothing_has_lived_for_a_day_are_swept(
    left: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    own, dead, fresh, alive, stale = (
        folder(tmp_path, digit, days) for digit, days in (("0", 3), ("1", 3), ("2", 0.5), ("3", 3), ("4", 3))
    )
    note(alive / "redis.pid", left)
    note(stale / "redis.pid", left, start="60")
    strangers = tmp_path / "unbraid-notes"
    strangers.mkdir()
    for made in (alive, stale, strangers):
        age(made, 3)
    remove_stale_runtime_dirs(own)
    assert set(tmp_path.iterdir()) == {own, fresh, alive, strangers}
    assert not dead.exists()
