"""The header of the Player page shows the state of the song and offers what can be done with it."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.page_header import PageHeader
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def header(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> PageHeader:
    """Return the header of a loaded song."""
    job = write_completed_job(tmp_path / "stems")
    controller.tracks.load(job.id, [stem.path for stem in job.stems], [stem.name for stem in job.stems])
    qtbot.waitUntil(lambda: controller.is_ready)
    created = PageHeader(controller, lambda painter, rect, job: None)
    qtbot.addWidget(created)
    created.show_job(job)
    return created


def button(header: PageHeader, action_id: ActionId) -> QAbstractButton:
    name = ACTIONS[action_id].text
    return next(each for each in header.findChildren(QAbstractButton) if each.accessibleName() == name)


def test_undo_and_redo_are_offered_only_while_they_would_change_something(
    controller: PlayerController, header: PageHeader
) -> None:
    undo, redo = button(header, ActionId.UNDO_CHANGE), button(header, ActionId.REDO_CHANGE)

    def offered() -> tuple[bool, bool]:
        return undo.isEnabled(), redo.isEnabled()

    assert offered() == (False, False)
    controller.mix.set_mute(0, True)
    assert offered() == (True, False)
    controller.undo()
    assert offered() == (False, True)
    controller.redo()
    assert offered() == (True, False)
    controller.undo()
    controller.practice.set_cents(100)
    assert offered() == (True, False)
    controller.set_visible_range(0.5, 1.0)  # moves nothing but the view
    controller.undo()
    assert offered() == (False, True)
    controller.tracks.unload()
    assert offered() == (False, False)


def test_tooltip_of_the_mixes_names_the_keys_that_choose_them(header: PageHeader) -> None:
    keys = ACTIONS[ActionId.CHOOSE_MIX].key_texts
    assert f"({keys[0]} to {keys[-1]})" in header.snapshots.toolTip()
