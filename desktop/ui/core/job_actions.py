"""The most likely actions of a job, and the buttons for them at the end of its row."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from desktop.jobs.model import Job, JobState
from desktop.ui.core.action import ActionId

BUTTON_SIZE_PX = 28.0


@dataclass(frozen=True)
class RowButton:
    """A button in a row of the job table."""

    action: ActionId
    rect: QRectF
    is_always_visible: bool = False
    """Whether it is drawn even while the row is neither hovered nor selected."""


def primary_action(job: Job) -> ActionId:
    """Return the most likely action for a job in this state."""
    match job.state:
        case JobState.PENDING | JobState.PROCESSING:
            return ActionId.CANCEL
        case JobState.COMPLETED:
            return ActionId.SHOW_FILES
        case JobState.FAILED | JobState.CANCELLED:
            return ActionId.SEPARATE_AGAIN


def pause_or_resume_action(job: Job) -> ActionId:
    """Return PAUSE or RESUME, whichever applies to a job that has not ended."""
    return ActionId.RESUME if job.paused else ActionId.PAUSE


def available_actions(job: Job) -> list[ActionId]:
    """Return the actions of a row's buttons, most likely first, without the menu button."""
    return [primary_action(job)] if job.state.has_ended else [primary_action(job), pause_or_resume_action(job)]


def header_actions(job: Job) -> list[ActionId]:
    """Return the actions of the buttons in the player's header, most likely last."""
    details = [ActionId.SHOW_ERROR] if job.state is JobState.FAILED else []
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
                menu_rect.translated(-position * (BUTTON_SIZE_PX + 2), 0),
                is_always_visible=action is ActionId.RESUME,
            )
            for position, action in enumerate(available_actions(job), 1)
        ),
        RowButton(ActionId.SHOW_MENU, menu_rect, is_always_visible=True),
    )
