"""Texts of table, player, notices and their menus can all be translated: none stays English in the pseudo-language."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.playback.song_state import SNAPSHOTS
from desktop.ui.pages.library.empty_state import EmptyState
from desktop.ui.pages.library.header import JobHeader
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.menu import build_menu_items
from desktop.ui.pages.library.queue_estimate import BatchProgress, format_batch
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.song_loader import SongStateStore
from desktop.ui.pages.player.transport_bar import TransportBar
from desktop.ui.widgets.file_drop import files_from_mime
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.ui.widgets.search_field import SearchField
from tests.helpers.jobs import NAMES_WITHOUT_LETTERS as NAMES
from tests.helpers.jobs import make_jobs_in_every_state
from tests.helpers.pseudo_language import find_untranslated
from tests.helpers.stems import write_completed_job
from tests.helpers.widget_texts import KEY_NAMES, list_widget_texts

pytestmark = [
    pytest.mark.usefixtures("pseudo_language"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)


def check_translated(texts: Iterable[str]) -> None:
    """Check that no text has an English word; names of keys, letters on buttons and names of mixes are none."""
    assert not find_untranslated(texts, {*KEY_NAMES, *SNAPSHOTS, "M", "S"})


@pytest.mark.parametrize("is_queue_paused", [False, True])
def test_cells_and_headings_of_the_table(is_queue_paused: bool) -> None:
    model = JobTableModel()
    model.upsert_jobs(make_jobs_in_every_state(**NAMES))
    model.set_queue_paused(is_queue_paused)
    cells = [model.index(row, column) for row in range(model.rowCount()) for column in range(model.columnCount())]
    check_translated(cell.data(role) for cell in cells for role in ROLES)
    headings = [
        model.headerData(column, Qt.Orientation.Horizontal, role)
        for column in range(model.columnCount())
        for role in ROLES[:2]
    ]
    check_translated(str(heading) for heading in headings)


def test_menus_of_the_table(qtbot: QtBot) -> None:
    header = JobHeader()
    qtbot.addWidget(header)
    texts = [action.text() for action in header.build_sort_menu().actions()]
    for jobs in (make_jobs_in_every_state(**NAMES), *([job] for job in make_jobs_in_every_state(**NAMES)), []):
        for models in ([], [("1", "2")]):
            texts += [item.text for item in build_menu_items(jobs, models, len(jobs)) if item]
    check_translated(texts)


@pytest.mark.parametrize("song_count", [1, 2])
@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("is_paused", [False, True])
def test_progress_of_a_batch(song_count: int, is_running: bool, is_paused: bool) -> None:
    batch = BatchProgress(1, song_count, 0.5, None, is_running)
    check_translated(format_batch(batch, is_paused))


def test_times_of_adding() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    ages = [timedelta(0), timedelta(minutes=5), timedelta(hours=3), *(timedelta(days=days) for days in range(1, 700))]
    check_translated(format_relative_time(now - age, now) for age in ages)


def test_player_in_every_state_of_a_song(qtbot: QtBot, tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create_folders()
    session = Session(LocalEngine())
    controller = PlayerController(session, SongStateStore(home))
    panel, transport_bar = PlayerPanel(controller, home), TransportBar(controller)
    for widget in (panel, transport_bar):
        qtbot.addWidget(widget)
    completed = replace(write_completed_job(tmp_path / "stems"), **NAMES)
    texts: list[str] = []
    for job in (None, *make_jobs_in_every_state(**NAMES), completed, replace(completed, stems=())):
        panel.show_job(job)
        qtbot.waitUntil(lambda is_loaded=job is completed: controller.is_ready or not is_loaded)
        texts += [*list_widget_texts(panel), *list_widget_texts(transport_bar)]
    controller.mix.set_mute(0, True)
    panel.stop_reading()
    controller.close()
    session.close()
    check_translated(texts)


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
    check_translated(texts)
