"""Texts of the job table: status, relative times, queue estimates and menus."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stem
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import ActionId
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.cells import search_text, tooltip
from desktop.ui.pages.library.columns import Column, fit_columns
from desktop.ui.pages.library.delegates import content_rect
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import JobMenu, MenuItem, build_menu_items
from desktop.ui.pages.library.queue_estimate import format_batch
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.pages.library.status import (
    Status,
    StatusLink,
    Tone,
    choose_model_to_separate_again,
    is_sketch_fallback,
    make_status,
)
from desktop.ui.pages.library.status_layout import layout_status
from desktop.ui.theme.fonts import ui_font
from tests.helpers.jobs import make_job

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # a Wednesday
STEMS = tuple(Stem(name, Path(name), Path(name)) for name in ("vocals", "drums", "bass", "other"))


def _completed_job(**changes: object) -> Job:
    return make_job(state=JobState.COMPLETED, stems=STEMS, **{"model_used": "htdemucs", "null_dbfs": -300.0} | changes)


@pytest.mark.parametrize(
    ("job", "text", "tone", "link"),
    [
        (make_job(), "Up next", Tone.DIM, StatusLink.NONE),
        (make_job(progress=0.05), "Queued at 5 %", Tone.DIM, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING), "Loading the model", Tone.PLAIN, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING, stage=Stage.DECODING), "Reading the song", Tone.PLAIN, StatusLink.NONE),
        (make_job(state=JobState.PROCESSING, cancel_requested=True), "Stopping", Tone.PLAIN, StatusLink.NONE),
        (_completed_job(), "4 stems: add up exactly to the original", Tone.GOOD, StatusLink.NONE),
        (_completed_job(null_dbfs=-92.0), "4 stems: add up to the original", Tone.GOOD, StatusLink.NONE),
        (
            _completed_job(model_used="sketch"),
            "4 stems: draft quality, Separate again",
            Tone.GOOD,
            StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY,
        ),
        (
            make_job(state=JobState.FAILED, error=verbatim("It is damaged.")),
            "Failed: It is damaged. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (
            make_job(
                state=JobState.FAILED,
                source=Path("/music/a.mp3"),
                error=verbatim("a.mp3 is not an audio file, or it is damaged."),
            ),
            "Failed: not an audio file, or it is damaged. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (
            make_job(state=JobState.FAILED, source=Path("/music/b.mp3"), error=verbatim("b.mp3 contains no audio.")),
            "Failed: contains no audio. Details",
            Tone.BAD,
            StatusLink.SHOW_ERROR,
        ),
        (make_job(state=JobState.FAILED), "Failed: The reason is unknown. Details", Tone.BAD, StatusLink.SHOW_ERROR),
        (make_job(state=JobState.CANCELLED), "Cancelled: Separate again", Tone.DIM, StatusLink.SEPARATE_AGAIN),
    ],
)
def test_every_state_has_a_status_text(job: Job, text: str, tone: Tone, link: StatusLink) -> None:
    status = make_status(job, 0, "HT Demucs")
    assert (status.full_text, status.tone, status.link) == (text, tone, link)


def test_paused_queue_and_paused_song_have_different_texts() -> None:
    texts = [
        make_status(job, 2, "", is_queue_paused=True).full_text
        for job in (make_job(), make_job(progress=0.05), make_job(paused=True))
    ]
    assert texts == ["Queued: 2 ahead · queue paused", "Paused at 5 % (queue paused)", "Paused"]


def test_status_says_how_well_stems_add_up_and_tooltip_gives_the_figure() -> None:
    assert make_status(_completed_job(null_dbfs=-40.0), 0, "").full_text == "4 stems: do not add up to the original"
    status = make_status(_completed_job(null_dbfs=-144.0), 0, "")
    assert status.tooltip == "The loudest difference to the original is −144 dBFS."
    assert status.tooltip in str(tooltip(_completed_job(), Column.STATUS, status))


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (make_job(), ["queued"]),
        (make_job(paused=True), ["paused"]),
        (make_job(state=JobState.PROCESSING), ["running"]),
        (_completed_job(), ["done"]),
        (_completed_job(model_used="sketch"), ["done", "draft"]),
        (make_job(state=JobState.FAILED, error=verbatim("It is damaged.")), ["failed"]),
        (make_job(state=JobState.CANCELLED), ["cancelled"]),
    ],
)
def test_song_is_found_by_its_state(job: Job, expected: list[str]) -> None:
    searchable_words = search_text(job, make_status(job, 3, ""), "HT Demucs").split()
    state_words = ("queued", "paused", "running", "done", "draft", "failed", "cancelled")
    assert [word for word in state_words if word in searchable_words] == expected


def test_draft_is_separated_again_with_the_requested_model() -> None:
    fallback_draft = _completed_job(model_used="sketch", model="htdemucs_ft")
    requested_draft = _completed_job(model_used="sketch", model="sketch")
    assert (is_sketch_fallback(fallback_draft), is_sketch_fallback(requested_draft)) == (True, False)
    assert choose_model_to_separate_again(fallback_draft, "htdemucs_6s") == "htdemucs_ft"
    assert choose_model_to_separate_again(requested_draft, "htdemucs_6s") == "htdemucs_6s"
    assert choose_model_to_separate_again(requested_draft, "sketch") == "htdemucs"


@pytest.mark.parametrize(
    ("ago", "text"),
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
def test_relative_time_is_formatted_as_people_say_it(ago: timedelta, text: str) -> None:
    assert format_relative_time(NOW - ago, NOW) == text


def test_batch_counts_from_the_first_song_to_the_last() -> None:
    model = JobTableModel()
    activity = ActivityTracker(model, model)
    jobs = [make_job(f"{n}", position=n, seconds=100.0) for n in range(3)]
    model.upsert_jobs([make_job("old", JobState.COMPLETED), *jobs])
    waiting = activity.batch
    assert waiting is not None
    assert format_batch(waiting) == ("3 songs queued", "")
    running = make_job("0", JobState.PROCESSING, id=jobs[0].id, progress=0.5, elapsed=60, left=60, seconds=100.0)
    model.upsert_jobs([running])
    batch = activity.batch
    assert batch is not None
    assert format_batch(batch) == ("Separating 1 of 3", "about 5 min left")
    done = make_job("0", JobState.COMPLETED, id=jobs[0].id)
    model.upsert_jobs([done])
    after = activity.batch
    assert after is not None
    assert (after.current_number, after.total, after.progress) == (2, 3, pytest.approx(1 / 3))
    model.remove_jobs([job.id for job in jobs[1:]])
    assert activity.batch is None
    model.upsert_jobs([jobs[1]])
    new_batch = activity.batch
    assert new_batch is not None
    assert new_batch.total == 1


@pytest.mark.parametrize("width", [1008, 1024, 1440, 3840])
def test_columns_fill_the_window_exactly(width: int) -> None:
    assert sum(fit_columns(width).values()) == width
    assert Column.ARTIST not in fit_columns(width)


def test_tempo_and_key_are_shown_where_they_fit_and_hidden_together_elsewhere() -> None:
    for width in range(900, 1400):
        assert len(fit_columns(width).keys() & {Column.TEMPO, Column.KEY}) == (2 if width >= 1186 else 0), width


def test_relative_times_fit_their_column_in_the_smallest_window(window: MainWindow) -> None:
    texts = ("59 min ago", "Wednesday", "28 Nov 2025")
    widest = max(QFontMetricsF(ui_font()).horizontalAdvance(text) for text in texts)
    assert content_rect(QRect(0, 0, fit_columns(1024 - 12)[Column.ADDED], 48), Column.ADDED).width() >= widest


STATUSES = (
    make_status(_completed_job(), 0, "HT Demucs"),
    make_status(_completed_job(model_used="sketch"), 0, "HT Demucs · fine-tuned"),
    make_status(make_job(state=JobState.FAILED, error=verbatim("word " * 60)), 0, ""),
    make_status(make_job(state=JobState.FAILED, error=verbatim("W" * 300)), 0, ""),
    make_status(make_job(state=JobState.PROCESSING, stage=Stage.DOWNLOADING, progress=1.0), 0, ""),
    make_status(make_job(progress=0.05), 2, "", is_queue_paused=True),
)


@pytest.mark.parametrize("width", [160, 246, 380, 900])
@pytest.mark.parametrize("status", STATUSES)
def test_status_stays_inside_its_cell(qtbot: QtBot, status: Status, width: int) -> None:
    cell = QRectF(100, 48, width, 48)
    layout = layout_status(status, cell)
    for run in layout.runs:
        assert cell.adjusted(-1, 0, 2, 0).contains(run.rect)
    assert layout.bar_rect is None or cell.contains(layout.bar_rect)


@pytest.mark.parametrize("width", [246, 380, 900])
def test_details_link_can_be_clicked_however_long_the_error_is(qtbot: QtBot, width: int) -> None:
    layout = layout_status(STATUSES[2], QRectF(0, 0, width, 48))
    link = layout.runs[-1]
    assert link.text == "Details"
    assert layout.link_at(link.rect.center().x(), link.rect.center().y()) is StatusLink.SHOW_ERROR
    assert layout.link_at(1, 1) is StatusLink.NONE


def test_menu_offers_only_possible_actions() -> None:
    models = [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]

    def item_texts(*jobs: Job) -> list[str]:
        return [item.text for item in build_menu_items(jobs, models) if item is not None]

    assert item_texts(make_job()) == [
        "Show files",
        "Separate next",
        "Move up in the queue",
        "Move down in the queue",
        "Pause",
        "Cancel",
        "Remove",
        "Removed songs…",
    ]
    assert item_texts(_completed_job()) == [
        "Export…",
        "Copy stems",
        "Show files",
        "Separate again with",
        "Remove with its stems",
        "Removed songs…",
    ]
    assert item_texts(make_job(state=JobState.FAILED))[0] == "Why it failed…"
    assert item_texts(make_job(), _completed_job())[-2] == "Remove 2 songs and their stems"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_separate_again_is_a_submenu_of_models(qtbot: QtBot) -> None:
    menu = JobMenu(build_menu_items([_completed_job()], [("htdemucs", "HT Demucs"), ("sketch", "Sketch")]))
    qtbot.addWidget(menu)
    submenu = next(action.menu() for action in menu.actions() if action.text() == "Separate again with")
    assert isinstance(submenu, QMenu)
    assert [action.text() for action in submenu.actions()] == ["HT Demucs", "Sketch"]
    with qtbot.waitSignal(menu.triggered) as triggered:
        menu.popup(QPoint(10, 10))
        submenu.actions()[1].trigger()
    menu.close()
    assert triggered.args[0].data() == MenuItem("Sketch", ActionId.SEPARATE_AGAIN, "sketch")


def test_menu_of_a_mixed_selection_shows_each_shortcut_once() -> None:
    items = [item for item in build_menu_items([make_job(), make_job(paused=True)], []) if item]
    assert [(item.text, item.shortcut) for item in items if item.shortcut] == [
        ("Pause", "Ctrl+P"),
        ("Remove 2 songs", "Del"),
    ]
    assert "Resume" in [item.text for item in items]
