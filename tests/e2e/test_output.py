"""Output of the command line: results go to any kind of standard output, and progress bars never overwrite them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.command import ROOT, command_environment, running_process, unbraid_command
from tests.helpers.library import write_song
from tests.helpers.terminal import capture_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these terminals need pty")
STEM_LINE = re.compile(r" +(vocals|drums|bass|other) +/")
# The size matches the terminal of these tests.
TERMINAL_VARIABLES = {"TERM": "xterm", "COLUMNS": "150", "LINES": "40"}


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    return [write_song(tmp_path / f"{name}.wav", 1.0) for name in ("one", "two", "three")]


def test_terminal_shows_every_result_and_no_progress_bar_at_the_end(songs: list[Path], tmp_path: Path) -> None:
    """Use a folder with a long name, so that lines wrap."""
    library = tmp_path / ("a long name " * 12)
    command, processes = unbraid_command("separate", "--model", "sketch", *songs), []

    def start(terminal: int) -> None:
        processes.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=command_environment(library, **TERMINAL_VARIABLES),
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
            )
        )

    lines = capture_terminal(start)
    assert processes[0].wait(60) == 0
    assert len([line for line in lines if STEM_LINE.match(line)]) == 12, lines
    assert [line for line in lines if " % " in line] == []
    assert [line.split()[1] for line in lines if line.startswith("✓")] == ["one", "two", "three"]


def test_redirected_json_results_are_complete_while_the_terminal_shows_progress_bars(
    songs: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "results.json"
    environment = command_environment(tmp_path / "library", **TERMINAL_VARIABLES)
    command, processes = unbraid_command("separate", "--json", "--model", "sketch", *songs[:2]), []

    def start(terminal: int) -> None:
        with out.open("wb") as file:
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=terminal))

    assert capture_terminal(start) == []
    assert processes[0].wait(60) == 0
    assert [json.loads(line)["status"] for line in out.read_text().splitlines()] == ["completed", "completed"]


def test_closed_output_pipe_is_no_error_for_any_command(songs: list[Path], tmp_path: Path) -> None:
    library = tmp_path / "library"
    separate = ("separate", "--json", "--model", "sketch", songs[0])
    for arguments in (separate, ("jobs",), ("doctor", "--json"), ("models", "list"), ("bin",), ("--help",), ("clear",)):
        read_fd, write_fd = os.pipe()
        os.close(read_fd)
        with running_process(
            unbraid_command(*arguments), library, stdout=write_fd, stderr=subprocess.PIPE, text=True
        ) as process:
            os.close(write_fd)
            _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, (arguments, stderr)
        assert stderr in ("", "Starting…\n"), arguments
    assert not list((library / "logs" / "crashes").glob("*.txt"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
def test_full_disk_behind_standard_output_is_reported(tmp_path: Path) -> None:
    with (
        Path("/dev/full").open("w") as full,
        running_process(
            unbraid_command("jobs"), tmp_path / "library", stdout=full, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == "unbraid: Standard output cannot be written: the disk is full.\n"
