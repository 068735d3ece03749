"""Sorting, searching and hiding rows of the job table."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.analysis.harmony import Key
from desktop.jobs.model import Job, JobProgress, JobState, Stem
from desktop.stage import Stage
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.row_order import NO_COLUMN, RowOrder
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


def _many_jobs(count: int) -> list[Job]:
    return [make_job(f"song {n:03}", artist=("odd" if n % 2 else "even"), position=n) for n in range(count)]


def test_search_with_matches_all_over_a_long_list_keeps_its_order(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = _many_jobs(100)
    model.upsert_jobs(jobs)
    for query in ("odd", "even", "", "song 1", "odd", ""):
        proxy.search(query)
        words = query.split()
        expected = [job.title for job in jobs if all(word in f"{job.title} {job.artist}" for word in words)]
        assert _titles(proxy) == expected


def test_selected_and_current_rows_stay_with_their_songs_when_the_order_changes(
    model: JobTableModel, proxy: JobProxy
) -> None:
    jobs = _many_jobs(200)
    model.upsert_jobs(jobs)
    selection = QItemSelectionModel(proxy)
    rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for job in (jobs[7], jobs[8], jobs[150]):
        selection.select(proxy.index_of(job.id), rows)
    selection.setCurrentIndex(proxy.index_of(jobs[8].id), QItemSelectionModel.SelectionFlag.NoUpdate)
    proxy.sort(Column.TITLE, Qt.SortOrder.DescendingOrder)
    model.upsert_jobs([replace(jobs[150], title="a song")])
    proxy.sort(NO_COLUMN)
    selected = {proxy.job_at(index).id for index in selection.selectedRows()}  # type: ignore[union-attr]
    assert selected == {jobs[7].id, jobs[8].id, jobs[150].id}
    assert proxy.job_at(selection.currentIndex()) == jobs[8]


def test_index_of_a_song_that_a_search_filters_out_becomes_invalid(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = _many_jobs(200)
    model.upsert_jobs(jobs)
    odd, even = (QPersistentModelIndex(proxy.index_of(jobs[n].id)) for n in (101, 102))
    proxy.search("even")
    assert not odd.isValid()
    assert proxy.job_at(even) == jobs[102]


def test_songs_with_equal_sort_keys_keep_the_order_in_which_they_were_added(
    model: JobTableModel, proxy: JobProxy
) -> None:
    model.upsert_jobs(make_job(f"{n}", seconds=60.0 if n % 2 else 90.0) for n in range(6))
    proxy.sort(Column.LENGTH)
    assert _titles(proxy) == ["1", "3", "5", "0", "2", "4"]
    proxy.sort(Column.LENGTH, Qt.SortOrder.DescendingOrder)
    assert _titles(proxy) == ["0", "2", "4", "1", "3", "5"]


def test_search_follows_songs_that_come_change_and_go(model: JobTableModel, proxy: JobProxy) -> None:
    jobs = _many_jobs(4)
    model.upsert_jobs(jobs)
    proxy.search("odd")
    model.upsert_jobs([replace(jobs[0], artist="odd"), replace(jobs[1], artist="even"), make_job("odd", position=9)])
    assert _titles(proxy) == ["song 000", "song 003", "odd"]
    model.remove_jobs([jobs[0].id])
    assert _titles(proxy) == ["song 003", "odd"]
    proxy.search("ahead")
    assert _titles(proxy) == ["song 002", "song 003", "odd"]
    model.upsert_jobs([replace(jobs[1], state=JobState.CANCELLED)])
    assert _titles(proxy) == ["song 003", "odd"]  # "song 002" is up next
    model.set_queue_paused(True)
    proxy.search("queue paused")
    assert _titles(proxy) == ["song 002", "song 003", "odd"]


def test_songs_sorted_by_time_left_follow_the_queue(model: JobTableModel, proxy: JobProxy) -> None:
    running = make_job("running", JobState.PROCESSING, position=0, token=1, seconds=100.0)
    waiting = [make_job(f"song {n}", position=n, seconds=100.0) for n in (2, 1)]
    model.upsert_jobs([make_job("done", JobState.COMPLETED), *waiting, running])
    proxy.sort(Column.TIME_LEFT)
    model.apply_progress(JobProgress(running.id, 1, Stage.SEPARATING, 0.5, 10.0, 10.0))
    assert _titles(proxy) == ["running", "song 1", "song 2", "done"]
    model.apply_progress(JobProgress(running.id, 1, Stage.SEPARATING, 0.51, 10.0, 5000.0))
    assert _titles(proxy) == ["running", "song 1", "song 2", "done"]
    model.upsert_jobs([replace(waiting[0], position=-1)])
    assert _titles(proxy) == ["running", "song 2", "song 1", "done"]


def test_rows_match_after_any_sequence_of_changes(model: JobTableModel, proxy: JobProxy) -> None:
    chance = random.Random(5)
    states, queries = list(JobState), ("", "odd", "even", "song 01", "queued", "no such song")
    query, column, is_descending, hidden_ids = "", NO_COLUMN, False, set[str]()
    for number in range(120):
        jobs = list(model.jobs)
        some_ids = [job.id for job in chance.sample(jobs, len(jobs) // 2)]
        match chance.randrange(7):
            case 0:
                model.upsert_jobs(_many_jobs(chance.randrange(1, 70)))
            case 1:
                changed = chance.sample(jobs, min(len(jobs), 5))
                model.upsert_jobs(
                    replace(job, position=chance.randrange(99), state=chance.choice(states)) for job in changed
                )
            case 2:
                model.remove_jobs(some_ids)
            case 3:
                query = chance.choice(queries)
                proxy.search(query)
            case 4:
                hidden_ids.update(some_ids)
                proxy.hide_jobs(some_ids)
            case 5:
                hidden_ids.difference_update(some_ids)
                proxy.unhide_jobs(some_ids)
            case _:
                column, is_descending = chance.choice([NO_COLUMN, *Column]), chance.random() < 0.5
                order = Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
                proxy.sort(column, order)
        expected = RowOrder(model)  # which has kept nothing from earlier rounds
        expected.hidden_ids = hidden_ids
        expected.search(query)
        expected.sort(column, is_descending)
        ids = [job.id for row in range(proxy.rowCount()) if (job := proxy.job_at(proxy.index(row, 0)))]
        assert ids == expected.listed_ids(), number
        assert [proxy.index_of(job_id).row() for job_id in ids] == list(range(len(ids)))


def test_songs_sort_by_tempo_and_by_key_and_unknown_ones_come_first(model: JobTableModel, proxy: JobProxy) -> None:
    values = {"fast": (174.0, "B minor"), "slow": (76.0, "C major"), "unknown": (None, None), "same": (76.5, "C minor")}
    model.upsert_jobs(
        make_job(title, JobState.COMPLETED, tempo_bpm=bpm, key=Key.parse(key) if key else None)
        for title, (bpm, key) in values.items()
    )
    proxy.sort(Column.TEMPO)
    assert _titles(proxy) == ["unknown", "slow", "same", "fast"]
    proxy.sort(Column.KEY)
    assert _titles(proxy) == ["unknown", "slow", "same", "fast"]
