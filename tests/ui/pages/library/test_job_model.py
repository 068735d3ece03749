"""The job table's model: rows change in place, without a reset, checked by QAbstractItemModelTester."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.analysis.harmony import Key
from desktop.jobs.model import Job, JobProgress, JobState
from desktop.jobs.speeds import speed_key
from desktop.settings import Settings
from desktop.stage import Stage
from desktop.text.durations import UNKNOWN_DURATION
from desktop.text.message import verbatim
from desktop.ui.pages.library import cells
from desktop.ui.pages.library.columns import JOB_ROLE, STATUS_ROLE, Column
from desktop.ui.pages.library.job_model import JobTableModel
from tests.helpers.jobs import make_job


@pytest.fixture
def model(qtbot: QtBot) -> Iterator[JobTableModel]:
    model = JobTableModel()
    model.modelReset.connect(lambda: pytest.fail("the model was reset"))
    model.layoutChanged.connect(lambda: pytest.fail("the layout changed"))
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield model
    del tester


def _cell_text(model: QAbstractItemModel, row: int, column: Column) -> str:
    return str(model.index(row, column).data())


def _progress(job: Job, progress: float, token: int = 1, left: float | None = 60) -> JobProgress:
    return JobProgress(job.id, token, Stage.SEPARATING, progress, 10.0, left)


def test_new_jobs_are_inserted_in_one_step(model: JobTableModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.rowsInserted) as inserted:
        model.upsert_jobs([make_job(f"Song {n}") for n in range(500)])
    assert inserted.args is not None
    assert inserted.args[1:] == [0, 499]
    assert model.rowCount() == 500


def test_changed_job_is_updated_in_place(model: JobTableModel, qtbot: QtBot) -> None:
    jobs = [make_job(f"Song {n}") for n in range(3)]
    model.upsert_jobs(jobs)
    with qtbot.waitSignal(model.dataChanged) as changed:
        model.upsert_jobs([replace(jobs[1], title="Another")])
    assert changed.args is not None
    assert changed.args[0].row() == changed.args[1].row() == 1
    assert model.rowCount() == 3
    assert _cell_text(model, 1, Column.TITLE) == "Another"


def test_unchanged_job_emits_no_signal(model: JobTableModel, qtbot: QtBot) -> None:
    job = make_job()
    model.upsert_jobs([job])
    with qtbot.assertNotEmitted(model.dataChanged):
        model.upsert_jobs([job])


def test_progress_is_shown_in_the_row(model: JobTableModel) -> None:
    job = make_job(state=JobState.PROCESSING, token=1)
    model.upsert_jobs([job])
    model.apply_progress(_progress(job, 0.64, left=84))
    assert _cell_text(model, 0, Column.STATUS) == "Separating 64 %"
    assert _cell_text(model, 0, Column.TIME_LEFT) == "1:24"
    assert model.index(0, Column.STATUS).data(STATUS_ROLE).progress == 0.64


def test_outdated_row_does_not_reduce_the_progress(model: JobTableModel) -> None:
    job = make_job(state=JobState.PROCESSING, token=1, progress=0.1)
    model.upsert_jobs([job])
    model.apply_progress(_progress(job, 0.64))
    model.upsert_jobs([replace(job, progress=0.2)])
    assert _cell_text(model, 0, Column.STATUS) == "Separating 64 %"


def test_progress_of_an_earlier_owner_is_ignored(model: JobTableModel) -> None:
    job = make_job(state=JobState.PROCESSING, token=2, progress=0.1, stage=Stage.SEPARATING)
    model.upsert_jobs([job])
    model.apply_progress(_progress(job, 0.9, token=1))
    assert _cell_text(model, 0, Column.STATUS) == "Separating 10 %"


def test_progress_after_the_end_is_ignored(model: JobTableModel) -> None:
    job = make_job(state=JobState.COMPLETED, token=1)
    model.upsert_jobs([job])
    model.apply_progress(_progress(job, 0.9))
    assert model.job_at_row(0).state is JobState.COMPLETED


def test_progress_of_an_unknown_job_is_ignored(model: JobTableModel) -> None:
    model.apply_progress(_progress(make_job(), 0.5))
    assert model.rowCount() == 0


def test_first_progress_marks_a_pending_job_as_processing(model: JobTableModel) -> None:
    job = make_job(token=0)
    model.upsert_jobs([job])
    model.apply_progress(_progress(job, 0.01))
    assert model.job_at_row(0).state is JobState.PROCESSING


def test_removed_jobs_leave_and_other_jobs_keep_their_order(model: JobTableModel) -> None:
    jobs = [make_job(f"Song {n}") for n in range(5)]
    model.upsert_jobs(jobs)
    model.remove_jobs([jobs[1].id, jobs[3].id, "unknown"])
    assert [_cell_text(model, row, Column.TITLE) for row in range(model.rowCount())] == ["Song 0", "Song 2", "Song 4"]
    assert model.job_ids == [jobs[0].id, jobs[2].id, jobs[4].id]


def test_sync_replaces_the_jobs_without_a_reset(model: JobTableModel) -> None:
    jobs = [make_job(f"Song {n}", position=n) for n in range(4)]
    model.upsert_jobs(jobs[:3])
    model.sync([replace(jobs[1], title="Changed"), jobs[3]])
    assert [_cell_text(model, row, Column.TITLE) for row in range(model.rowCount())] == ["Changed", "Song 3"]


def test_queued_songs_show_how_many_are_ahead(model: JobTableModel) -> None:
    jobs = [make_job(f"Song {n}", position=n) for n in range(3)]
    model.upsert_jobs(jobs)
    assert _cell_text(model, 0, Column.STATUS) == "Up next"
    assert _cell_text(model, 2, Column.STATUS) == "Queued: 2 ahead"
    model.upsert_jobs([replace(jobs[0], state=JobState.COMPLETED)])
    assert _cell_text(model, 1, Column.STATUS) == "Up next"
    assert _cell_text(model, 2, Column.STATUS) == "Queued: 1 ahead"


def test_queued_songs_show_the_time_until_they_are_done(model: JobTableModel) -> None:
    running = make_job("Running", JobState.PROCESSING, position=1, token=1, seconds=100.0)
    waiting = make_job("Waiting", position=2, seconds=200.0)
    model.upsert_jobs([running, waiting])
    assert _cell_text(model, 1, Column.TIME_LEFT) == "–"
    model.apply_progress(JobProgress(running.id, 1, Stage.SEPARATING, 0.5, 10.0, 10.0))
    assert _cell_text(model, 0, Column.TIME_LEFT) == "0:10"
    assert _cell_text(model, 1, Column.TIME_LEFT) == "0:50"  # 10 s of the running song, and a fifth of 200 s


def test_time_left_follows_measured_speeds_when_the_next_song_starts(model: JobTableModel) -> None:
    running = make_job("Running", JobState.PROCESSING, position=1, token=1, seconds=100.0, progress=0.3)
    waiting, other = (
        make_job("Waiting", position=2, seconds=200.0),
        make_job("Other", position=3, seconds=10.0, model="big"),
    )
    model.upsert_jobs([running, waiting, other])
    assert [_cell_text(model, row, Column.TIME_LEFT) for row in range(3)] == [
        UNKNOWN_DURATION
    ] * 3  # no speed was measured
    speeds = {speed_key("htdemucs", running.options, False, Settings()): 0.5}
    model.set_speeds(speeds, Settings())
    assert [_cell_text(model, row, Column.TIME_LEFT) for row in range(3)] == [
        "0:35",
        "2:15",
        UNKNOWN_DURATION,
    ]  # the speed of "big" is not known
    model.upsert_jobs(
        [replace(running, state=JobState.COMPLETED, progress=1.0), replace(waiting, state=JobState.PROCESSING, token=1)]
    )
    assert _cell_text(model, 1, Column.TIME_LEFT) == "1:40"
    model.set_speeds(speeds | {speed_key("big", other.options, False, Settings()): 2.0}, Settings())
    assert _cell_text(model, 2, Column.TIME_LEFT) == "2:00"
    model.set_speeds(speeds, Settings(runtime="cuda"))  # the speed was measured with another runtime
    assert _cell_text(model, 1, Column.TIME_LEFT) == UNKNOWN_DURATION


def test_fallback_draft_is_announced_once(model: JobTableModel, qtbot: QtBot) -> None:
    job = make_job(state=JobState.PROCESSING, token=1)
    model.upsert_jobs([job])
    done = replace(job, state=JobState.COMPLETED, model_used="sketch")
    with qtbot.waitSignal(model.sketch_fallback_completed) as announced:
        model.upsert_jobs([done])
    assert announced.args == [done]
    with qtbot.assertNotEmitted(model.sketch_fallback_completed):
        model.upsert_jobs([done, replace(done, title="Other")])


def test_requested_draft_is_not_announced(model: JobTableModel, qtbot: QtBot) -> None:
    job = make_job(state=JobState.PROCESSING, token=1, model="sketch")
    model.upsert_jobs([job])
    with qtbot.assertNotEmitted(model.sketch_fallback_completed):
        model.upsert_jobs([replace(job, state=JobState.COMPLETED, model_used="sketch")])


def test_models_are_shown_with_their_titles(model: JobTableModel) -> None:
    model.upsert_jobs([make_job(model="mine"), make_job(model="sketch", model_used="sketch", state=JobState.COMPLETED)])
    model.set_model_titles({"mine": "My own model"}, "mine")
    assert _cell_text(model, 0, Column.MODEL) == "My own model"
    assert "Separate again with My own model" in model.index(1, Column.STATUS).data(Qt.ItemDataRole.ToolTipRole)


def test_cell_without_information_is_empty(model: JobTableModel) -> None:
    """Finished songs do not repeat "–" and "No tags" in each of sixty rows."""
    model.upsert_jobs([make_job("take 3", JobState.COMPLETED, artist="", album="", source=Path("/music/take 3.wav"))])
    assert _cell_text(model, 0, Column.TIME_LEFT) == ""
    assert cells.format_artist_and_album(model.job_at_row(0)) == ""
    assert model.index(0, Column.TITLE).data(Qt.ItemDataRole.ToolTipRole) == "take 3\n/music/take 3.wav"
    assert model.index(0, Column.TIME_LEFT).data(Qt.ItemDataRole.AccessibleTextRole) == "Time left none"


def test_control_characters_and_markup_in_tags_are_escaped(model: JobTableModel) -> None:
    model.upsert_jobs([make_job("\u202eevil\nname", artist="<b>bold</b>")])
    assert _cell_text(model, 0, Column.TITLE) == "\\u202eevil\\x0aname"
    assert "<b>" not in model.index(0, Column.TITLE).data(Qt.ItemDataRole.ToolTipRole)


def test_every_cell_has_an_accessible_text(model: JobTableModel) -> None:
    model.upsert_jobs([make_job(state=state) for state in JobState])
    for row in range(model.rowCount()):
        for column in Column:
            assert model.index(row, column).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.parametrize(
    ("job", "spoken"),
    [
        (
            make_job("Vibe Ace", JobState.PROCESSING, artist="Kevin MacLeod", stage=Stage.SEPARATING, progress=0.34),
            "Vibe Ace, Kevin MacLeod, Separating 34 percent",
        ),
        (make_job("take 3", artist="", album=""), "take 3, Up next"),
        (
            make_job(
                "Broken", JobState.FAILED, artist="", error=verbatim("The file is damaged: its index is missing.")
            ),
            "Broken, Failed: The file is damaged: its index is missing.",
        ),
    ],
)
def test_accessible_text_of_a_row_has_title_artist_and_status(model: JobTableModel, job: Job, spoken: str) -> None:
    model.upsert_jobs([job])
    assert model.index(0, Column.TITLE).data(Qt.ItemDataRole.AccessibleTextRole) == spoken


def test_every_cell_returns_its_job(model: JobTableModel) -> None:
    job = make_job()
    model.upsert_jobs([job])
    assert all(model.index(0, column).data(JOB_ROLE) == job for column in Column)


def test_tempo_and_key_are_shown_with_real_accidentals_and_spoken_with_their_headings(model: JobTableModel) -> None:
    keys = ("F# minor", "Bb major", "E minor")
    model.upsert_jobs(make_job(name, tempo_bpm=111.8, key=Key.parse(name)) for name in keys)
    model.upsert_jobs([make_job("not analysed")])
    assert [_cell_text(model, row, Column.KEY) for row in range(4)] == ["F♯ minor", "B♭ major", "E minor", "–"]
    assert [_cell_text(model, row, Column.TEMPO) for row in range(4)] == ["112", "112", "112", "–"]
    spoken = [model.index(0, column).data(Qt.ItemDataRole.AccessibleTextRole) for column in (Column.TEMPO, Column.KEY)]
    assert spoken == ["Tempo 112", "Key F♯ minor"]
