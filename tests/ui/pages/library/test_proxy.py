"""Sorting, searching and hiding rows of the job table."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.jobs.model import JobState, Stem
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.proxy import NO_COLUMN, JobProxy
from tests.helpers.jobs import make_job

HOUR, NOW = timedelta(hours=1), datetime.now(UTC)


@pytest.fixture
def model(qtbot: QtBot) -> JobTableModel:
    return JobTableModel()


@pytest.fixture
def proxy(model: JobTableModel) -> Iterator[JobProxy]:
    proxy = JobProxy(model)
    tester = QAbstractItemModelTester(proxy, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield proxy
    del tester


def _titles(proxy: JobProxy) -> list[str]:
    return [proxy.index(row, Column.TITLE).data() for row in range(proxy.rowCount())]


def test_default_order_is_running_then_queue_then_ended_newest_first(model: JobTableModel, proxy: JobProxy) -> None:
    model.upsert_jobs(
        [
            make_job("old", JobState.COMPLETED, ended=NOW - HOUR),
            make_job("third", position=9),
            make_job("broken", JobState.FAILED, ended=NOW - HOUR / 2),
            make_job("second", position=-3, paused=True),
            make_job("running", JobState.PROCESSING, position=4),
            make_job("new", JobState.COMPLETED, ended=NOW),
        ]
    )
    assert _titles(proxy) == ["running", "second", "third", "new", "broken", "old"]


def test_songs_follow_the_order_of_the_queue_after_each_change(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = [make_job(f"song {n}", ago=timedelta(seconds=9 - n), position=n) for n in range(6)]
    model.upsert_jobs(jobs)
    assert _titles(proxy) == [f"song {n}" for n in range(6)]
    order = [4, 0, 5, 2, 1, 3]
    model.upsert_jobs(replace(jobs[n], position=position) for position, n in enumerate(order))
    assert _titles(proxy) == [f"song {n}" for n in order]
    model.upsert_jobs([replace(jobs[4], state=JobState.PROCESSING), make_job("added", position=9)])
    assert _titles(proxy) == [*(f"song {n}" for n in order), "added"]
    model.upsert_jobs([replace(jobs[4], state=JobState.COMPLETED, ended=NOW)])
    assert _titles(proxy) == [*(f"song {n}" for n in order[1:]), "added", "song 4"]


def test_titles_sort_by_number_without_regard_to_case_and_accents(model: JobTableModel, proxy: JobProxy) -> None:
    titles = ["Track 10", "track 2", "Élan", "a", "Track 1", "Zoo", "Easy"]
    model.upsert_jobs(make_job(title, JobState.CANCELLED) for title in titles)
    proxy.sort(Column.TITLE)
    assert _titles(proxy) == ["a", "Easy", "Élan", "Track 1", "track 2", "Track 10", "Zoo"]


def test_chosen_sort_order_stays_when_songs_start_and_end(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = [make_job(title, position=n) for n, title in enumerate("cab")]
    model.upsert_jobs(jobs)
    proxy.sort(Column.TITLE)
    model.upsert_jobs(
        [replace(jobs[0], state=JobState.PROCESSING), replace(jobs[1], state=JobState.COMPLETED, ended=NOW)]
    )
    assert _titles(proxy) == ["a", "b", "c"]


def test_sorting_by_no_column_restores_the_default_order(model: JobTableModel, proxy: JobProxy) -> None:
    lengths = {"b": 60.0, "C": 7200.0, "a": 600.0}
    model.upsert_jobs(
        make_job(title, ago=timedelta(seconds=9 - n), seconds=length)
        for n, (title, length) in enumerate(lengths.items())
    )
    proxy.sort(Column.TITLE)
    assert _titles(proxy) == ["a", "b", "C"]
    proxy.sort(Column.LENGTH, Qt.SortOrder.DescendingOrder)
    assert _titles(proxy) == ["C", "a", "b"]
    proxy.sort(NO_COLUMN)
    assert _titles(proxy) == ["b", "C", "a"]


def test_sorting_by_status_puts_running_songs_first(model: JobTableModel, proxy: JobProxy) -> None:
    states = (JobState.COMPLETED, JobState.PENDING, JobState.FAILED, JobState.PROCESSING)
    model.upsert_jobs(make_job(state.value, state, position=n) for n, state in enumerate(states))
    proxy.sort(Column.STATUS)
    assert _titles(proxy) == ["processing", "pending", "failed", "completed"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("drive", ["Night Drive"]),
        ("lind NIGHT", ["Night Drive"]),
        ("4 stems", ["Day Trip"]),
        ("queued", ["Night Drive"]),
        ("(live) [x] .*", []),
        ("", ["Night Drive", "Day Trip"]),
    ],
)
def test_search_matches_title_artist_and_status(
    model: JobTableModel, proxy: JobProxy, query: str, titles: list[str]
) -> None:
    model.upsert_jobs([make_job("Night Drive", artist="Mara Lind", ago=timedelta(seconds=1))])
    stems = tuple(Stem(name, Path(name), Path(name)) for name in "abcd")
    model.upsert_jobs([make_job("Day Trip", JobState.COMPLETED, artist="Karissa", source=Path("x.wav"), stems=stems)])
    proxy.search(query)
    assert _titles(proxy) == titles


def test_hidden_rows_are_left_out_until_they_are_unhidden(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = [make_job(f"song {n}", ago=timedelta(seconds=9 - n)) for n in range(3)]
    model.upsert_jobs(jobs)
    proxy.hide_jobs([jobs[1].id])
    assert _titles(proxy) == ["song 0", "song 2"]
    assert not proxy.index_of(jobs[1].id).isValid()
    proxy.unhide_jobs([jobs[1].id])
    assert _titles(proxy) == ["song 0", "song 1", "song 2"]
    assert proxy.job_at(proxy.index_of(jobs[1].id)) == jobs[1]
