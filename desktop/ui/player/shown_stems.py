"""Which stem is which lane."""

from desktop.audio.stem_order import in_order
from desktop.jobs.model import Job, Stem


def shown_stems(job: Job) -> list[Stem]:
    """Return the stems in the order of the lanes."""
    order = in_order(stem.name for stem in job.stems)
    return sorted(job.stems, key=lambda stem: order.index(stem.name))
