"""Table of the actions: menus, buttons, tooltips, accessible names, shortcuts and the list of shortcuts read it.

`app/actions.py` binds what an action runs.
"""

from collections.abc import Callable, Mapping

from desktop.jobs.model import Job, JobState
from desktop.text.message import Message
from desktop.ui.core.action import Action, ActionId, JobsPredicate, Scope
from desktop.ui.core.player_actions import PLAYER_ACTIONS


def _for_any(predicate: Callable[[Job], bool]) -> JobsPredicate:
    return lambda jobs: any(predicate(job) for job in jobs)


def _for_one(predicate: Callable[[Job], bool]) -> JobsPredicate:
    return lambda jobs: len(jobs) == 1 and predicate(jobs[0])


_for_one_pending = _for_one(lambda job: job.state is JobState.PENDING)


_APP_ACTIONS = (
    Action(ActionId.ADD_SONGS, Message("Add songs"), Scope.SONGS, ("Ctrl+O",), icon="plus", opens_dialog=True),
    Action(
        ActionId.ADD_FOLDER, Message("Add folder"), Scope.SONGS, ("Ctrl+Shift+O",), icon="folder", opens_dialog=True
    ),
    Action(ActionId.OPEN_STEMS, Message("Open stems"), Scope.SONGS, ("Ctrl+Alt+O",), icon="stems", opens_dialog=True),
    Action(ActionId.PASTE, Message("Paste songs"), Scope.SONGS, ("Ctrl+V",)),
    Action(
        ActionId.COPY_STEMS,
        Message("Copy stems"),
        Scope.SONGS,
        ("Ctrl+C",),
        _for_any(lambda job: bool(job.stems)),
    ),
    Action(
        ActionId.EXPORT,
        Message("Export"),
        Scope.SONGS,
        ("Ctrl+E",),
        _for_any(lambda job: bool(job.stems)),
        opens_dialog=True,
    ),
    Action(
        ActionId.REMOVE,
        Message("Remove"),
        Scope.SONGS,
        ("Del", "Backspace"),
        _for_any(lambda job: True),
        is_off_in_player=True,
    ),
    Action(ActionId.UNDO_REMOVAL, Message("Undo the last removal"), Scope.SONGS, ("Ctrl+Z",), is_off_in_player=True),
    Action(ActionId.REMOVE_FINISHED, Message("Remove finished songs"), Scope.SONGS, ("Ctrl+Shift+Del",)),
    Action(ActionId.SHOW_BIN, Message("Removed songs"), Scope.SONGS, opens_dialog=True),
    Action(ActionId.SEARCH, Message("Search"), Scope.SONGS, ("Ctrl+F",)),
    Action(ActionId.LEAVE, Message("Leave the search or the player"), Scope.SONGS, ("Esc",)),
    Action(ActionId.SHOW_LIBRARY, Message("Library"), Scope.SONGS, ("Ctrl+1",)),
    Action(ActionId.SHOW_PLAYER, Message("Player"), Scope.SONGS, ("Ctrl+2",)),
    Action(ActionId.SHOW_FILES, Message("Show files"), Scope.SONGS, (), _for_one(lambda job: True), icon="folder"),
    Action(
        ActionId.SHOW_ERROR,
        Message("Why it failed"),
        Scope.SONGS,
        (),
        _for_one(lambda job: job.state is JobState.FAILED),
        icon="alert",
        opens_dialog=True,
    ),
    Action(
        ActionId.SEPARATE_AGAIN,
        Message("Separate again"),
        Scope.SONGS,
        (),
        _for_any(lambda job: job.state.has_ended),
        icon="repeat",
    ),
    Action(
        ActionId.CANCEL, Message("Cancel"), Scope.QUEUE, (), _for_any(lambda job: not job.state.has_ended), icon="cross"
    ),
    Action(
        ActionId.PAUSE,
        Message("Pause"),
        Scope.QUEUE,
        (),
        _for_any(lambda job: not job.state.has_ended and not job.paused),
        icon="pause",
    ),
    Action(
        ActionId.RESUME,
        Message("Resume"),
        Scope.QUEUE,
        (),
        _for_any(lambda job: not job.state.has_ended and job.paused),
        icon="play",
    ),
    Action(ActionId.PAUSE_OR_RESUME, Message("Pause or resume songs"), Scope.QUEUE, ("Ctrl+P",)),
    Action(ActionId.PAUSE_OR_RESUME_QUEUE, Message("Pause or resume the queue"), Scope.QUEUE, ("Ctrl+Shift+P",)),
    Action(ActionId.SEPARATE_NEXT, Message("Separate next"), Scope.QUEUE, (), _for_one_pending),
    Action(ActionId.MOVE_UP, Message("Move up in the queue"), Scope.QUEUE, ("Alt+Up",), _for_one_pending),
    Action(ActionId.MOVE_DOWN, Message("Move down in the queue"), Scope.QUEUE, ("Alt+Down",), _for_one_pending),
    Action(ActionId.SHOW_SHORTCUTS, Message("Keyboard shortcuts"), Scope.APP, ("F1", "?")),
    Action(ActionId.SETTINGS, Message("Settings"), Scope.APP, ("Ctrl+,",), icon="gear"),
    Action(ActionId.OUTPUT_SETTINGS, Message("Output settings"), Scope.APP, opens_dialog=True),
    Action(ActionId.QUIT, Message("Quit"), Scope.APP, ("Ctrl+Q",)),
    Action(
        ActionId.OPEN_CELL,
        Message("Open the song, follow a link, press a button"),
        Scope.TABLE,
        gestures=(Message("Return"),),
    ),
    Action(ActionId.CHANGE_CELL, Message("Go from cell to cell"), Scope.TABLE, gestures=(Message("Arrows"),)),
    Action(
        ActionId.SHOW_MENU,
        Message("More actions"),
        Scope.TABLE,
        gestures=(Message("Shift+F10"), Message("Menu")),
        icon="dots",
    ),
)

ACTIONS: Mapping[ActionId, Action] = {action.id: action for action in (*_APP_ACTIONS, *PLAYER_ACTIONS)}
"""Every action; those of one scope are in the order of the list of shortcuts."""
