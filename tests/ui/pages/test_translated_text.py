"""Texts of table, player, notices and their menus can all be translated: none stays English in the pseudo-language."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState
from desktop.paths import Home
from desktop.playback.session import Session
from desktop.stage import Stage
from desktop.text.catalogue import ENGLISH, PSEUDO_LANGUAGE, use_language
from desktop.text.message import Message
from desktop.ui.pages.library.empty_state import EmptyState
from desktop.ui.pages.library.header import JobHeader
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.queue_estimate import BatchProgress, format_batch
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.song_states import SongStateStore
from desktop.ui.pages.player.transport_bar import TransportBar
from desktop.ui.widgets.file_drop import files_from_mime
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.ui.widgets.search_field import SearchField
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_completed_job
from tests.helpers.translation import is_translated, list_widget_texts

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
NAMES = {"title": "7", "artist": "8", "album": "9", "source": Path("/1/2")}
"""Names without letters, so that the text around them is all that can be English."""


@pytest.fixture(autouse=True)
def pseudo_language() -> Iterator[None]:
    """Show all text in the pseudo-language."""
    use_language(PSEUDO_LANGUAGE, Path())
    yield
    use_language(ENGLISH, Path())


def find_untranslated(texts: Iterable[str]) -> set[str]:
    """Return the texts that have English words; keys at the end of a tooltip, units and letters on buttons are none."""
    shortened = {re.sub(r"( \([^()]*\)|\bdB|^[MS])$", "", text) for text in texts if text}
    return {text for text in shortened if not is_translated(text)}


def list_jobs() -> list[Job]:
    """Return jobs in every state and with every status."""
    completed = make_job(state=JobState.COMPLETED, **NAMES)
    retry_time = datetime.now(UTC) + timedelta(minutes=1)
    waiting = [{}, {"paused": True}, {"progress": 0.5}, {"paused": True, "progress": 0.5}, {"not_before": retry_time}]
    running = [{"stage": stage} for stage in (None, *Stage)] + [{"paused": True}, {"cancel_requested": True}]
    failed = [{}, {"error": Message("It is damaged.")}]
    attempts = (
        Attempt(JobState.FAILED, Message("It is damaged.")),
        Attempt(JobState.FAILED),
        Attempt(JobState.CANCELLED),
    )
    return [
        make_job(state=JobState.CANCELLED, **NAMES),
        *(make_job(state=JobState.FAILED, **NAMES, **changes) for changes in failed),
        *(
            make_job(state=state, earlier=earlier, **NAMES, **changes)
            for earlier in (None, completed)
            for state, all_changes in ((JobState.PENDING, waiting), (JobState.PROCESSING, running))
            for changes in all_changes
        ),
        *(replace(completed, id=str(uuid4()), null_dbfs=level) for level in (None, -300.0, -90.0, -20.0)),
        *(replace(completed, id=str(uuid4()), last_attempt=attempt) for attempt in attempts),
        replace(completed, id=str(uuid4()), model_used="sketch", notices=(Message("It ends early."),)),
    ]


@pytest.mark.parametrize("is_queue_paused", [False, True])
def test_cells_and_headings_of_the_table(is_queue_paused: bool) -> None:
    model = JobTableModel()
    model.upsert_jobs(list_jobs())
    model.set_queue_paused(is_queue_paused)
    cells = [model.index(row, column) for row in range(model.rowCount()) for column in range(model.columnCount())]
    assert find_untranslated(cell.data(role) for cell in cells for role in ROLES) == set()
    headings = [
        model.headerData(column, Qt.Orientation.Horizontal, role)
        for column in range(model.columnCount())
        for role in ROLES[:2]
    ]
    assert find_untranslated(str(heading) for heading in headings) == set()


def test_menus_of_the_table(qtbot: QtBot) -> None:
    header = JobHeader()
    qtbot.addWidget(header)
    texts = [action.text() for action in header.build_sort_menu().actions()]
    for jobs in (list_jobs(), *([job] for job in list_jobs()), []):
        for models in ([], [("1", "2")]):
            texts += [item.text for item in build_menu_items(jobs, models, len(jobs)) if item]
    assert find_untranslated(texts) == set()


@pytest.mark.parametrize("song_count", [1, 2])
@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("is_paused", [False, True])
def test_progress_of_a_batch(song_count: int, is_running: bool, is_paused: bool) -> None:
    batch = BatchProgress(1, song_count, 0.5, None, is_running)
    assert find_untranslated(format_batch(batch, is_paused)) == set()


def test_times_of_adding() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    ages = [timedelta(0), timedelta(minutes=5), timedelta(hours=3), *(timedelta(days=days) for days in range(1, 700))]
    assert find_untranslated(format_relative_time(now - age, now) for age in ages) == set()


def test_player_in_every_state_of_a_song(qtbot: QtBot, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create_folders()
    session = Session()
    controller = PlayerController(session, SongStateStore(home))
    panel, transport_bar = PlayerPanel(controller, home), TransportBar(controller)
    for widget in (panel, transport_bar):
        qtbot.addWidget(widget)
    completed = replace(write_completed_job(tmp_path / "stems"), **NAMES)
    texts: list[str] = []
    for job in (None, *list_jobs(), completed, replace(completed, stems=())):
        panel.show_job(job)
        qtbot.waitUntil(lambda is_loaded=job is completed: controller.is_ready or not is_loaded)
        texts += [*list_widget_texts(panel), *list_widget_texts(transport_bar)]
    controller.set_mute(0, True)
    panel.stop_reading()
    controller.close()
    session.close()
    assert find_untranslated(texts) == set()


def test_empty_library_search_field_notices_and_refused_drops(qtbot: QtBot) -> None:
    notices = NoticeStrip()
    notices.show_notice(Notice("1", progress=0.5))
    notices.show_notice(Notice("2"))
    texts: list[str] = []
    for widget in (EmptyState(has_demo=True), SearchField(), notices):
        qtbot.addWidget(widget)
        texts += list_widget_texts(widget)
    data = QMimeData()
    data.setUrls([QUrl("https://1.2.3.4/5")])
    texts += [str(refusal.reason).replace("https", "") for refusal in files_from_mime(data).refusals]
    assert find_untranslated(texts) == set()
