"""The packaged app is its own Python: it is whatever process a pool starts it as."""

import os
import subprocess
import sys

import pytest

from desktop.runtime.processes import run_as_pool_child

AS_PACKAGED = "import sys; sys.frozen = True; from desktop.runtime.processes import run_as_pool_child; sys.exit(0 if run_as_pool_child(sys.argv[1:]) else 3)"


def _serves(*words: str, descriptor: int = 1) -> bool:
    command = [sys.executable, "-c", AS_PACKAGED, *words]
    status = subprocess.run(command, pass_fds=[descriptor], capture_output=True, timeout=60, check=False).returncode
    assert status in (0, 3)
    return status == 0


def test_in_a_checkout_no_words_are_celerys() -> None:
    assert not run_as_pool_child(["--billiard-fork", "pipe_handle=3"])


@pytest.mark.parametrize("words", [["separate", "song.wav"], ["-c", "import os"], ["song.wav"]])
def test_the_users_words_are_not_celerys(words: list[str]) -> None:
    assert not _serves(*words)


@pytest.mark.parametrize("tracker", ["billiard.semaphore_tracker", "multiprocessing.resource_tracker"])
def test_the_packaged_app_counts_semaphores_until_its_parent_is_gone(tracker: str) -> None:
    reading, writing = os.pipe()
    os.close(writing)  # the parent is gone
    assert _serves("-I", "-c", f"from {tracker} import main;main({reading})", descriptor=reading)
    os.close(reading)
