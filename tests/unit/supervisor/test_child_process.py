"""Child processes and runtime folders left by an earlier run are removed, and nothing else is."""

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
def leftover() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def write_pidfile(pidfile: Path, process: "subprocess.Popen[bytes]", start: str | None = None) -> Path:
    pidfile.write_text(json.dumps({"pid": process.pid, "started": start or process_start_time(process.pid)}))
    return pidfile


def test_leftover_child_is_killed(leftover: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    pidfile = write_pidfile(tmp_path / "worker.pid", leftover)
    kill_leftover(pidfile)
    assert not psutil.pid_exists(leftover.pid)
    assert not pidfile.exists()


def test_process_that_reuses_the_pid_of_a_child_is_not_killed(
    leftover: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    pidfile = write_pidfile(tmp_path / "worker.pid", leftover, start="60")
    kill_leftover(pidfile)
    assert leftover.poll() is None
    assert not pidfile.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"pid": 1}', '{"pid": "one", "started": "0"}', '{"pid": -1, "started": "0"}']
)
def test_damaged_pidfile_is_deleted_and_raises_nothing(tmp_path: Path, text: str) -> None:
    pidfile = tmp_path / "worker.pid"
    pidfile.write_text(text)
    kill_leftover(pidfile)
    assert not pidfile.exists()
    kill_leftover(pidfile)


def test_wait_for_a_silent_child_ends_when_the_caller_stops_waiting(tmp_path: Path) -> None:
    child = ChildProcess([sys.executable, "-c", "input()"], tmp_path / "worker.pid")
    checks: list[int] = []
    assert child.read_first_line(lambda: checks.append(1) or len(checks) > 3) == ""
    assert child.is_alive
    child.stop(subprocess.Popen.kill)
    assert not (tmp_path / "worker.pid").exists()


def test_first_line_of_a_child_is_returned_or_nothing_if_it_exits_silently(tmp_path: Path) -> None:
    child = ChildProcess([sys.executable, "-c", "print('ready', flush=True); input()"], tmp_path / "worker.pid")
    assert child.read_first_line(lambda: False) == "ready"
    child.stop(subprocess.Popen.kill)
    silent = ChildProcess([sys.executable, "-c", ""], tmp_path / "worker.pid")
    assert silent.read_first_line(lambda: False) == ""
    silent.stop(subprocess.Popen.kill)


def make_runtime_dir(base: Path, digit: str, days: float) -> Path:
    path = base / f"unbraid-{digit * 12}"
    path.mkdir()
    (path / "redis.sock").touch()
    set_age(path, days)
    return path


def set_age(path: Path, days: float) -> None:
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))


def test_runtime_dirs_unused_for_a_day_are_removed_and_all_others_are_kept(
    leftover: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    own, dead, fresh, alive, stale = (
        make_runtime_dir(tmp_path, digit, days) for digit, days in (("0", 3), ("1", 3), ("2", 0.5), ("3", 3), ("4", 3))
    )
    write_pidfile(alive / "redis.pid", leftover)
    write_pidfile(stale / "redis.pid", leftover, start="60")
    unrelated = tmp_path / "unbraid-notes"
    unrelated.mkdir()
    for path in (alive, stale, unrelated):
        set_age(path, 3)
    remove_stale_runtime_dirs(own)
    assert set(tmp_path.iterdir()) == {own, fresh, alive, unrelated}
    assert not dead.exists()
