"""What can be done to a job, and the buttons for it at the end of its row."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF

from desktop.jobs.model import Job, JobState

SIDE = 28.0


class JobAction(Enum):
    """Something that the user does to a job."""

    NEXT = "Separate next"
    EARLIER = "Move up in the queue"
    LATER = "Move down in the queue"
    PAUSE = "Pause"
    RESUME = "Resume"
    CANCEL = "Cancel"
    RETRY = "Separate again"
    EXPORT = "Export stems"
    SHOW_FILES = "Show files"
    DETAILS = "Why it failed"
    REMOVE = "Remove from the library"
    CLEAR = "Remove finished songs"
    BIN = "Removed songs"
    MORE = "More that can be done"


@dataclass(frozen=True)
class RowButton:
    """A button in a row."""

    action: JobAction
    sign: str
    place: QRectF
    always: bool = False
    """Drawn even while the row is neither pointed at nor chosen."""


def likeliest(job: Job) -> tuple[JobAction, str]:
    """Return what one most probably wants to do to a job in this state, and its sign."""
    match job.state:
        case JobState.PENDING | JobState.PROCESSING:
            return JobAction.CANCEL, "cross"
        case JobState.COMPLETED:
            return JobAction.SHOW_FILES, "folder"
        case JobState.FAILED | JobState.CANCELLED:
            return JobAction.RETRY, "retry"


def hold(job: Job) -> tuple[JobAction, str]:
    """Return whether a job that has not ended can be paused or resumed, and the sign of that."""
    return (JobAction.RESUME, "play") if job.paused else (JobAction.PAUSE, "pause")


def offered(job: Job) -> list[tuple[JobAction, str]]:
    """Return what the buttons of a row do, the likeliest first, with their signs; the button for the menu not counted."""
    return [likeliest(job)] if job.state.ended else [likeliest(job), hold(job)]


def offered_in_player(job: Job) -> list[tuple[JobAction, str]]:
    """Return what the buttons of the player do to its song, the likeliest last, with their signs."""
    details = [(JobAction.DETAILS, "note")] if job.state is JobState.FAILED else []
    return [*details, *reversed(offered(job))]


def row_buttons(job: Job, room: QRectF) -> tuple[RowButton, ...]:
    """Return the buttons of a row, set at the right end of `room`."""
    more = QRectF(room.right() - SIDE + 4, room.center().y() - SIDE / 2, SIDE, SIDE)
    # What is paused shows by itself how it goes on.
    return (
        *(
            RowButton(action, sign, more.translated(-place * (SIDE + 2), 0), always=action is JobAction.RESUME)
            for place, (action, sign) in enumerate(offered(job), 1)
        ),
        RowButton(JobAction.MORE, "dots", more, always=True),
    )
