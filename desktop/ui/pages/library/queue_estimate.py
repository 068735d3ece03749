"""Progress of the jobs since the queue was last empty, and its texts."""

from dataclasses import dataclass

from desktop.text.durations import format_rough_time_left
from desktop.text.message import tr, tr_count


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
    if is_paused and batch.is_running:
        return tr("Pausing…"), ""
    if is_paused:
        return tr_count("Paused · {count} song queued", "Paused · {count} songs queued", batch.total), ""
    if batch.is_running:
        text = tr("Separating {number} of {total}", number=batch.current_number, total=batch.total)
    else:
        text = tr_count("{count} song queued", "{count} songs queued", batch.total)
    return text, format_rough_time_left(batch.seconds_left)
