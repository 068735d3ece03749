"""Programs started without standard streams, as a packaged app on Windows is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.paths import Home
from tests.helpers.command import ROOT, command_environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="on Windows, the system itself removes them")
# What Windows does to the streams of a packaged app with a window.
NO_STREAMS = "import sys; sys.stdin = sys.stdout = sys.stderr = None\n"
USE_STREAMS = """
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


def run_without_streams(command: list[str], **options: object) -> int:
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    return subprocess.run(shell, cwd=ROOT, timeout=100, check=False, **options).returncode  # type: ignore[call-overload]


@pytest.mark.parametrize("setup", ["", NO_STREAMS])
def test_printing_logging_and_tracebacks_work_without_streams(setup: str) -> None:
    assert run_without_streams([sys.executable, "-c", setup + USE_STREAMS]) == 42
    result = subprocess.run(
        [sys.executable, "-c", NO_STREAMS + USE_STREAMS], cwd=ROOT, input=b"", capture_output=True, check=False
    )
    assert result.returncode == 42


def test_printed_text_is_not_written_into_the_next_opened_file(tmp_path: Path) -> None:
    out = tmp_path / "precious"
    code = USE_STREAMS.replace("ensure_streams()\n", f"ensure_streams()\nprecious = open({str(out)!r}, 'w')\n", 1)
    assert run_without_streams([sys.executable, "-c", code]) == 42
    assert out.read_text() == ""


@pytest.mark.parametrize("arguments", [["jobs"], ["--version"], ["no-such-command", "--x"], ["models", "list"]])
def test_commands_return_the_same_status_without_streams(tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "desktop", *arguments]
    with_streams = subprocess.run(
        command, cwd=ROOT, env=command_environment(tmp_path), capture_output=True, timeout=100, check=False
    )
    assert run_without_streams(command, env=command_environment(tmp_path)) == with_streams.returncode


def test_window_opens_without_streams_and_writes_no_crash_report(tmp_path: Path) -> None:
    line = "quit() if window.isVisible() else None"
    command = [sys.executable, "-m", "tests.helpers.driven_window", line]
    environment = command_environment(tmp_path, QT_QPA_PLATFORM="offscreen")
    assert run_without_streams(command, env=environment) == 0
    assert not list(Home(tmp_path).crashes.glob("*.txt"))
