"""Progress of the jobs since the queue was last empty, and its texts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchProgress:
    """Progress of the jobs since the queue was last empty."""

    current_number: int
    """The number of the job that is being separated, from 1."""
    total: int
    progress: float
    """0 to 1, over all jobs of the batch."""
    seconds_left: float | None
    """Seconds until the batch ends; None while unknown."""
    is_running: bool
    """Whether any job is being separated."""


def format_batch(batch: BatchProgress, is_paused: bool = False) -> tuple[str, str]:
    """Return the status text of the batch, and the text of its time left, empty if unknown."""
    queued = "1 song queued" if batch.total == 1 else f"{batch.total} songs queued"
    if is_paused:
        return "Pausing…" if batch.is_running else f"Paused · {queued}", ""
    doing = f"Separating {batch.current_number} of {batch.total}" if batch.is_running else queued
    return doing, "" if batch.seconds_left is None else format_time_left(batch.seconds_left)


def format_time_left(seconds: float) -> str:
    """Return "about 6 min left". Minutes are rounded up: overestimate rather than underestimate."""
    if seconds < 60:
        return "under a minute left"
    minutes = int(-(-seconds // 60))
    if minutes < 100:
        return f"about {minutes} min left"
    return f"about {round(minutes / 60)} h left"
