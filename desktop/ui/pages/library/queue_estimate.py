"""Progress of the jobs since the queue was last empty, and its texts."""

from dataclasses import dataclass

from desktop.text.durations import format_rough_time_left
from desktop.text.plurals import format_count


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
    queued = f"{format_count(batch.total, 'song')} queued"
    if is_paused:
        return "Pausing…" if batch.is_running else f"Paused · {queued}", ""
    doing = f"Separating {batch.current_number} of {batch.total}" if batch.is_running else queued
    return doing, format_rough_time_left(batch.seconds_left)
