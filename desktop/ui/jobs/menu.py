"""The menu of the chosen songs: what can be done to them, and nothing that cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.jobs.model import Job, JobState
from desktop.ui.jobs.buttons import JobAction, hold
from desktop.ui.plain import menu_words

_KEYS = {
    JobAction.EXPORT: "Ctrl+E",
    JobAction.EARLIER: "Alt+Up",
    JobAction.LATER: "Alt+Down",
    JobAction.PAUSE: "Ctrl+P",
    JobAction.RESUME: "Ctrl+P",
    JobAction.REMOVE: "Del",
    JobAction.CLEAR: "Ctrl+Shift+Del",
}
"""Shown beside a line; the window acts on them."""


@dataclass(frozen=True)
class Entry:
    """A line of the menu."""

    words: str
    action: JobAction
    model: str | None = None
    """For "separate again": with which model."""
    key: str = ""
    """The key that does the same, shown beside the line; the window acts on it."""
    choices: tuple["Entry", ...] = ()
    """The lines of its submenu."""


def entries(jobs: Sequence[Job], models: Sequence[tuple[str, str]], finished: int = 0) -> list[Entry | None]:
    """Return the lines of the menu for `jobs`, None standing for a rule; `models` are names with titles.

    `finished` is how many songs of the whole library have ended.
    """
    lines = _for_chosen(jobs, models) if jobs else []
    lines.append(None)
    if finished:
        count = "1 finished song and its" if finished == 1 else f"{finished} finished songs and their"
        lines.append(_entry(JobAction.CLEAR, f"Remove {count} stems"))
    lines.append(_entry(JobAction.BIN, "Removed songs…"))
    return lines[1:] if lines[0] is None else lines


def _for_chosen(jobs: Sequence[Job], models: Sequence[tuple[str, str]]) -> list[Entry | None]:
    one = jobs[0] if len(jobs) == 1 else None
    lines: list[Entry | None] = []
    if one is not None and one.state is JobState.FAILED:
        lines.append(Entry("Why it failed…", JobAction.DETAILS))
    if one is not None and one.last_attempt:
        lines.append(Entry("Why it was not separated again…", JobAction.DETAILS))
    if any(job.stems for job in jobs):
        lines.append(_entry(JobAction.EXPORT, "Export stems…"))
    if one is not None:
        lines.append(_entry(JobAction.SHOW_FILES))
    if one is not None and one.state is JobState.PENDING:
        lines += [_entry(action) for action in (JobAction.NEXT, JobAction.EARLIER, JobAction.LATER)]
    lines += _hold([job for job in jobs if not job.state.ended])
    if any(job.state.ended for job in jobs):
        lines += [None, _again(models)]
    return [*lines, None, _entry(JobAction.REMOVE, _remove_words(jobs))]


def _remove_words(jobs: Sequence[Job]) -> str:
    one = len(jobs) == 1
    what = "Remove" if one else f"Remove {len(jobs)} songs"
    stems = any(job.stems for job in jobs)
    return f"{what} {'with its' if one else 'and their'} stems" if stems else what


def _entry(action: JobAction, words: str = "") -> Entry:
    return Entry(words or action.value, action, key=_KEYS.get(action, ""))


def _hold(jobs: Sequence[Job]) -> list[Entry | None]:
    """Return the lines for songs that have not ended. The key pauses as long as there is something to pause."""
    if not jobs:
        return []
    actions = dict.fromkeys(hold(job)[0] for job in sorted(jobs, key=lambda job: job.paused))
    keys = (_KEYS[JobAction.PAUSE], "")
    held = [Entry(action.value, action, key=key) for action, key in zip(actions, keys, strict=False)]
    return [*held, _entry(JobAction.CANCEL)]


def _again(models: Sequence[tuple[str, str]]) -> Entry:
    if not models:
        return _entry(JobAction.RETRY)
    choices = tuple(Entry(title, JobAction.RETRY, name) for name, title in models)
    return Entry(f"{JobAction.RETRY.value} with", JobAction.RETRY, choices=choices)


class JobMenu(QMenu):
    """The menu as it opens; `picked` is the line that was chosen."""

    def __init__(self, lines: Sequence[Entry | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        _fill(self, lines)


def _fill(menu: QMenu, lines: Sequence[Entry | None]) -> None:
    for line in lines:
        if line is None:
            menu.addSeparator()
        elif line.choices:
            _fill(menu.addMenu(menu_words(line.words)), line.choices)
        else:
            action = menu.addAction(menu_words(line.words))
            action.setData(line)
            if line.key:
                action.setShortcut(QKeySequence(line.key))
                action.setShortcutVisibleInContextMenu(True)
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
