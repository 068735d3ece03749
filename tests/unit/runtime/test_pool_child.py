"""Pool processes of the packaged app, whose executable is also its Python interpreter."""

import os
import subprocess
import sys

import pytest

from desktop.runtime.processes import run_as_pool_child

AS_PACKAGED = "import sys; sys.frozen = True; from desktop.runtime.processes import run_as_pool_child; sys.exit(0 if run_as_pool_child(sys.argv[1:]) else 3)"


def _runs_as_pool_child(*arguments: str, descriptor: int = 1) -> bool:
    command = [sys.executable, "-c", AS_PACKAGED, *arguments]
    status = subprocess.run(command, pass_fds=[descriptor], capture_output=True, timeout=60, check=False).returncode
    assert status in (0, 3)
    return status == 0


def test_checkout_never_runs_as_a_pool_child() -> None:
    assert not run_as_pool_child(["--billiard-fork", "pipe_handle=3"])


@pytest.mark.parametrize("arguments", [["separate", "song.wav"], ["-c", "import os"], ["song.wav"]])
def test_arguments_of_the_user_are_not_run_as_a_pool_child(arguments: list[str]) -> None:
    assert not _runs_as_pool_child(*arguments)


@pytest.mark.parametrize("tracker", ["billiard.semaphore_tracker", "multiprocessing.resource_tracker"])
def test_packaged_app_runs_a_resource_tracker_until_its_parent_exits(tracker: str) -> None:
    reading, writing = os.pipe()
    os.close(writing)  # the parent has exited
    assert _runs_as_pool_child("-I", "-c", f"from {tracker} import main;main({reading})", descriptor=reading)
    os.close(reading)
