"""Texts, tooltips, sort keys and search text of the cells of the job table."""

from datetime import datetime

from desktop.analysis.text import format_key, format_tempo
from desktop.audio.names import natural_sort_key, printable
from desktop.jobs.model import Job, JobState
from desktop.jobs.text import format_last_attempt
from desktop.text.durations import UNKNOWN_DURATION, format_duration
from desktop.text.message import tr
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_actions import available_actions
from desktop.ui.core.job_text import MAX_NAME_LENGTH, format_artist, format_title
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.status import Status, state_search_terms
from desktop.ui.widgets.text_escaping import escape_tooltip

_STATE_SORT_ORDER = (JobState.PROCESSING, JobState.PENDING, JobState.FAILED, JobState.CANCELLED, JobState.COMPLETED)
# Queue sort keys are compared as strings of equal length. The offset keeps their numbers positive: positions may be
# negative, and end times are negated so that the newest comes first.
_KEY_OFFSET = 10**17
_KEY_DIGITS = 18
SortKey = str | float | tuple[int, float]
"""Key that a column is sorted by; the keys of one column have one type."""


def format_artist_and_album(job: Job) -> str:
    """Return the track's artist and album, "artist · album"; empty for a track without tags."""
    names = [printable(name, MAX_NAME_LENGTH) for name in (job.artist, job.album) if name.strip()]
    return " · ".join(names)


def accessible_row_text(job: Job, status: Status) -> str:
    """Return the text of a row for screen readers: title, artist and status."""
    return ", ".join(
        part for part in (format_title(job), format_cell(job, Column.ARTIST), status.accessible_text) if part
    )


def accessible_actions_text(job: Job) -> str:
    """Return the text of the actions cell for screen readers: what the row's buttons do."""
    actions = ", ".join(ACTIONS[action].text for action in available_actions(job))
    return tr("Actions: {actions}. The menu key shows all.", actions=actions)


def format_cell(job: Job, column: Column) -> str:
    """Return the text of a cell that depends on its job alone; empty for other columns."""
    match column:
        case Column.TITLE:
            return format_title(job)
        case Column.ARTIST:
            return format_artist(job)
        case Column.LENGTH:
            return format_duration(job.seconds) if job.seconds else UNKNOWN_DURATION
        case Column.TEMPO:
            return format_tempo(job.tempo_bpm) if job.tempo_bpm else UNKNOWN_DURATION
        case Column.KEY:
            return format_key(job.key) if job.key else UNKNOWN_DURATION
        case _:
            return ""


def format_remaining_time(job: Job, seconds: float | None) -> str:
    """Return the time left of a job, a dash while it is unknown; empty for a job that has ended."""
    if job.state.has_ended:
        return ""
    return UNKNOWN_DURATION if job.cancel_requested or seconds is None else format_duration(seconds)


def tooltip(job: Job, column: Column, status: Status) -> str | None:
    """Return the tooltip of a cell, escaped for Qt, or None for columns without one."""
    match column:
        case Column.TITLE:
            return escape_tooltip(
                *filter(None, (format_title(job), format_artist_and_album(job), printable(job.source, MAX_NAME_LENGTH)))
            )
        case Column.STATUS:
            return escape_tooltip(
                *filter(None, (status.full_text, status.tooltip)),
                *map(str, job.notices),
                *filter(None, [format_last_attempt(job)]),
            )
        case Column.ADDED:
            return f"{job.added.astimezone():%Y-%m-%d %H:%M}"
        case _:
            return None


def sort_key(job: Job, column: Column) -> SortKey:
    """Return the key by which a column sorts a job."""
    match column:
        case Column.TITLE:
            return natural_sort_key(job.title)
        case Column.ARTIST:
            return natural_sort_key(f"{job.artist}\n{job.album}\n{job.title}")
        case Column.LENGTH:
            return job.seconds or -1.0
        case Column.TEMPO:
            return job.tempo_bpm or -1.0
        case Column.KEY:
            return (job.key.tonic, float(job.key.is_minor)) if job.key else (-1, 0.0)
        case Column.STATUS:
            return _STATE_SORT_ORDER.index(job.state) * 1e9 + job.position
        case _:
            return job.added.timestamp()


SEARCHED_COLUMNS = (Column.TITLE, Column.MODEL, Column.STATUS)
"""Columns with which `search_text` changes."""


def search_text(job: Job, status: Status, model_title: str) -> str:
    """Return the case-folded text in which a search looks for a job."""
    words = (job.title, job.artist, job.album, status.full_text, state_search_terms(job), model_title, job.source.name)
    return " ".join(words).casefold()


def queue_sort_key(job: Job) -> str:
    """Return a string key for the library's own order: processing, pending by position, ended with the newest first."""
    match job.state:
        case JobState.PROCESSING:
            section, number = 0, _to_microseconds(job.started or job.added)
        case JobState.PENDING:
            section, number = 1, job.position
        case _:
            section, number = 2, -_to_microseconds(job.ended or job.added)
    # Jobs with the same end time, as in libraries of earlier versions, keep the order in which they were added.
    return f"{section} {number + _KEY_OFFSET:0{_KEY_DIGITS}d} {_to_microseconds(job.added):0{_KEY_DIGITS}d}"


def _to_microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
