"""Texts of the window's actions, notices and top bar can all be translated: none stays English in the pseudo-language."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.audio.files import RejectedPath
from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import NO_STEMS_REASON, ExportJob, ExportState, SongResult
from desktop.jobs.model import JobState
from desktop.models.titles import find_model_title
from desktop.playback.song_state import SNAPSHOTS
from desktop.stage import Stage
from desktop.text.message import Message
from desktop.ui.app.event_notices import batch_result_text
from desktop.ui.app.export_texts import result_text
from desktop.ui.core.action import Scope
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_text import (
    STEMS_PENDING_TEXT,
    format_last_runtime,
    format_partial_results,
    format_runtime,
)
from desktop.ui.core.opener import no_file_manager_text
from desktop.ui.dialogs.shortcuts import list_shortcuts
from desktop.ui.pages.library.import_queue import ImportResult
from tests.helpers.jobs import make_job
from tests.helpers.pseudo_language import untranslated_words
from tests.helpers.window import WindowHarness, open_window

pytestmark = [
    pytest.mark.usefixtures("pseudo_language"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

TITLE = "2024 – 7"
"""A title without letters, so that the text around it is all that can be English."""
NAMES = {*SNAPSHOTS, "WAV", "FLAC", "Sketch"}
BUILT_IN_MODELS = ("htdemucs", "htdemucs_ft", "htdemucs_6s", "sketch")
RUNTIMES = ("openvino", "openvino bf16", "torch", "torch bf16", "cuda fp16", "mps fp16")


def is_translated(text: str) -> bool:
    return bool(text) and not untranslated_words(text, NAMES)


def test_names_of_actions_and_headings_of_shortcuts() -> None:
    assert all(is_translated(action.text) and is_translated(action.menu_text) for action in ACTIONS.values())
    assert all(is_translated(scope.heading) for scope in Scope)
    assert all(is_translated(name) for rows in list_shortcuts().values() for name, _ in rows)


def test_gestures() -> None:
    gestures = [text for action in ACTIONS.values() if action.scope.is_control for text in action.key_texts]
    assert gestures
    assert all(is_translated(text) for text in gestures)


@pytest.mark.parametrize("has_draft", [False, True])
@pytest.mark.parametrize("stage", [None, *Stage])
def test_status_of_a_separation(stage: Stage | None, has_draft: bool) -> None:
    job = make_job(state=JobState.PROCESSING, stage=stage, progress=0.5)
    assert is_translated(format_partial_results(job, has_draft))


@pytest.mark.parametrize("changes", [{}, {"paused": True}, {"progress": 0.5}, {"paused": True, "progress": 0.5}])
def test_status_of_a_queued_song(changes: dict[str, Any]) -> None:
    assert is_translated(format_partial_results(make_job(**changes), has_draft=False))
    assert is_translated(format_partial_results(make_job(**changes), has_draft=True))


def test_titles_of_models_and_sentences_about_runtimes() -> None:
    assert all(is_translated(str(find_model_title(name))) for name in BUILT_IN_MODELS)
    started = make_job().added
    for name in RUNTIMES:
        assert is_translated(format_runtime(name))
        assert is_translated(format_last_runtime([make_job(runtime=name, started=started)]))
    assert is_translated(str(STEMS_PENDING_TEXT))
    assert is_translated(no_file_manager_text(Path("/music")))


@pytest.mark.parametrize(("done", "failed"), [(2, 0), (0, 2), (1, 1)])
def test_result_of_a_batch(done: int, failed: int) -> None:
    assert is_translated(batch_result_text(done, failed))


@pytest.mark.parametrize("song_count", [0, 1, 2])
@pytest.mark.parametrize("skipped_count", [0, 1, 2, 5])
@pytest.mark.parametrize("reason", [NO_STEMS_REASON, Message("The disk is full.")])
@pytest.mark.parametrize("kind", [ExportKind.STEMS, ExportKind.MIX])
def test_result_of_an_export(song_count: int, skipped_count: int, reason: Message, kind: ExportKind) -> None:
    exported = [SongResult(TITLE, (Path("vocals.flac"),)) for _ in range(song_count)]
    skipped = [SongResult(TITLE, reason=reason) for _ in range(skipped_count)]
    export = ExportJob(
        "1",
        datetime.now(UTC),
        (),
        ExportSettings(kind).to_json(),
        Path("/music"),
        ExportState.CANCELLED,
        (*exported, *skipped),
        error=Message("The disk is full."),
    )
    assert is_translated(result_text(export))


def test_top_bar_and_notices(setting: WindowHarness, qtbot: QtBot) -> None:
    window = open_window(setting, qtbot)
    qtbot.waitUntil(lambda: bool(window.library.models))
    refused = [RejectedPath(Path("1"), Message("It is empty.")), RejectedPath(Path("2"), Message("It is empty."))]
    result = ImportResult(make_job().options, refusals=refused)
    window.library.import_queue.finished.emit(result)
    texts = [window.notices.notices[-1].text, window.notices.notices[-1].action_text]
    for widget in (window.top_bar, *window.top_bar.findChildren(QWidget)):
        if widget is not window.top_bar.search_field and not window.top_bar.search_field.isAncestorOf(widget):
            texts += [widget.accessibleName(), re.sub(r" \([^()]*\)$", "", widget.toolTip())]
    texts += [action.text() for action in window.top_bar.model_button.menu().actions()]
    assert [text for text in texts if text and not is_translated(text)] == []
