"""Stems are dragged from the lanes of the real window to another program, which reads the files when they drop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from desktop.jobs.model import Job
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.command import ROOT, command_environment
from tests.helpers.library import wait_until
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.shared import TOOLS
from tests.helpers.stems import write_library_job

# The corner with the window that stands in for a file manager.
TARGET = (60, 60)
# Where the icons of the lanes are on the screen, once their stems can be dragged.
POSITIONS = (
    "(lambda points: points if len(points) == 4 else None)([(point.x(), point.y())"
    " for header in window.findChildren(__import__('PySide6.QtWidgets').QtWidgets.QWidget)"
    " if type(header).__name__ == 'LaneHeader' and header.isVisible() and header.drag_handles[0].toolTip()"
    " for badge in [header.drag_handles[0]] for point in [badge.mapToGlobal(badge.rect().center())]])"
)


@contextmanager
def _program(command: list[str | Path], environment: dict[str, str], output: Path) -> Iterator[None]:
    with output.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def library(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def job(library: Home) -> Job:
    return JobStore(library).insert(write_library_job(library, "One & Zwölf"))


@pytest.mark.alone
def test_dragged_stems_arrive_in_another_program_and_stay_in_the_library(
    library: Home, job: Job, tmp_path: Path
) -> None:
    dropped, printed = tmp_path / "dropped.txt", tmp_path / "printed.txt"
    with virtual_screen() as screen:
        environment = command_environment(library.root, PYTHONPATH=str(ROOT)) | screen.environment
        window = [sys.executable, "-m", "tests.helpers.driven_window", POSITIONS]
        with _program(window, environment, printed):
            screen.activate_window(screen.wait_for_window(job.title))
            wait_until(lambda: bool(printed.read_text()))
            lanes: list[tuple[int, int]] = eval(printed.read_text())
            target = [sys.executable, TOOLS / "drag-and-drop", "target"]
            with _program(target, dict(os.environ) | screen.environment, dropped):
                _check_drops(screen, job, lanes, dropped)
    assert all(stem.path.is_file() for stem in job.stems)


def _check_drops(screen: Screen, job: Job, lanes: list[tuple[int, int]], dropped: Path) -> None:
    """Drag one stem, then all of them, to the target, and not into the window itself."""
    stems = [f"file://{stem.path} {stem.path.stat().st_size}" for stem in job.sorted_stems()]
    for _ in range(20):  # until its window is ready to be dropped on
        screen.drag(lanes[1], TARGET)
        if dropped.read_text():
            break
    assert _lines(dropped) == [stems[1]]
    screen.drag(lanes[0], lanes[3])
    with screen.holding("shift"):
        screen.drag(lanes[0], TARGET)
    wait_until(lambda: len(_lines(dropped)) == 1 + len(stems))
    assert _lines(dropped)[1:] == stems
    assert len(JobStore(Home(job.stems[0].path.parents[3])).jobs()) == 1  # a stem is not separated itself


def _lines(output: Path) -> list[str]:
    return [unquote(line) for line in output.read_text(encoding="utf-8").splitlines()]
