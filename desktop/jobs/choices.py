"""How a new song is separated, as the settings have it."""

from desktop.jobs.model import HIGHEST_OVERLAP, MOST_SHIFTS, JobOptions
from desktop.settings import Settings


def options_of(settings: Settings) -> JobOptions:
    """The options for a song that nothing else is said about; the default for what a hand wrote that cannot be."""
    plain = JobOptions(model=settings.model)
    overlap = settings.overlap if 0.0 <= settings.overlap <= HIGHEST_OVERLAP else plain.overlap
    shifts = settings.shifts if 0 <= settings.shifts <= MOST_SHIFTS else plain.shifts
    return JobOptions(model=settings.model, overlap=overlap, shifts=shifts)
