"""Where the command line writes: results to standard output, whatever that is, and nothing that draws over them."""

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

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals are made with pty")
STEM = re.compile(r" +(vocals|drums|bass|other) +/")
# Of the size that the terminal of these tests has.
IN_A_TERMINAL = {"TERM": "xterm", "COLUMNS": "150", "LINES": "40"}


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    return [write_song(tmp_path / f"{name}.wav", 1.0) for name in ("one", "two", "three")]


def test_a_terminal_shows_every_result_at_the_end_and_no_bar(songs: list[Path], tmp_path: Path) -> None:
    """The folder has a long name, so that lines are wrapped."""
    library = tmp_path / ("a long name " * 12)
    words, processes = unbraid_command("separate", "--model", "sketch", *songs), []

    def start(terminal: int) -> None:
        processes.append(
            subprocess.Popen(
                words,
                cwd=ROOT,
                env=command_environment(library, **IN_A_TERMINAL),
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
            )
        )

    lines = capture_terminal(start)
    assert processes[0].wait(60) == 0
    assert len([line for line in lines if STEM.match(line)]) == 12, lines
    assert [line for line in lines if " % " in line] == []
    assert [line.split()[1] for line in lines if line.startswith("✓")] == ["one", "two", "three"]


def test_results_for_a_program_are_in_its_file_while_the_terminal_shows_bars(songs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    environment = command_environment(tmp_path / "library", **IN_A_TERMINAL)
    words, processes = unbraid_command("separate", "--json", "--model", "sketch", *songs[:2]), []

    def start(terminal: int) -> None:
        with out.open("wb") as file:
            processes.append(subprocess.Popen(words, cwd=ROOT, env=environment, stdout=file, stderr=terminal))

    assert capture_terminal(start) == []
    assert processes[0].wait(60) == 0
    assert [json.loads(line)["status"] for line in out.read_text().splitlines()] == ["completed", "completed"]


def test_a_reader_that_has_gone_is_no_fault_of_any_command(songs: list[Path], tmp_path: Path) -> None:
    library = tmp_path / "library"
    separate = ("separate", "--json", "--model", "sketch", songs[0])
    for words in (separate, ("jobs",), ("doctor", "--json"), ("models", "list"), ("bin",), ("--help",), ("clear",)):
        ours, theirs = os.pipe()
        os.close(ours)
        with running_process(
            unbraid_command(*words), library, stdout=theirs, stderr=subprocess.PIPE, text=True
        ) as process:
            os.close(theirs)
            _, said = process.communicate(timeout=120)
        assert process.returncode == 0, (words, said)
        assert said in ("", "Starting…\n"), words
    assert not list((library / "logs" / "crashes").glob("*.txt"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_results_that_have_no_room_are_told(tmp_path: Path) -> None:
    with (
        Path("/dev/full").open("w") as full,
        running_process(
            unbraid_command("jobs"), tmp_path / "library", stdout=full, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == "unbraid: Standard output cannot be written: the disk is full.\n"
