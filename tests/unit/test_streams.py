"""Programs that are started without standard streams, as a packaged app on Windows is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.paths import Home
from tests.helpers.command import ROOT, command_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there it is the system that takes them away")
# What the windowed start of a packaged app does to them on Windows.
NONE = "import sys; sys.stdin = sys.stdout = sys.stderr = None\n"
PRINTING = """
from desktop.runtime.streams import ensure_streams
ensure_streams()
import argparse, faulthandler, logging, os, sys
print("x" * 100000, flush=True); print("y", file=sys.stderr); sys.stdin.read()
logging.basicConfig(); logging.warning("z")
faulthandler.enable(); faulthandler.dump_traceback()
try:
    argparse.ArgumentParser().parse_args(["--no-such"])
except SystemExit as ended:
    os._exit(ended.code + 40)
"""


def without_streams(words: list[str], **options: object) -> int:
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words]
    return subprocess.run(shell, cwd=ROOT, timeout=100, check=False, **options).returncode  # type: ignore[call-overload]


@pytest.mark.parametrize("begin", ["", NONE])
def test_everything_can_be_written_to_streams_that_are_not_there(begin: str) -> None:
    assert without_streams([sys.executable, "-c", begin + PRINTING]) == 42
    done = subprocess.run(
        [sys.executable, "-c", NONE + PRINTING], cwd=ROOT, input=b"", capture_output=True, check=False
    )
    assert done.returncode == 42


def test_what_is_printed_does_not_land_in_the_next_file(tmp_path: Path) -> None:
    out = tmp_path / "precious"
    code = PRINTING.replace("ensure_streams()\n", f"ensure_streams()\nprecious = open({str(out)!r}, 'w')\n", 1)
    assert without_streams([sys.executable, "-c", code]) == 42
    assert out.read_text() == ""


@pytest.mark.parametrize("words", [["jobs"], ["--version"], ["no-such-command", "--x"], ["models", "list"]])
def test_commands_work_without_streams(tmp_path: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "desktop", *words]
    usual = subprocess.run(
        command, cwd=ROOT, env=command_environment(tmp_path), capture_output=True, timeout=100, check=False
    )
    assert without_streams(command, env=command_environment(tmp_path)) == usual.returncode


def test_the_window_opens_and_separates_nothing_worse_without_streams(tmp_path: Path) -> None:
    line = "quit() if window.isVisible() else None"
    command = [sys.executable, "-m", "tests.helpers.driven", line]
    environment = command_environment(tmp_path, QT_QPA_PLATFORM="offscreen")
    assert without_streams(command, env=environment) == 0
    assert not list(Home(tmp_path).crashes.glob("*.txt"))
