"""Where a job stands, in a musician's words."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from desktop.jobs.model import Job, JobState
from desktop.settings import DEFAULT_MODEL
from desktop.ui.player.sentences import stage_words, standing_words, sum_words
from desktop.ui.theme import tokens

SKETCH = "sketch"


class Tone(StrEnum):
    """The colour of the words."""

    PLAIN = tokens.TEXT
    DIM = tokens.DIM
    GOOD = tokens.GOOD
    BAD = tokens.BAD


class Link(Enum):
    """What a click on the last words of a status does."""

    NONE = ""
    DETAILS = "details"
    SEPARATE_BETTER = "separate better"
    TRY_AGAIN = "try again"


@dataclass(frozen=True)
class Status:
    """The cell that tells how a job is doing."""

    words: str
    tone: Tone = Tone.PLAIN
    detail: str = ""
    link: Link = Link.NONE
    link_words: str = ""
    progress: float | None = None
    """0 to 1 while a bar is to be drawn."""

    @property
    def sentence(self) -> str:
        """All words in a row, for tooltips and screen readers."""
        return self._joined(self.detail, self.link_words)

    @property
    def spoken(self) -> str:
        """The words for a row as a screen reader reads it, without the link, which has a place of its own."""
        return self._joined(self.detail).replace(" %", " percent")

    def _joined(self, *details: str) -> str:
        tail = ", ".join(part for part in details if part)
        joint = " " if self.words.endswith(".") else ": "
        return f"{self.words}{joint}{tail}" if tail else self.words


def status_of(job: Job, ahead: int, better_title: str) -> Status:
    """Return the status of `job`.

    `ahead` counts the songs before it in the queue, `better_title` names the model that does better than Sketch.
    """
    match job.state:
        case JobState.PENDING:
            return _waiting(job, ahead)
        case JobState.PROCESSING:
            return _running(job)
        case JobState.COMPLETED:
            return _done(job, better_title)
        case JobState.FAILED:
            return Status(
                job.error or "This song could not be separated.", Tone.BAD, "", Link.DETAILS, link_words="Details"
            )
        case JobState.CANCELLED:
            return Status("Cancelled", Tone.DIM, "", Link.TRY_AGAIN, "Separate again")


def is_draft(job: Job) -> bool:
    """True when a job was done in draft quality."""
    return job.state is JobState.COMPLETED and job.model_used == SKETCH


def fell_back(job: Job) -> bool:
    """True when Sketch stood in for the model that was asked for."""
    return is_draft(job) and job.options.model != SKETCH


def better_model(job: Job, chosen: str) -> str:
    """Return the name of the model that a draft is to be separated with again."""
    wanted = job.options.model if job.options.model != SKETCH else chosen
    return wanted if wanted != SKETCH else DEFAULT_MODEL


def _ahead_words(ahead: int) -> str:
    if ahead == 0:
        return ""
    return "1 song before it" if ahead == 1 else f"{ahead} songs before it"


def _waiting(job: Job, ahead: int) -> Status:
    words = standing_words(job)
    if not words:
        line = "Next in line" if ahead == 0 else "In line"
        return Status(f"{line} again" if job.earlier else line, Tone.DIM, _ahead_words(ahead))
    if job.error and not job.paused:
        return Status(words, Tone.DIM, job.error)
    return Status(words, Tone.DIM, "" if job.paused else _ahead_words(ahead), progress=job.progress or None)


def _running(job: Job) -> Status:
    words = stage_words(job.stage, job.progress, again=job.earlier is not None)
    if job.cancel_requested or job.paused:
        words = "Stopping" if job.cancel_requested else "Pausing"
    return Status(words, progress=job.progress)


def _done(job: Job, better_title: str) -> Status:
    words, exact = sum_words(job)
    stems, _, sums = words.partition(", ")
    if is_draft(job):
        return Status(stems, Tone.GOOD, "draft quality", Link.SEPARATE_BETTER, f"separate with {better_title}")
    if job.last_attempt:
        return Status(stems, Tone.GOOD, "not separated again", Link.DETAILS, "Why?")
    return Status(stems, Tone.GOOD, "sum exactly to the song" if exact else sums)
