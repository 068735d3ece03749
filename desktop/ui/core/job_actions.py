"""Actions that the user can apply to a job, and the buttons for them at the end of the job's row."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF

from desktop.jobs.model import Job, JobState

BUTTON_SIZE_PX = 28.0


class JobAction(Enum):
    """An action of the user on a job or on the library; the value is its label."""

    SEPARATE_NEXT = "Separate next"
    MOVE_UP = "Move up in the queue"
    MOVE_DOWN = "Move down in the queue"
    PAUSE = "Pause"
    RESUME = "Resume"
    CANCEL = "Cancel"
    RETRY = "Separate again"
    EXPORT = "Export stems"
    SHOW_FILES = "Show files"
    SHOW_ERROR = "Why it failed"
    REMOVE = "Remove from the library"
    REMOVE_FINISHED = "Remove finished songs"
    SHOW_BIN = "Removed songs"
    SHOW_MENU = "More actions"


@dataclass(frozen=True)
class RowButton:
    """A button in a row of the job table."""

    action: JobAction
    icon: str
    rect: QRectF
    is_always_visible: bool = False
    """Whether it is drawn even while the row is neither hovered nor selected."""


def primary_action(job: Job) -> tuple[JobAction, str]:
    """Return the most likely action for a job in this state, and the name of its icon."""
    match job.state:
        case JobState.PENDING | JobState.PROCESSING:
            return JobAction.CANCEL, "cross"
        case JobState.COMPLETED:
            return JobAction.SHOW_FILES, "folder"
        case JobState.FAILED | JobState.CANCELLED:
            return JobAction.RETRY, "retry"


def pause_or_resume_action(job: Job) -> tuple[JobAction, str]:
    """Return PAUSE or RESUME, whichever applies to a job that has not ended, and the name of its icon."""
    return (JobAction.RESUME, "play") if job.paused else (JobAction.PAUSE, "pause")


def available_actions(job: Job) -> list[tuple[JobAction, str]]:
    """Return the actions of a row's buttons with their icon names, most likely first, without the menu button."""
    return [primary_action(job)] if job.state.has_ended else [primary_action(job), pause_or_resume_action(job)]


def player_actions(job: Job) -> list[tuple[JobAction, str]]:
    """Return the actions of the player's buttons for its job with their icon names, most likely last."""
    details = [(JobAction.SHOW_ERROR, "note")] if job.state is JobState.FAILED else []
    return [*details, *reversed(available_actions(job))]


def layout_row_buttons(job: Job, rect: QRectF) -> tuple[RowButton, ...]:
    """Return the buttons of a row, placed at the right end of `rect`."""
    menu_rect = QRectF(
        rect.right() - BUTTON_SIZE_PX + 4, rect.center().y() - BUTTON_SIZE_PX / 2, BUTTON_SIZE_PX, BUTTON_SIZE_PX
    )
    # A paused job always shows how to resume it.
    return (
        *(
            RowButton(
                action,
                icon,
                menu_rect.translated(-position * (BUTTON_SIZE_PX + 2), 0),
                is_always_visible=action is JobAction.RESUME,
            )
            for position, (action, icon) in enumerate(available_actions(job), 1)
        ),
        RowButton(JobAction.SHOW_MENU, "dots", menu_rect, is_always_visible=True),
    )
