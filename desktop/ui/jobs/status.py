"""Where a job stands, in a musician's words."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from desktop.audio.names import shown
from desktop.jobs.model import Job, JobState
from desktop.jobs.sentences import stem_count, sum_figure, sum_words
from desktop.settings import DEFAULT_MODEL
from desktop.ui.player.sentences import stage_words, standing_words
from desktop.ui.theme import tokens

SKETCH = "sketch"
FAILED = "failed"
"""The word by which a search finds songs that failed."""


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
    hint: str = ""
    """What the tooltip says besides."""

    @property
    def sentence(self) -> str:
        """All words in a row, for tooltips and screen readers."""
        return self._joined(self.detail, self.link_words)

    @property
    def spoken(self) -> str:
        """The words for a row as a screen reader reads it, without the link, which has a place of its own."""
        return self._joined(self.detail).replace(" %", " percent")

    def _joined(self, *details: str) -> str:
        joint = " " if self.detail.endswith((".", "!", "?")) else ", "
        tail = joint.join(part for part in details if part)
        return f"{self.words}: {tail}" if tail else self.words


def status_of(job: Job, ahead: int, better_title: str, queue_paused: bool = False) -> Status:
    """Return the status of `job`.

    `ahead` counts the songs before it in the queue, `better_title` names the model that does better than Sketch.
    """
    match job.state:
        case JobState.PENDING:
            return _waiting(job, ahead, queue_paused)
        case JobState.PROCESSING:
            return _running(job)
        case JobState.COMPLETED:
            return _done(job, better_title)
        case JobState.FAILED:
            return Status("Failed", Tone.BAD, _reason(job), Link.DETAILS, "Details")
        case JobState.CANCELLED:
            return Status("Cancelled", Tone.DIM, "", Link.TRY_AGAIN, "Separate again")


def state_words(job: Job) -> str:
    """Return the words by which a search finds a job in its state, beside those of its status."""
    match job.state:
        case JobState.PENDING:
            return "paused" if job.paused else "queued"
        case JobState.PROCESSING:
            return "running"
        case JobState.COMPLETED:
            failed = job.last_attempt is not None and job.last_attempt.state is JobState.FAILED
            return " ".join(("done", "draft" if is_draft(job) else "", FAILED if failed else ""))
        case JobState.FAILED:
            return FAILED
        case JobState.CANCELLED:
            return "cancelled"


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


def _reason(job: Job) -> str:
    """Return why a job failed, without the name of its file at the beginning: in a row it would hide the reason."""
    error = job.error or "The reason is not known."
    return error.removeprefix(f"{shown(job.source.name)} ").removeprefix("is ")


def _waiting(job: Job, ahead: int, queue_paused: bool) -> Status:
    held = "queue paused" if queue_paused else ""
    words = standing_words(job, queue_paused)
    if not words:
        details = (f"{ahead} ahead" if ahead else "", "to be separated again" if job.earlier else "", held)
        return Status("Queued" if ahead else "Up next", Tone.DIM, " · ".join(filter(None, details)))
    if job.error and not job.paused:
        return Status(words, Tone.DIM, job.error)
    if held and not job.paused:
        words = f"{words} ({held})"  # beside a bar there is no room for a detail
    detail = f"{ahead} ahead" if ahead and not job.paused and not held else ""
    return Status(words, Tone.DIM, detail, progress=job.progress or None)


def _running(job: Job) -> Status:
    words = stage_words(job.stage, job.progress, again=job.earlier is not None)
    if job.cancel_requested or job.paused:
        words = "Stopping" if job.cancel_requested else "Pausing"
    return Status(words, progress=job.progress)


def _done(job: Job, better_title: str) -> Status:
    if is_draft(job):
        hint = f"Separate again with {better_title}."
        return Status(stem_count(job), Tone.GOOD, "draft quality", Link.SEPARATE_BETTER, "Separate again", hint=hint)
    if job.last_attempt:
        return Status(stem_count(job), Tone.GOOD, "not separated again", Link.DETAILS, "Why?", hint=sum_figure(job))
    return Status(stem_count(job), Tone.GOOD, sum_words(job), hint=sum_figure(job))
