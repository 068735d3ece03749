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


def entries(jobs: Sequence[Job], models: Sequence[tuple[str, str]], finished: int = 0) -> list[Entry | None]:
    """Return the lines of the menu for `jobs`, None standing for a rule; `models` are names with titles.

    `finished` is how many songs of the whole library have ended.
    """
    lines = _for_chosen(jobs, models) if jobs else []
    lines.append(None)
    if finished:
        count = "1 finished song and its" if finished == 1 else f"{finished} finished songs and their"
        lines.append(Entry(f"Remove {count} stems", JobAction.CLEAR))
    lines.append(Entry("Removed songs…", JobAction.BIN))
    return lines[1:] if lines[0] is None else lines


def _for_chosen(jobs: Sequence[Job], models: Sequence[tuple[str, str]]) -> list[Entry | None]:
    one = jobs[0] if len(jobs) == 1 else None
    lines: list[Entry | None] = []
    if one is not None and one.state is JobState.FAILED:
        lines.append(Entry("Why it failed…", JobAction.DETAILS))
    if one is not None and one.last_attempt:
        lines.append(Entry("Why it was not separated again…", JobAction.DETAILS))
    if one is not None:
        lines.append(Entry("Show the stems’ folder" if one.stems else "Show the song’s folder", JobAction.SHOW_FILES))
    if one is not None and one.state is JobState.PENDING:
        lines.append(Entry("Separate next", JobAction.NEXT))
        lines += [Entry(action.value, action) for action in (JobAction.EARLIER, JobAction.LATER)]
    open_jobs = [job for job in jobs if not job.state.ended]
    # The key pauses as long as there is something to pause.
    for action in dict.fromkeys(hold(job)[0] for job in sorted(open_jobs, key=lambda job: job.paused)):
        lines.append(Entry(action.value, action))
    if open_jobs:
        lines.append(Entry("Cancel", JobAction.CANCEL))
    if any(job.state.ended for job in jobs):
        lines += [None, *_again(models)]
    return [*lines, None, Entry(_remove_words(jobs), JobAction.REMOVE)]


def _remove_words(jobs: Sequence[Job]) -> str:
    one = len(jobs) == 1
    what = "Remove" if one else f"Remove {len(jobs)} songs"
    stems = any(job.stems for job in jobs)
    return f"{what} {'with its' if one else 'and their'} stems" if stems else what


def _again(models: Sequence[tuple[str, str]]) -> list[Entry]:
    if not models:
        return [Entry("Separate again", JobAction.RETRY)]
    return [Entry(f"Separate again with {title}", JobAction.RETRY, name) for name, title in models]


class JobMenu(QMenu):
    """The menu as it opens; `picked` is the line that was chosen."""

    def __init__(self, lines: Sequence[Entry | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for line in lines:
            if line is None:
                self.addSeparator()
                continue
            action = self.addAction(menu_words(line.words))
            action.setData(line)
            if line.action in _KEYS:
                action.setShortcut(QKeySequence(_KEYS[line.action]))
                action.setShortcutVisibleInContextMenu(True)
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
