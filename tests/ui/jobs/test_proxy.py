"""The job table sorted and searched."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState, Stem
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.job_model import JobTableModel
from desktop.ui.jobs.proxy import NO_COLUMN, JobProxy
from tests.helpers.window import a_job

HOUR = timedelta(hours=1)


@pytest.fixture
def model(qtbot: QtBot) -> JobTableModel:
    return JobTableModel()


@pytest.fixture
def proxy(model: JobTableModel) -> Iterator[JobProxy]:
    made = JobProxy(model)
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield made
    del tester


def _titles(proxy: JobProxy) -> list[str]:
    return [proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount())]


def test_the_newest_drop_is_on_top_and_keeps_its_order(model: JobTableModel, proxy: JobProxy) -> None:
    old = [a_job(f"old {n}", ago=HOUR - timedelta(seconds=n), position=n) for n in range(3)]
    new = [a_job(f"new {n}", ago=timedelta(seconds=3 - n), position=3 + n) for n in range(3)]
    model.put(old)
    model.put(new)
    assert _titles(proxy) == ["new 0", "new 1", "new 2", "old 0", "old 1", "old 2"]


def test_a_song_keeps_its_place_when_it_is_done(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = [a_job(f"song {n}", ago=timedelta(seconds=9 - n), position=n) for n in range(3)]
    model.put(jobs)
    before = _titles(proxy)
    model.put([replace(jobs[0], state=JobState.PROCESSING)])
    model.put([replace(jobs[0], state=JobState.COMPLETED)])
    assert _titles(proxy) == before
    model.put([replace(jobs[2], position=-1)])  # the next one, when only songs that are done stand above it
    model.put([replace(jobs[2], position=-1, state=JobState.COMPLETED)])
    assert _titles(proxy) == ["song 0", "song 2", "song 1"]


def test_songs_that_wait_stand_as_they_will_run(model: JobTableModel, proxy: JobProxy) -> None:
    done = a_job("done", JobState.COMPLETED, ago=timedelta(seconds=6), position=2)
    jobs = [a_job(f"song {n}", ago=timedelta(seconds=9 - n), position=n) for n in range(6)]
    model.put([*jobs[:3], done, *jobs[3:]])
    assert _titles(proxy) == ["song 0", "song 1", "song 2", "done", "song 3", "song 4", "song 5"]
    order = [4, 0, 5, 2, 1, 3]
    model.put(replace(jobs[n], position=place) for place, n in enumerate(order))
    assert _titles(proxy) == ["song 4", "song 0", "song 5", "done", "song 2", "song 1", "song 3"]


def test_a_song_that_is_moved_beside_one_of_another_drop_stands_with_it(model: JobTableModel, proxy: JobProxy) -> None:
    old = [a_job(f"old {n}", ago=HOUR - timedelta(seconds=n), position=n) for n in range(2)]
    new = [a_job(f"new {n}", ago=timedelta(seconds=3 - n), position=2 + n) for n in range(2)]
    model.put([*old, *new])
    assert _titles(proxy) == ["new 0", "new 1", "old 0", "old 1"]
    model.put([replace(old[1], position=2), replace(new[0], position=1)])
    model.stand_with(new[0].id, old[1].id)
    assert _titles(proxy) == ["new 1", "old 0", "new 0", "old 1"]


def test_a_column_sorts_and_no_column_brings_the_order_back(model: JobTableModel, proxy: JobProxy) -> None:
    lengths = {"b": 60.0, "C": 7200.0, "a": 600.0}
    model.put(
        a_job(title, ago=timedelta(seconds=9 - n), seconds=length) for n, (title, length) in enumerate(lengths.items())
    )
    proxy.sort(Column.TITLE)
    assert _titles(proxy) == ["a", "b", "C"]
    proxy.sort(Column.LENGTH, Qt.SortOrder.DescendingOrder)
    assert _titles(proxy) == ["C", "a", "b"]
    proxy.sort(NO_COLUMN)
    assert _titles(proxy) == ["b", "C", "a"]


def test_sorting_by_status_puts_what_runs_first(model: JobTableModel, proxy: JobProxy) -> None:
    states = (JobState.COMPLETED, JobState.PENDING, JobState.FAILED, JobState.PROCESSING)
    model.put(a_job(state.value, state, position=n) for n, state in enumerate(states))
    proxy.sort(Column.STATUS)
    assert _titles(proxy) == ["processing", "pending", "failed", "completed"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("drive", ["Night Drive"]),
        ("lind NIGHT", ["Night Drive"]),
        ("4 stems", ["Day Trip"]),
        ("queued", ["Night Drive"]),
        ("(live) [x] .*", []),
        ("", ["Night Drive", "Day Trip"]),
    ],
)
def test_a_search_finds_songs_artists_and_status(
    model: JobTableModel, proxy: JobProxy, words: str, found: list[str]
) -> None:
    model.put([a_job("Night Drive", artist="Mara Lind", ago=timedelta(seconds=1))])
    stems = tuple(Stem(name, Path(name), Path(name)) for name in "abcd")
    model.put([a_job("Day Trip", JobState.COMPLETED, artist="Karissa", source=Path("x.wav"), stems=stems)])
    proxy.search(words)
    assert _titles(proxy) == found


def test_hidden_rows_are_left_out_and_come_back(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = [a_job(f"song {n}", ago=timedelta(seconds=9 - n)) for n in range(3)]
    model.put(jobs)
    proxy.hide([jobs[1].id])
    assert _titles(proxy) == ["song 0", "song 2"]
    assert not proxy.index_of(jobs[1].id).isValid()
    proxy.unhide([jobs[1].id])
    assert _titles(proxy) == ["song 0", "song 1", "song 2"]
    assert proxy.job_at(proxy.index_of(jobs[1].id)) == jobs[1]
