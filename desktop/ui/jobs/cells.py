"""What single cells of the job table say."""

from desktop.audio.names import natural_key, shown
from desktop.jobs.model import Job, JobState
from desktop.jobs.sentences import attempt_words
from desktop.ui.jobs.buttons import offered
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.status import Status, state_words
from desktop.ui.plain import tip
from desktop.ui.waveform.clock import clock

NONE = "–"
_LONGEST = 300
_STATES = (JobState.PROCESSING, JobState.PENDING, JobState.FAILED, JobState.CANCELLED, JobState.COMPLETED)


def title(job: Job) -> str:
    """The song's title, harmless to show."""
    return shown(job.title, _LONGEST)


def artist(job: Job) -> str:
    """Return who made the song and on which album; empty for a song without tags."""
    names = [shown(name, _LONGEST) for name in (job.artist, job.album) if name.strip()]
    return " · ".join(names)


def spoken_row(job: Job, status: Status) -> str:
    """Return a row as a screen reader reads it: title, artist and status."""
    return ", ".join(part for part in (title(job), text(job, Column.ARTIST), status.spoken) if part)


def spoken_actions(job: Job) -> str:
    """Return what the buttons at the end of a row do."""
    return f"Actions: {', '.join(action.value for action, _ in offered(job))}. The menu key shows all."


def text(job: Job, column: Column) -> str:
    """The words of a cell that depends on its job alone."""
    match column:
        case Column.TITLE:
            return title(job)
        case Column.ARTIST:
            return shown(job.artist, _LONGEST)
        case Column.LENGTH:
            return clock(job.seconds) if job.seconds else NONE
        case _:
            return ""


def left(job: Job, seconds: float | None) -> str:
    """Return how long a job takes yet, a dash while that is not known; empty for a job that has ended."""
    if job.state.ended:
        return ""
    return NONE if job.cancel_requested or seconds is None else clock(seconds)


def tooltip(job: Job, column: Column, status: Status) -> str | None:
    """What a cell says when it is pointed at, where that is more than it shows."""
    match column:
        case Column.TITLE:
            return tip(*filter(None, (title(job), artist(job), shown(job.source, _LONGEST))))
        case Column.STATUS:
            return tip(*filter(None, (status.sentence, status.hint)), *job.notices, *filter(None, [attempt_words(job)]))
        case Column.ADDED:
            return f"{job.added.astimezone():%Y-%m-%d %H:%M}"
        case _:
            return None


def sort_key(job: Job, column: Column) -> str | float:
    """What a column is sorted by."""
    match column:
        case Column.TITLE:
            return natural_key(job.title)
        case Column.ARTIST:
            return natural_key(f"{job.artist}\n{job.album}\n{job.title}")
        case Column.LENGTH:
            return job.seconds or -1.0
        case Column.STATUS:
            return _STATES.index(job.state) * 1e9 + job.position
        case _:
            return job.added.timestamp()


def search_words(job: Job, status: Status, model: str) -> str:
    """Everything in a row that can be searched for."""
    words = (job.title, job.artist, job.album, status.sentence, state_words(job), model, job.source.name)
    return " ".join(words).casefold()
