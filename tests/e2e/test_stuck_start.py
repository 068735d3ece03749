"""A start that hangs, at whatever it may be: whoever started it is obeyed all the same."""

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

# Seconds in which a process ends that is asked to. Some of it is spent on imports, beside other tests.
SOON = 15.0
HANGS = """
import sys, threading
from pathlib import Path
def hang(*_, **__):
    Path({mark!r}).touch()
    threading.Event().wait()
{spoil}
{begin}
"""
AT_REDIS = "from desktop.supervisor.redis_server import RedisServer; RedisServer.start = hang"
AT_THE_DATABASE = "import desktop.jobs.recovery; desktop.jobs.recovery.open_store = hang"
COMMAND = "from desktop.__main__ import main; sys.exit(main(sys.argv[1:]))"
# Ctrl-C is ignored in what a shell starts in the background, which tests may be.
HEARD = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def hanging(mark: Path, spoil: str, begin: str, *words: str | Path) -> list[str]:
    """A command line of ours that makes the file `mark` and then hangs."""
    return [sys.executable, "-c", HEARD + HANGS.format(mark=str(mark), spoil=spoil, begin=begin), *map(str, words)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_whose_start_hangs_ends_when_it_is_asked_to(tmp_path: Path, number: signal.Signals) -> None:
    root, mark = tmp_path / "library", tmp_path / "hangs"
    words = hanging(mark, AT_REDIS, COMMAND, "separate", "--model", "sketch", write_song(tmp_path / "song.wav", 1.0))
    with running_process(words, root, stderr=subprocess.PIPE, text=True) as process:
        wait_until(mark.exists)
        process.send_signal(number)
        assert process.wait(SOON) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    (job,) = Backend(Home(root)).service.jobs()
    assert job.state is (JobState.CANCELLED if number == signal.SIGINT else JobState.PENDING)
    assert_all_ended(root)


@pytest.mark.parametrize("spoil", [AT_REDIS, AT_THE_DATABASE], ids=["Redis", "the database"])
def test_a_window_whose_start_hangs_ends_when_it_is_asked_to(tmp_path: Path, spoil: str) -> None:
    root, mark = tmp_path / "library", tmp_path / "hangs"
    environment = command_environment(root, QT_QPA_PLATFORM="offscreen")
    words = hanging(mark, spoil, "from desktop.gui import main; sys.exit(main([]))")
    with running_process(words, root, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_until(mark.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert_all_ended(root)


def test_who_takes_over_a_library_and_hangs_at_it_can_still_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, hangs = tmp_path / "library", threading.Event()

    def hang(*_: object) -> NoReturn:
        hangs.set()
        threading.Event().wait()
        raise AssertionError

    monkeypatch.setenv("UNBRAID_HOME", str(root))
    with running_library(root):
        heir = Backend(Home(root))
        heir.start()
        monkeypatch.setattr(RedisServer, "start", hang)
    assert hangs.wait(SOON)
    assert ends_soon(heir.stop)


def ends_soon(act: Callable[[], None]) -> bool:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(SOON)
    return not thread.is_alive()
