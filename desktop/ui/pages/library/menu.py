"""Context menu of the selected jobs; it holds only the actions that apply to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.jobs.model import Job
from desktop.text.message import tr, tr_count
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.widgets.text_escaping import escape_menu_text


@dataclass(frozen=True)
class MenuItem:
    """An item of the menu."""

    text: str
    action: ActionId
    model: str | None = None
    """The name of the model, for Separate again."""
    shortcut: str = ""
    """The shortcut shown beside the item; the window handles the key."""
    submenu: tuple["MenuItem", ...] = ()
    """The items of its submenu."""


def build_menu_items(
    jobs: Sequence[Job], models: Sequence[tuple[str, str]], finished_count: int = 0
) -> list[MenuItem | None]:
    """Return the menu items for the selected `jobs`; None is a separator.

    `models` are pairs of name and title; `finished_count` is the number of ended jobs in the whole library.
    """
    items = _selection_items(jobs, models) if jobs else []
    items.append(None)
    if finished_count:
        text = tr_count(
            "Remove {count} finished song and its stems",
            "Remove {count} finished songs and their stems",
            finished_count,
        )
        items.append(_make_item(ActionId.REMOVE_FINISHED, text))
    items.append(_make_item(ActionId.SHOW_BIN))
    return items[1:] if items[0] is None else items


def _selection_items(jobs: Sequence[Job], models: Sequence[tuple[str, str]]) -> list[MenuItem | None]:
    items: list[MenuItem | None] = []
    items += _enabled_items(jobs, ActionId.SHOW_ERROR)
    if len(jobs) == 1 and jobs[0].last_attempt:
        items.append(MenuItem(tr("Why it was not separated again…"), ActionId.SHOW_ERROR))
    items += _enabled_items(
        jobs,
        ActionId.EXPORT,
        ActionId.COPY_STEMS,
        ActionId.SHOW_FILES,
        ActionId.SEPARATE_NEXT,
        ActionId.MOVE_UP,
        ActionId.MOVE_DOWN,
    )
    items += _pause_items(jobs)
    items += _enabled_items(jobs, ActionId.CANCEL)
    if ACTIONS[ActionId.SEPARATE_AGAIN].enabled_when(jobs):
        items += [None, _separate_again_item(models)]
    return [*items, None, _make_item(ActionId.REMOVE, _remove_text(jobs))]


def _enabled_items(jobs: Sequence[Job], *actions: ActionId) -> list[MenuItem]:
    return [_make_item(action) for action in actions if ACTIONS[action].enabled_when(jobs)]


def _remove_text(jobs: Sequence[Job]) -> str:
    has_stems = any(job.stems for job in jobs)
    if len(jobs) == 1:
        return tr("Remove with its stems") if has_stems else tr("Remove")
    if has_stems:
        return tr_count("Remove {count} song and its stems", "Remove {count} songs and their stems", len(jobs))
    return tr_count("Remove {count} song", "Remove {count} songs", len(jobs))


def _make_item(action: ActionId, text: str = "") -> MenuItem:
    return MenuItem(text or ACTIONS[action].menu_text, action, shortcut=ACTIONS[action].key)


def _pause_items(jobs: Sequence[Job]) -> list[MenuItem]:
    """Return the items that pause and resume; the first has the shortcut, which pauses while any job can be paused."""
    items = _enabled_items(jobs, ActionId.PAUSE, ActionId.RESUME)
    shortcuts = (ACTIONS[ActionId.PAUSE_OR_RESUME].key, "")
    return [replace(item, shortcut=shortcut) for item, shortcut in zip(items, shortcuts, strict=False)]


def _separate_again_item(models: Sequence[tuple[str, str]]) -> MenuItem:
    action = ACTIONS[ActionId.SEPARATE_AGAIN]
    if not models:
        return _make_item(action.id)
    submenu = tuple(MenuItem(title, action.id, name) for name, title in models)
    return MenuItem(tr("Separate again with"), action.id, submenu=submenu)


class JobMenu(QMenu):
    """Menu of `items`; the data of each QAction is its MenuItem."""

    def __init__(self, items: Sequence[MenuItem | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        _add_items(self, items)


def _add_items(menu: QMenu, items: Sequence[MenuItem | None]) -> None:
    for item in items:
        if item is None:
            menu.addSeparator()
        elif item.submenu:
            _add_items(menu.addMenu(escape_menu_text(item.text)), item.submenu)
        else:
            action = menu.addAction(escape_menu_text(item.text))
            action.setData(item)
            if item.shortcut:
                action.setShortcut(QKeySequence(item.shortcut))
                action.setShortcutVisibleInContextMenu(True)
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
