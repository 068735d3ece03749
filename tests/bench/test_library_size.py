"""Time that the window's thread needs in a library of 5,000 songs: progress, scroll, search, sort. Prints; never fails."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import thread_time

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobProgress, JobState
from desktop.stage import Stage
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.row_order import NO_COLUMN
from tests.helpers.jobs import make_job
from tests.helpers.window import open_window, window_harness

pytestmark = [pytest.mark.bench, pytest.mark.qt_log_ignore("does not support propagateSizeHints")]
ROWS = 5000
ROUNDS = 15
# A frame at 60 Hz.
BUDGET_MS = 16.0


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.PENDING])
def test_time_of_the_windows_thread_with_5000_songs(
    state: JobState, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = make_job("Running", JobState.PROCESSING, position=0, token=1, seconds=240.0)
    jobs = [make_job(f"Song {n}", state, artist=f"Artist {n % 300}", position=n, seconds=240.0) for n in range(1, ROWS)]
    with window_harness(tmp_path / "home") as harness:
        window = open_window(harness, qtbot)
        window.library.table_model.upsert_jobs([running, *jobs])
        qtbot.wait_until(lambda: window.job_view.model().rowCount() == ROWS)
        qtbot.wait_until(lambda: not window.library.proxy._prepare_timer.isActive())  # as a second after the start
        figures = {name: measure(window, step) for name, step in steps(window, running).items()}
    with capsys.disabled():
        print(f"\n{ROWS} rows, {state.value}, median (worst) of {ROUNDS} in ms; a frame is {BUDGET_MS:.0f} ms:", end="")
        for name, times in figures.items():
            print(f" {name} {median(times):.1f} ({max(times):.1f})", end=";")


def steps(window: MainWindow, running: Job) -> dict[str, Callable[[int], None]]:
    """Return what is measured; each step gets the number of its round."""
    bar = window.job_view.verticalScrollBar()

    def progress(number: int) -> None:
        event = JobProgress(running.id, 1, Stage.SEPARATING, (number + 1) / (ROUNDS + 1), float(number), 200.0 - number)
        window.library.table_model.apply_progress(event)

    def scroll(number: int) -> None:
        bar.setValue(bar.maximum() * number // ROUNDS)

    def search(number: int) -> None:
        window.job_view.model().search(f"artist {number}")

    def end_search(_: int) -> None:
        window.job_view.model().search("")

    def sort(number: int) -> None:
        window.job_view.model().sort((NO_COLUMN, Column.TITLE)[number % 2])

    return {"progress": progress, "scroll": scroll, "search": search, "end of search": end_search, "sort": sort}


def measure(window: MainWindow, step: Callable[[int], None]) -> list[float]:
    """Return the CPU milliseconds of each round of `step` in this thread, with the painting that it causes."""
    times: list[float] = []
    for number in range(ROUNDS):
        start = thread_time()
        step(number)
        window.job_view.viewport().repaint()
        times.append((thread_time() - start) * 1e3)
    return times
