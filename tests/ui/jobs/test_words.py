"""What the cells say: status, points in time, the queue."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stage, Stem
from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.cells import search_words, tooltip
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.columns_fit import widths
from desktop.ui.jobs.days import said
from desktop.ui.jobs.delegates import content
from desktop.ui.jobs.menu import Entry, JobMenu, entries
from desktop.ui.jobs.pieces import lay_out
from desktop.ui.jobs.queue_times import BatchCount, about, batch_words, times_left
from desktop.ui.jobs.status import Link, Status, Tone, better_model, fell_back, status_of
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.fonts import ui_font
from tests.helpers.window import a_job

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # a Wednesday
STEMS = tuple(Stem(name, Path(name), Path(name)) for name in ("vocals", "drums", "bass", "other"))


def _done(**known: object) -> Job:
    return a_job(state=JobState.COMPLETED, stems=STEMS, **{"model_used": "htdemucs", "null_dbfs": -300.0} | known)


@pytest.mark.parametrize(
    ("job", "words", "tone", "link"),
    [
        (a_job(), "Up next", Tone.DIM, Link.NONE),
        (a_job(progress=0.05), "Queued at 5 %", Tone.DIM, Link.NONE),
        (a_job(state=JobState.PROCESSING), "Loading the model", Tone.PLAIN, Link.NONE),
        (a_job(state=JobState.PROCESSING, stage=Stage.DECODING), "Reading the song", Tone.PLAIN, Link.NONE),
        (a_job(state=JobState.PROCESSING, cancel_requested=True), "Stopping", Tone.PLAIN, Link.NONE),
        (_done(), "4 stems: add up exactly to the original", Tone.GOOD, Link.NONE),
        (_done(null_dbfs=-92.0), "4 stems: add up to the original", Tone.GOOD, Link.NONE),
        (
            _done(model_used="sketch"),
            "4 stems: draft quality, Separate again",
            Tone.GOOD,
            Link.SEPARATE_BETTER,
        ),
        (a_job(state=JobState.FAILED, error="It is damaged."), "Failed: It is damaged. Details", Tone.BAD, Link.DETAILS),
        (
            a_job(state=JobState.FAILED, source=Path("/music/a.mp3"), error="a.mp3 is not an audio file, or it is damaged."),
            "Failed: not an audio file, or it is damaged. Details",
            Tone.BAD,
            Link.DETAILS,
        ),
        (
            a_job(state=JobState.FAILED, source=Path("/music/b.mp3"), error="b.mp3 contains no audio."),
            "Failed: contains no audio. Details",
            Tone.BAD,
            Link.DETAILS,
        ),
        (a_job(state=JobState.FAILED), "Failed: The reason is not known. Details", Tone.BAD, Link.DETAILS),
        (a_job(state=JobState.CANCELLED), "Cancelled: Separate again", Tone.DIM, Link.TRY_AGAIN),
    ],
)
def test_every_state_has_words(job: Job, words: str, tone: Tone, link: Link) -> None:
    status = status_of(job, 0, "HT Demucs")
    assert (status.sentence, status.tone, status.link) == (words, tone, link)


def test_a_paused_queue_and_a_paused_song_are_told_apart() -> None:
    held = [status_of(job, 2, "", queue_paused=True).sentence for job in (a_job(), a_job(progress=0.05), a_job(paused=True))]
    assert held == ["Queued: 2 ahead · queue paused", "Paused at 5 % (queue paused)", "Paused"]


def test_how_well_stems_add_up_is_told_in_words_and_the_figure_in_the_tooltip() -> None:
    assert status_of(_done(null_dbfs=-40.0), 0, "").sentence == "4 stems: do not add up to the original"
    status = status_of(_done(null_dbfs=-144.0), 0, "")
    assert status.hint == "The loudest difference to the original is −144 dBFS."
    assert status.hint in str(tooltip(_done(), Column.STATUS, status))


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (a_job(), ["queued"]),
        (a_job(paused=True), ["paused"]),
        (a_job(state=JobState.PROCESSING), ["running"]),
        (_done(), ["done"]),
        (_done(model_used="sketch"), ["done", "draft"]),
        (a_job(state=JobState.FAILED, error="It is damaged."), ["failed"]),
        (a_job(state=JobState.CANCELLED), ["cancelled"]),
    ],
)
def test_a_song_is_found_by_its_state(job: Job, words: list[str]) -> None:
    found = search_words(job, status_of(job, 3, ""), "HT Demucs").split()
    states = ("queued", "paused", "running", "done", "draft", "failed", "cancelled")
    assert [word for word in states if word in found] == words


def test_a_draft_is_separated_again_with_the_model_that_was_asked_for() -> None:
    fallen = _done(model_used="sketch", model="htdemucs_ft")
    chosen = _done(model_used="sketch", model="sketch")
    assert (fell_back(fallen), fell_back(chosen)) == (True, False)
    assert better_model(fallen, "htdemucs_6s") == "htdemucs_ft"
    assert better_model(chosen, "htdemucs_6s") == "htdemucs_6s"
    assert better_model(chosen, "sketch") == "htdemucs"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=3), "12:00"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=3), "Sunday"),
        (timedelta(days=13), "12 Nov"),
        (timedelta(days=400), "21 Oct 2025"),
        (timedelta(seconds=-5), "just now"),
    ],
)
def test_points_in_time_are_said_as_one_says_them(ago: timedelta, words: str) -> None:
    assert said(NOW - ago, NOW) == words


def test_the_batch_counts_from_the_first_song_to_the_last() -> None:
    count = BatchCount()
    jobs = [a_job(f"{n}", position=n, seconds=100.0) for n in range(3)]
    old = a_job("old", JobState.COMPLETED)
    waiting = count.of([old, *jobs], jobs, {})
    assert waiting is not None
    assert batch_words(waiting) == ("3 songs queued", "")
    running = a_job("0", JobState.PROCESSING, id=jobs[0].id, progress=0.5, elapsed=60, left=60, seconds=100.0)
    active = [running, *jobs[1:]]
    batch = count.of([old, *active], active, times_left(active))
    assert batch is not None
    assert batch_words(batch) == ("Separating 1 of 3", "about 5 min left")
    done = a_job("0", JobState.COMPLETED, id=jobs[0].id)
    after = count.of([old, done, *jobs[1:]], jobs[1:], {})
    assert after is not None
    assert (after.place, after.total, after.progress) == (2, 3, pytest.approx(1 / 3))
    assert count.of([old, done], [], {}) is None
    again = count.of([old, done, jobs[1]], [jobs[1]], {})
    assert again is not None
    assert again.total == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10, "under a minute left"), (61, "about 2 min left"), (3600, "about 60 min left"), (9000, "about 2 h left")],
)
def test_time_left_is_told_roughly(seconds: float, words: str) -> None:
    assert about(seconds) == words


@pytest.mark.parametrize("room", [1008, 1024, 1440, 3840])
def test_columns_fill_the_window_exactly(room: int) -> None:
    assert sum(widths(room).values()) == room
    assert Column.ARTIST not in widths(room)


def test_every_point_in_time_fits_its_column_in_the_smallest_window(window: MainWindow) -> None:
    words = ("59 min ago", "Wednesday", "28 Nov 2025")
    widest = max(QFontMetricsF(ui_font()).horizontalAdvance(word) for word in words)
    assert content(QRect(0, 0, widths(1024 - 12)[Column.ADDED], 48), Column.ADDED).width() >= widest


ALL = (
    status_of(_done(), 0, "HT Demucs"),
    status_of(_done(model_used="sketch"), 0, "HT Demucs · fine-tuned"),
    status_of(a_job(state=JobState.FAILED, error="word " * 60), 0, ""),
    status_of(a_job(state=JobState.FAILED, error="W" * 300), 0, ""),
    status_of(a_job(state=JobState.PROCESSING, stage=Stage.DOWNLOADING, progress=1.0), 0, ""),
    status_of(a_job(progress=0.05), 2, "", queue_paused=True),
)


@pytest.mark.parametrize("width", [160, 246, 380, 900])
@pytest.mark.parametrize("status", ALL)
def test_a_status_stays_inside_its_cell(qtbot: QtBot, status: Status, width: int) -> None:
    room = QRectF(100, 48, width, 48)
    layout = lay_out(status, room)
    for piece in layout.pieces:
        assert room.adjusted(-1, 0, 2, 0).contains(piece.place)
    assert layout.bar is None or room.contains(layout.bar)


@pytest.mark.parametrize("width", [246, 380, 900])
def test_details_can_be_clicked_however_long_the_error_is(qtbot: QtBot, width: int) -> None:
    layout = lay_out(ALL[2], QRectF(0, 0, width, 48))
    link = layout.pieces[-1]
    assert link.text == "Details"
    assert layout.link_at(link.place.center().x(), link.place.center().y()) is Link.DETAILS
    assert layout.link_at(1, 1) is Link.NONE


def test_the_menu_offers_only_what_can_be_done() -> None:
    models = [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]

    def words(*jobs: Job) -> list[str]:
        return [line.words for line in entries(jobs, models) if line is not None]

    assert words(a_job()) == [
        "Show files",
        "Separate next",
        "Move up in the queue",
        "Move down in the queue",
        "Pause",
        "Cancel",
        "Remove",
        "Removed songs…",
    ]
    assert words(_done()) == [
        "Export stems…",
        "Show files",
        "Separate again with",
        "Remove with its stems",
        "Removed songs…",
    ]
    assert words(a_job(state=JobState.FAILED))[0] == "Why it failed…"
    assert words(a_job(), _done())[-2] == "Remove 2 songs and their stems"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_separate_again_is_a_submenu_of_models(qtbot: QtBot) -> None:
    menu = JobMenu(entries([_done()], [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]))
    qtbot.addWidget(menu)
    again = next(action.menu() for action in menu.actions() if action.text() == "Separate again with")
    assert isinstance(again, QMenu)
    assert [action.text() for action in again.actions()] == ["HT Demucs", "Sketch"]
    with qtbot.waitSignal(menu.triggered) as picked:
        menu.popup(QPoint(10, 10))
        again.actions()[1].trigger()
    menu.close()
    assert picked.args[0].data() == Entry("Sketch", JobAction.RETRY, "sketch")


def test_a_mixed_selection_shows_each_key_once() -> None:
    lines = [line for line in entries([a_job(), a_job(paused=True)], []) if line]
    assert [(line.words, line.key) for line in lines if line.key] == [("Pause", "Ctrl+P"), ("Remove 2 songs", "Del")]
    assert "Resume" in [line.words for line in lines]
