"""What the cells say: status, points in time, the queue."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stage, Stem
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.job_actions import JobAction
from desktop.ui.pages.library.cells import search_text, tooltip
from desktop.ui.pages.library.columns import Column, fit_columns
from desktop.ui.pages.library.delegates import content_rect
from desktop.ui.pages.library.menu import JobMenu, MenuItem, build_menu_items
from desktop.ui.pages.library.queue_estimate import BatchCounter, estimate_seconds_left, format_batch, format_time_left
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.pages.library.status import Status, StatusLink, Tone, choose_retry_model, is_fallback_draft, make_status
from desktop.ui.pages.library.status_layout import layout_status
from desktop.ui.theme.fonts import ui_font
from tests.helpers.window import make_job

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # a Wednesday
STEMS = tuple(Stem(name, Path(name), Path(name)) for name in ("vocals", "drums", "bass", "other"))


def _done(**known: object) -> Job:
    return make_job(state=JobState.COMPLETED, stems=STEMS, **{"model_used": "htdemucs", "null_dbfs": -300.0} | known)


@pytest.mark.parametrize(
    ("job", "words", "tone", "link"),
    [
        (make_job(), "Up next", Tone.DIM, StatusLink.NONE),
        (make_job(progress=0.05), "Queued at 5 %", Tone.DIM, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING), "Loading the model", Tone.PLAIN, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING, stage=Stage.DECODING), "Reading the song", Tone.PLAIN, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING, cancel_requested=True), "Stopping", Tone.PLAIN, StatusLink.NONE),
        (_done(), "4 stems: add up exactly to the original", Tone.GOOD, StatusLink.NONE),
        (_done(null_dbfs=-92.0), "4 stems: add up to the original", Tone.GOOD, StatusLink.NONE),
        (
            _done(model_used="sketch"),
            "4 stems: draft quality, Separate again",
            Tone.GOOD,
            StatusLink.SEPARATE_BETTER,
        ),
        (
            make_job(state=JobState.FAILED, error="It is damaged."),
            "Failed: It is damaged. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (
            make_job(
                state=JobState.FAILED,
                source=Path("/music/a.mp3"),
                error="a.mp3 is not an audio file, or it is damaged.",
            ),
            "Failed: not an audio file, or it is damaged. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (
            make_job(state=JobState.FAILED, source=Path("/music/b.mp3"), error="b.mp3 contains no audio."),
            "Failed: contains no audio. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (make_job(state=JobState.FAILED), "Failed: The reason is not known. Details", Tone.BAD, StatusLink.SHOW_ERROR),
        (make_job(state=JobState.CANCELLED), "Cancelled: Separate again", Tone.DIM, StatusLink.RETRY),
    ],
)
def test_every_state_has_words(job: Job, words: str, tone: Tone, link: StatusLink) -> None:
    status = make_status(job, 0, "HT Demucs")
    assert (status.full_text, status.tone, status.link) == (words, tone, link)


def test_a_paused_queue_and_a_paused_song_are_told_apart() -> None:
    held = [
        make_status(job, 2, "", is_queue_paused=True).full_text
        for job in (make_job(), make_job(progress=0.05), make_job(paused=True))
    ]
    assert held == ["Queued: 2 ahead · queue paused", "Paused at 5 % (queue paused)", "Paused"]


def test_how_well_stems_add_up_is_told_in_words_and_the_figure_in_the_tooltip() -> None:
    assert make_status(_done(null_dbfs=-40.0), 0, "").full_text == "4 stems: do not add up to the original"
    status = make_status(_done(null_dbfs=-144.0), 0, "")
    assert status.tooltip == "The loudest difference to the original is −144 dBFS."
    assert status.tooltip in str(tooltip(_done(), Column.STATUS, status))


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (make_job(), ["queued"]),
        (make_job(paused=True), ["paused"]),
        (make_job(state=JobState.PROCESSING), ["running"]),
        (_done(), ["done"]),
        (_done(model_used="sketch"), ["done", "draft"]),
        (make_job(state=JobState.FAILED, error="It is damaged."), ["failed"]),
        (make_job(state=JobState.CANCELLED), ["cancelled"]),
    ],
)
def test_a_song_is_found_by_its_state(job: Job, words: list[str]) -> None:
    found = search_text(job, make_status(job, 3, ""), "HT Demucs").split()
    states = ("queued", "paused", "running", "done", "draft", "failed", "cancelled")
    assert [word for word in states if word in found] == words


def test_a_draft_is_separated_again_with_the_model_that_was_asked_for() -> None:
    fallen = _done(model_used="sketch", model="htdemucs_ft")
    chosen = _done(model_used="sketch", model="sketch")
    assert (is_fallback_draft(fallen), is_fallback_draft(chosen)) == (True, False)
    assert choose_retry_model(fallen, "htdemucs_6s") == "htdemucs_ft"
    assert choose_retry_model(chosen, "htdemucs_6s") == "htdemucs_6s"
    assert choose_retry_model(chosen, "sketch") == "htdemucs"


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
    assert format_relative_time(NOW - ago, NOW) == words


def test_the_batch_counts_from_the_first_song_to_the_last() -> None:
    count = BatchCounter()
    jobs = [make_job(f"{n}", position=n, seconds=100.0) for n in range(3)]
    old = make_job("old", JobState.COMPLETED)
    waiting = count.count([old, *jobs], jobs, {})
    assert waiting is not None
    assert format_batch(waiting) == ("3 songs queued", "")
    running = make_job("0", JobState.PROCESSING, id=jobs[0].id, progress=0.5, elapsed=60, left=60, seconds=100.0)
    active = [running, *jobs[1:]]
    batch = count.count([old, *active], active, estimate_seconds_left(active))
    assert batch is not None
    assert format_batch(batch) == ("Separating 1 of 3", "about 5 min left")
    done = make_job("0", JobState.COMPLETED, id=jobs[0].id)
    after = count.count([old, done, *jobs[1:]], jobs[1:], {})
    assert after is not None
    assert (after.current_number, after.total, after.progress) == (2, 3, pytest.approx(1 / 3))
    assert count.count([old, done], [], {}) is None
    again = count.count([old, done, jobs[1]], [jobs[1]], {})
    assert again is not None
    assert again.total == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10, "under a minute left"), (61, "about 2 min left"), (3600, "about 60 min left"), (9000, "about 2 h left")],
)
def test_time_left_is_told_roughly(seconds: float, words: str) -> None:
    assert format_time_left(seconds) == words


@pytest.mark.parametrize("room", [1008, 1024, 1440, 3840])
def test_columns_fill_the_window_exactly(room: int) -> None:
    assert sum(fit_columns(room).values()) == room
    assert Column.ARTIST not in fit_columns(room)


def test_every_point_in_time_fits_its_column_in_the_smallest_window(window: MainWindow) -> None:
    words = ("59 min ago", "Wednesday", "28 Nov 2025")
    widest = max(QFontMetricsF(ui_font()).horizontalAdvance(word) for word in words)
    assert content_rect(QRect(0, 0, fit_columns(1024 - 12)[Column.ADDED], 48), Column.ADDED).width() >= widest


ALL = (
    make_status(_done(), 0, "HT Demucs"),
    make_status(_done(model_used="sketch"), 0, "HT Demucs · fine-tuned"),
    make_status(make_job(state=JobState.FAILED, error="word " * 60), 0, ""),
    make_status(make_job(state=JobState.FAILED, error="W" * 300), 0, ""),
    make_status(make_job(state=JobState.PROCESSING, stage=Stage.DOWNLOADING, progress=1.0), 0, ""),
    make_status(make_job(progress=0.05), 2, "", is_queue_paused=True),
)


@pytest.mark.parametrize("width", [160, 246, 380, 900])
@pytest.mark.parametrize("status", ALL)
def test_a_status_stays_inside_its_cell(qtbot: QtBot, status: Status, width: int) -> None:
    room = QRectF(100, 48, width, 48)
    layout = layout_status(status, room)
    for piece in layout.runs:
        assert room.adjusted(-1, 0, 2, 0).contains(piece.rect)
    assert layout.bar_rect is None or room.contains(layout.bar_rect)


@pytest.mark.parametrize("width", [246, 380, 900])
def test_details_can_be_clicked_however_long_the_error_is(qtbot: QtBot, width: int) -> None:
    layout = layout_status(ALL[2], QRectF(0, 0, width, 48))
    link = layout.runs[-1]
    assert link.text == "Details"
    assert layout.link_at(link.rect.center().x(), link.rect.center().y()) is StatusLink.SHOW_ERROR
    assert layout.link_at(1, 1) is StatusLink.NONE


def test_the_menu_offers_only_what_can_be_done() -> None:
    models = [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]

    def words(*jobs: Job) -> list[str]:
        return [line.text for line in build_menu_items(jobs, models) if line is not None]

    assert words(make_job()) == [
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
    assert words(make_job(state=JobState.FAILED))[0] == "Why it failed…"
    assert words(make_job(), _done())[-2] == "Remove 2 songs and their stems"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_separate_again_is_a_submenu_of_models(qtbot: QtBot) -> None:
    menu = JobMenu(build_menu_items([_done()], [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]))
    qtbot.addWidget(menu)
    again = next(action.menu() for action in menu.actions() if action.text() == "Separate again with")
    assert isinstance(again, QMenu)
    assert [action.text() for action in again.actions()] == ["HT Demucs", "Sketch"]
    with qtbot.waitSignal(menu.triggered) as picked:
        menu.popup(QPoint(10, 10))
        again.actions()[1].trigger()
    menu.close()
    assert picked.args[0].data() == MenuItem("Sketch", JobAction.RETRY, "sketch")


def test_a_mixed_selection_shows_each_key_once() -> None:
    lines = [line for line in build_menu_items([make_job(), make_job(paused=True)], []) if line]
    assert [(line.text, line.shortcut) for line in lines if line.shortcut] == [
        ("Pause", "Ctrl+P"),
        ("Remove 2 songs", "Del"),
    ]
    assert "Resume" in [line.text for line in lines]
