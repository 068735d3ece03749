"""A start that hangs still obeys signals and `stop`."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from desktop.backend import Backend
from desktop.jobs.model import JobState
from desktop.paths import Home
from desktop.supervisor.redis_server import RedisServer
from tests.helpers.command import ROOT, command_environment, running_process
from tests.helpers.library import assert_all_ended, running_library, wait_until, write_song

# Time for a process to end after a request, on a busy machine: otherwise it hangs forever.
EXIT_TIMEOUT_S = 30.0
HANGING_SCRIPT = """
import sys, threading
from pathlib import Path
def hang(*_, **__):
    Path({mark!r}).touch()
    threading.Event().wait()
{patch}
{entry}
"""
HANG_IN_REDIS = "from desktop.supervisor.redis_server import RedisServer; RedisServer.start = hang"
HANG_IN_DATABASE = "import desktop.jobs.recovery; desktop.jobs.recovery.open_store = hang"
RUN_COMMAND = "from desktop.__main__ import main; sys.exit(main(sys.argv[1:]))"
# A shell makes background processes, which tests may be, ignore Ctrl-C.
HANDLE_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def hanging_command(mark: Path, patch: str, entry: str, *arguments: str | Path) -> list[str]:
    """Return a command that runs the app, creates the file `mark` at the patched function and hangs there."""
    return [
        sys.executable,
        "-c",
        HANDLE_SIGINT + HANGING_SCRIPT.format(mark=str(mark), patch=patch, entry=entry),
        *map(str, arguments),
    ]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_command_that_hangs_at_start_exits_on_a_signal(tmp_path: Path, signal_number: signal.Signals) -> None:
    root, mark = tmp_path / "library", tmp_path / "hangs"
    command = hanging_command(
        mark, HANG_IN_REDIS, RUN_COMMAND, "separate", "--model", "sketch", write_song(tmp_path / "song.wav", 1.0)
    )
    with running_process(command, root, stderr=subprocess.PIPE, text=True) as process:
        wait_until(mark.exists)
        process.send_signal(signal_number)
        assert process.wait(EXIT_TIMEOUT_S) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    (job,) = Backend(Home(root)).service.jobs()
    assert job.state is (JobState.CANCELLED if signal_number == signal.SIGINT else JobState.PENDING)
    assert_all_ended(root)


@pytest.mark.parametrize("patch", [HANG_IN_REDIS, HANG_IN_DATABASE], ids=["Redis", "database"])
def test_window_that_hangs_at_start_exits_on_sigterm(tmp_path: Path, patch: str) -> None:
    root, mark = tmp_path / "library", tmp_path / "hangs"
    environment = command_environment(root, QT_QPA_PLATFORM="offscreen")
    command = hanging_command(mark, patch, "from desktop.gui import main; sys.exit(main([]))")
    with running_process(command, root, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_until(mark.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(EXIT_TIMEOUT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert_all_ended(root)


def test_backend_that_hangs_while_taking_over_a_library_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, is_hanging = tmp_path / "library", threading.Event()

    def hang(*_: object) -> NoReturn:
        is_hanging.set()
        threading.Event().wait()
        raise AssertionError

    monkeypatch.setenv("UNBRAID_HOME", str(root))
    with running_library(root):
        successor = Backend(Home(root))
        successor.start()
        monkeypatch.setattr(RedisServer, "start", hang)
    assert is_hanging.wait(EXIT_TIMEOUT_S)
    assert finishes_in_time(successor.stop)


def finishes_in_time(function: Callable[[], None]) -> bool:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    thread.join(EXIT_TIMEOUT_S)
    return not thread.is_alive()
