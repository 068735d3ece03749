"""Registry of the window's actions: handlers, shortcuts, and the keys that a focused control handles itself.

`core/actions.py` describes the actions.
"""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QTabBar,
    QWidget,
)

from desktop.jobs.model import Job
from desktop.ui.core.actions import ACTIONS, Action, ActionId
from desktop.ui.widgets.segmented_control import SegmentButton

_NAVIGATION_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)
"""Not Page Up and Page Down: where they are no shortcuts, controls get them all the same, and on the Player page a foot
pedal must work wherever the focus is."""
_CONTROL_KEYS: tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...] = (
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (SegmentButton, _NAVIGATION_KEYS),
    (QAbstractSpinBox, _NAVIGATION_KEYS - {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}),
    (QComboBox, _NAVIGATION_KEYS | {Qt.Key.Key_Space}),
    (QAbstractSlider, _NAVIGATION_KEYS),
    (QAbstractItemView, _NAVIGATION_KEYS),
    (QTabBar, _NAVIGATION_KEYS),
)
"""Keys that each kind of control uses while it has the focus. Text fields override their keys without this filter."""


class ActionRegistry(QObject):
    """Runs the actions of a window, from menus and buttons and by their shortcuts."""

    def __init__(self, window: QWidget, selected_jobs: Callable[[], Sequence[Job]]) -> None:
        """`selected_jobs` returns the jobs that a shortcut applies to."""
        super().__init__(window)
        self._window = window
        self._selected_jobs = selected_jobs
        self._runs: dict[ActionId, Callable[[Sequence[Job]], object]] = {}
        self._qt_actions: dict[tuple[ActionId, int], QAction] = {}
        window.installEventFilter(ShortcutOverrideFilter(window))

    def bind(self, action_id: ActionId, run: Callable[[], object]) -> None:
        """Bind `run` and register the shortcuts of the action."""
        self.bind_for_jobs(action_id, lambda _: run())

    def bind_for_jobs(self, action_id: ActionId, run: Callable[[Sequence[Job]], object]) -> None:
        """Bind `run`, which gets the jobs that the action applies to, and register its shortcuts."""
        action = ACTIONS[action_id]
        self._runs[action_id] = run
        if action.keys or action.player_keys:
            self._add_qt_action(action, 0, action.text, action.keys, partial(self.run, action_id))

    def bind_for_lanes(self, action_id: ActionId, run: Callable[[int], object]) -> None:
        """Bind `run`, which gets the number of a lane, from 0, and register a shortcut for each lane."""
        action = ACTIONS[action_id]
        for lane, key in enumerate(action.keys):
            self._add_qt_action(action, lane, action.lane_text(lane), (key,), partial(run, lane))

    def set_player_open(self, is_open: bool) -> None:
        """Set whether the Player page is open, where some actions have other keys and some have none."""
        for (action_id, _), qt_action in self._qt_actions.items():
            action = ACTIONS[action_id]
            if action.player_keys:
                _set_keys(qt_action, (*action.keys, *action.player_keys) if is_open else action.keys)
            if action.is_off_in_player:
                qt_action.setEnabled(not is_open)

    def run(self, action_id: ActionId, jobs: Sequence[Job] | None = None) -> None:
        """Run an action on `jobs`, or on the selected ones. Raises KeyError if it is not bound."""
        self._runs[action_id](self._selected_jobs() if jobs is None else jobs)

    def qt_action(self, action_id: ActionId, lane: int = 0) -> QAction:
        """Return the QAction of an action with keys, or of one of its lanes. Raises KeyError if there is none."""
        return self._qt_actions[action_id, lane]

    @property
    def qt_actions(self) -> tuple[QAction, ...]:
        """The QActions of all actions with keys."""
        return tuple(self._qt_actions.values())

    def _add_qt_action(
        self, action: Action, lane: int, text: str, keys: Sequence[str], run: Callable[[], object]
    ) -> None:
        qt_action = QAction(text, self._window)
        _set_keys(qt_action, keys)
        qt_action.setAutoRepeat(action.auto_repeats)
        qt_action.triggered.connect(_Slot(run, qt_action).call)
        self._window.addAction(qt_action)
        self._qt_actions[action.id, lane] = qt_action


class ShortcutOverrideFilter(QObject):
    """Event filter that gives a key to the focused control that uses it, rather than to a shortcut of the window.

    Install it on the window: Qt offers a shortcut's key to the focused control first, then to its parents.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the override of a key that the focused control uses, so that Qt sends the key to the control."""
        if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if not _is_used_by_control(event, QApplication.focusWidget()):
            return False
        event.accept()
        return True


def _is_used_by_control(event: QKeyEvent, control: QWidget | None) -> bool:
    """Return True if `control` uses the key and no modifier is held."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return any(isinstance(control, kind) and event.key() in keys for kind, keys in _CONTROL_KEYS)


def _set_keys(qt_action: QAction, keys: Sequence[str]) -> None:
    qt_action.setShortcuts([QKeySequence(key) for key in keys])


class _Slot(QObject):
    """Slot that drops the `checked` argument of `QAction.triggered` and calls the callback without arguments."""

    def __init__(self, callback: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._callback = callback

    def call(self) -> None:
        self._callback()
