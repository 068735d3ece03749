"""Status of a job as the job table shows it: text, tone, link and progress."""

from dataclasses import dataclass
from enum import Enum

from desktop.audio.names import printable
from desktop.jobs.model import Job, JobState
from desktop.jobs.text import UNKNOWN_REASON, format_stem_count, format_sum_check, format_sum_difference
from desktop.settings import DEFAULT_MODEL, SKETCH_MODEL
from desktop.text.message import tr, tr_count
from desktop.ui.core.job_text import format_pending_status, format_stage
from desktop.ui.theme.palette import Colour


class Tone(Enum):
    """The text colour of a status."""

    PLAIN = Colour.TEXT
    DIM = Colour.DIM
    GOOD = Colour.GOOD
    BAD = Colour.BAD


class StatusLink(Enum):
    """Effect of a click on the link of a status."""

    NONE = ""
    SHOW_ERROR = "details"
    SEPARATE_AGAIN_IN_FULL_QUALITY = "separate again in full quality"
    SEPARATE_AGAIN = "separate again"


@dataclass(frozen=True)
class Status:
    """Content of a status cell."""

    text: str
    tone: Tone = Tone.PLAIN
    detail: str = ""
    link: StatusLink = StatusLink.NONE
    link_text: str = ""
    progress: float | None = None
    """0 to 1; None if no progress bar is drawn."""
    tooltip: str = ""
    """Additional text of the tooltip."""

    @property
    def full_text(self) -> str:
        """The text with detail and link text, for tooltips and search."""
        return self._join_text(self.detail, self.link_text)

    @property
    def accessible_text(self) -> str:
        """The text of the row for screen readers, without the link, which the status cell itself reports."""
        return self._join_text(self.detail).replace(" %", f" {tr('percent')}")

    def _join_text(self, *details: str) -> str:
        separator = " " if self.detail.endswith((".", "!", "?")) else ", "
        details_text = separator.join(part for part in details if part)
        return tr("{status}: {details}", status=self.text, details=details_text) if details_text else self.text


def make_status(job: Job, songs_ahead: int, full_quality_title: str, is_queue_paused: bool = False) -> Status:
    """Return the status of `job`.

    `songs_ahead` is the number of jobs before it in the queue; `full_quality_title` is the title of the model that a
    job in draft quality can be separated again with.
    """
    match job.state:
        case JobState.PENDING:
            return _pending_status(job, songs_ahead, is_queue_paused)
        case JobState.PROCESSING:
            return _processing_status(job)
        case JobState.COMPLETED:
            return _completed_status(job, full_quality_title)
        case JobState.FAILED:
            return Status(tr("Failed"), Tone.BAD, _error_text(job), StatusLink.SHOW_ERROR, tr("Details"))
        case JobState.CANCELLED:
            return Status(tr("Cancelled"), Tone.DIM, "", StatusLink.SEPARATE_AGAIN, tr("Separate again"))


def state_search_terms(job: Job) -> str:
    """Return additional search terms for the state of a job, beside the text of its status."""
    match job.state:
        case JobState.PENDING:
            return tr("paused") if job.paused else tr("queued")
        case JobState.PROCESSING:
            return tr("running")
        case JobState.COMPLETED:
            has_failed_again = job.last_attempt is not None and job.last_attempt.state is JobState.FAILED
            return " ".join(
                (
                    tr("done"),
                    tr("draft") if has_draft_quality(job) else "",
                    failed_search_term() if has_failed_again else "",
                )
            )
        case JobState.FAILED:
            return failed_search_term()
        case JobState.CANCELLED:
            return tr("cancelled")


def failed_search_term() -> str:
    """Return the search term that finds failed jobs."""
    return tr("failed")


def has_draft_quality(job: Job) -> bool:
    """Return True if a job was completed in draft quality, by Sketch."""
    return job.state is JobState.COMPLETED and job.model_used == SKETCH_MODEL


def is_sketch_fallback(job: Job) -> bool:
    """Return True if a job was completed by Sketch in place of the requested model."""
    return has_draft_quality(job) and job.options.model != SKETCH_MODEL


def choose_model_to_separate_again(job: Job, default_model: str) -> str:
    """Return the name of the model to separate a job of draft quality again with, never Sketch."""
    model = job.options.model if job.options.model != SKETCH_MODEL else default_model
    return model if model != SKETCH_MODEL else DEFAULT_MODEL


def _error_text(job: Job) -> str:
    """Return why a job failed, without the leading file name, which would leave no space for the reason in a row."""
    error = str(job.error or UNKNOWN_REASON)
    # The verb is left out in English only; a translation keeps it.
    return error.removeprefix(f"{printable(job.source.name)} ").removeprefix("is ")


def _ahead_text(songs_ahead: int) -> str:
    """Return how many songs are before a job in the queue; empty if there are none."""
    return tr_count("{count} ahead", "{count} ahead", songs_ahead) if songs_ahead else ""


def _pending_status(job: Job, songs_ahead: int, is_queue_paused: bool) -> Status:
    queue_paused_text = tr("queue paused") if is_queue_paused else ""
    text = format_pending_status(job, is_queue_paused)
    if not text:
        details = (
            _ahead_text(songs_ahead),
            tr("to be separated again") if job.earlier else "",
            queue_paused_text,
        )
        return Status(tr("Queued") if songs_ahead else tr("Up next"), Tone.DIM, " · ".join(filter(None, details)))
    if job.error and not job.paused:
        return Status(text, Tone.DIM, str(job.error))
    if queue_paused_text and not job.paused:
        text = tr("{status} (queue paused)", status=text)  # a bar leaves no space for a detail
    detail = "" if job.paused or queue_paused_text else _ahead_text(songs_ahead)
    return Status(text, Tone.DIM, detail, progress=job.progress or None)


def _processing_status(job: Job) -> Status:
    text = format_stage(job.stage, job.progress, is_repeat=job.earlier is not None)
    if job.cancel_requested or job.paused:
        text = tr("Stopping") if job.cancel_requested else tr("Pausing")
    return Status(text, progress=job.progress)


def _completed_status(job: Job, full_quality_title: str) -> Status:
    if has_draft_quality(job):
        tooltip = tr("Separate again with {model}.", model=full_quality_title)
        return Status(
            format_stem_count(job),
            Tone.GOOD,
            tr("draft quality"),
            StatusLink.SEPARATE_AGAIN_IN_FULL_QUALITY,
            tr("Separate again"),
            tooltip=tooltip,
        )
    if job.last_attempt:
        return Status(
            format_stem_count(job),
            Tone.GOOD,
            tr("not separated again"),
            StatusLink.SHOW_ERROR,
            tr("Why?"),
            tooltip=format_sum_difference(job),
        )
    return Status(format_stem_count(job), Tone.GOOD, format_sum_check(job), tooltip=format_sum_difference(job))
