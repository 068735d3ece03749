"""The table of actions feeds shortcuts, menus, buttons and the list of shortcuts, and the window runs every action."""

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.text.message import Message
from desktop.ui.app.main_window import MainWindow
from desktop.ui.core.action import Action, ActionId, Scope
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_actions import available_actions, header_actions
from desktop.ui.dialogs.shortcuts import list_shortcuts
from desktop.ui.pages.library.menu import MenuItem, build_menu_items
from desktop.ui.theme.icons import create_glyph_icon
from desktop.ui.theme.palette import Colour
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_library_job
from tests.helpers.window import WindowHarness, add_separated_song, open_window

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def flatten(items: list[MenuItem | None]) -> list[MenuItem]:
    return [entry for item in items if item for entry in (item.submenu or (item,))]


def test_every_action_is_described() -> None:
    assert set(ACTIONS) == set(ActionId)


def test_window_runs_every_action_that_no_control_handles_itself(window: MainWindow) -> None:
    bound = {*window.registry._runs, *(action_id for action_id, _ in window.registry._qt_actions)}
    assert {action.id for action in ACTIONS.values() if not action.scope.is_control} == bound


def test_actions_of_one_scope_have_different_names() -> None:
    names = [(action.scope, action.text) for action in ACTIONS.values()]
    assert len(names) == len(set(names))


def test_every_icon_of_an_action_can_be_drawn(qtbot: QtBot) -> None:
    for icon in {action.icon for action in ACTIONS.values() if action.icon}:
        assert not create_glyph_icon(icon, Colour.TEXT).isNull()


@pytest.mark.parametrize("state", JobState)
def test_menu_offers_what_the_row_and_the_player_offer(state: JobState) -> None:
    job = make_job(state=state)
    in_menu = {item.action for item in flatten(build_menu_items([job], []))}
    assert {*available_actions(job), *header_actions(job)} <= in_menu


@pytest.mark.parametrize("state", JobState)
def test_menu_offers_only_enabled_actions(state: JobState) -> None:
    jobs = [make_job(state=state), make_job(state=state, paused=True)]
    for item in flatten(build_menu_items(jobs, [("htdemucs", "HT Demucs")], finished_count=1)):
        assert ACTIONS[item.action].enabled_when(jobs), item.text


def test_queue_actions_are_for_one_pending_job() -> None:
    pending, running = make_job(), make_job(state=JobState.PROCESSING)
    is_enabled = ACTIONS[ActionId.MOVE_UP].enabled_when
    assert (is_enabled([pending]), is_enabled([pending, pending]), is_enabled([running])) == (True, False, False)


def test_tooltip_names_the_first_key() -> None:
    assert ACTIONS[ActionId.SETTINGS].tooltip() == "Settings (Ctrl+,)"
    assert ACTIONS[ActionId.RETURN_TO_START].tooltip("Go back") == "Go back (Home)"
    assert Action(ActionId.CANCEL, Message("Cancel"), Scope.QUEUE).tooltip() == "Cancel"


def test_buttons_are_named_as_their_actions(setting: WindowHarness, qtbot: QtBot) -> None:
    song = add_separated_song(setting)
    window = open_window(setting, qtbot)
    window.job_view.select_job(song.id)
    qtbot.waitUntil(lambda: window.player.is_ready)
    names = {button.accessibleName() for button in window.findChildren(QAbstractButton) if button.isVisible()}
    expected = (
        ActionId.ADD_SONGS,
        ActionId.ADD_FOLDER,
        ActionId.SETTINGS,
        ActionId.EXPORT,
        ActionId.SHOW_FILES,
        ActionId.RETURN_TO_START,
    )
    assert {ACTIONS[action].text for action in expected} <= names


def test_list_has_every_key_under_the_heading_of_its_scope() -> None:
    listed = list_shortcuts()
    assert list(listed) == [scope.heading for scope in Scope]
    for action in ACTIONS.values():
        if action.key_texts and not action.is_per_lane:
            assert (action.text, ", ".join(action.key_texts)) in listed[action.scope.heading]


def test_export_by_key_exports_the_shown_song_if_none_is_selected(
    setting: WindowHarness, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = setting.store.insert(write_library_job(setting.home))
    window = open_window(setting, qtbot)
    window.job_view.select_job(song.id)
    qtbot.waitUntil(lambda: window.player_panel.job is not None)
    window.job_view.search("no such song", song.id)
    exported: list[list[Job]] = []
    monkeypatch.setattr(window.exporter, "export", exported.append)
    window.registry.qt_action(ActionId.EXPORT).trigger()
    assert [[job.id for job in jobs] for jobs in exported] == [[song.id]]
