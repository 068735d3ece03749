"""Context menu of the selected jobs; it holds only the actions that apply to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.jobs.model import Job, JobState
from desktop.text.plurals import format_count
from desktop.ui.core.job_actions import JobAction, pause_or_resume_action
from desktop.ui.widgets.text_escaping import escape_menu_text

_SHORTCUTS = {
    JobAction.EXPORT: "Ctrl+E",
    JobAction.MOVE_UP: "Alt+Up",
    JobAction.MOVE_DOWN: "Alt+Down",
    JobAction.PAUSE: "Ctrl+P",
    JobAction.RESUME: "Ctrl+P",
    JobAction.REMOVE: "Del",
    JobAction.REMOVE_FINISHED: "Ctrl+Shift+Del",
}
"""Shortcuts shown beside the items; the window handles the keys."""


@dataclass(frozen=True)
class MenuItem:
    """An item of the menu."""

    text: str
    action: JobAction
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
        finished_text = format_count(finished_count, "finished song and its", "finished songs and their")
        items.append(_make_item(JobAction.REMOVE_FINISHED, f"Remove {finished_text} stems"))
    items.append(_make_item(JobAction.SHOW_BIN, "Removed songs…"))
    return items[1:] if items[0] is None else items


def _selection_items(jobs: Sequence[Job], models: Sequence[tuple[str, str]]) -> list[MenuItem | None]:
    single_job = jobs[0] if len(jobs) == 1 else None
    items: list[MenuItem | None] = []
    if single_job is not None and single_job.state is JobState.FAILED:
        items.append(MenuItem("Why it failed…", JobAction.SHOW_ERROR))
    if single_job is not None and single_job.last_attempt:
        items.append(MenuItem("Why it was not separated again…", JobAction.SHOW_ERROR))
    if any(job.stems for job in jobs):
        items.append(_make_item(JobAction.EXPORT, "Export stems…"))
    if single_job is not None:
        items.append(_make_item(JobAction.SHOW_FILES))
    if single_job is not None and single_job.state is JobState.PENDING:
        items += [_make_item(action) for action in (JobAction.SEPARATE_NEXT, JobAction.MOVE_UP, JobAction.MOVE_DOWN)]
    items += _pause_items([job for job in jobs if not job.state.has_ended])
    if any(job.state.has_ended for job in jobs):
        items += [None, _retry_item(models)]
    return [*items, None, _make_item(JobAction.REMOVE, _remove_text(jobs))]


def _remove_text(jobs: Sequence[Job]) -> str:
    is_single = len(jobs) == 1
    text = "Remove" if is_single else f"Remove {len(jobs)} songs"
    has_stems = any(job.stems for job in jobs)
    return f"{text} {'with its' if is_single else 'and their'} stems" if has_stems else text


def _make_item(action: JobAction, text: str = "") -> MenuItem:
    return MenuItem(text or action.value, action, shortcut=_SHORTCUTS.get(action, ""))


def _pause_items(jobs: Sequence[Job]) -> list[MenuItem | None]:
    """Return the items for jobs that have not ended; Pause has the shortcut while any job can be paused."""
    if not jobs:
        return []
    actions = dict.fromkeys(pause_or_resume_action(job)[0] for job in sorted(jobs, key=lambda job: job.paused))
    shortcuts = (_SHORTCUTS[JobAction.PAUSE], "")
    items = [
        MenuItem(action.value, action, shortcut=shortcut) for action, shortcut in zip(actions, shortcuts, strict=False)
    ]
    return [*items, _make_item(JobAction.CANCEL)]


def _retry_item(models: Sequence[tuple[str, str]]) -> MenuItem:
    if not models:
        return _make_item(JobAction.RETRY)
    submenu = tuple(MenuItem(title, JobAction.RETRY, name) for name, title in models)
    return MenuItem(f"{JobAction.RETRY.value} with", JobAction.RETRY, submenu=submenu)


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
