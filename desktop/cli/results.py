"""How the end of a track is told: sentences for people, or one JSON object a job for programs."""

import json
from pathlib import Path
from typing import Any, Protocol

from rich.text import Text

from desktop.audio.names import shown
from desktop.cli.report import as_object, refused_object, title_words
from desktop.cli.screen import Screen
from desktop.jobs.model import Job, JobState
from desktop.jobs.sentences import attempt_words, stem_count, sum_words, sums_exactly


class Results(Protocol):
    """Where the end of each track is told."""

    def refused(self, path: Path, reason: str) -> None:
        """The track did not become a job."""
        ...

    def ended(self, job: Job) -> None:
        """The job completed, failed or was cancelled."""
        ...


class Objects:
    """One JSON object a track on standard output, and nothing else."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def refused(self, path: Path, reason: str) -> None:
        """Print the object of a track without a job."""
        self._print(refused_object(path, reason))

    def ended(self, job: Job) -> None:
        """Print the job's object."""
        self._print(as_object(job))

    def _print(self, value: dict[str, Any]) -> None:
        self._screen.write(json.dumps(value))


class Lines:
    """Sentences for people, on standard output."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def refused(self, path: Path, reason: str) -> None:
        """Say why the track was not taken."""
        self._bad(shown(path.name), reason)

    def ended(self, job: Job) -> None:
        """Say where the stems are, or why there are none."""
        if job.last_attempt:
            self._bad(title_words(job), attempt_words(job))
        elif job.state is JobState.COMPLETED:
            self._completed(job)
        else:
            self._bad(title_words(job), (job.error if job.state is JobState.FAILED else None) or "Cancelled.")

    def _bad(self, name: str, reason: str) -> None:
        self._screen.show(Text.assemble(("✗ ", "red"), (name, "bold"), "  ", reason))

    def _completed(self, job: Job) -> None:
        self._screen.show(Text.assemble(("✓ ", "green"), (title_words(job), "bold"), "  ", _sum_words(job)))
        for stem in job.stems:
            self._screen.show(Text(f"    {stem.name:<8}{shown(str(stem.exported or stem.path), max_length=4096)}"))
        for notice in job.notices:
            self._screen.show(Text(f"    {notice}", style="yellow"))
        if job.model_used != job.options.model:
            again = f"    To separate it again: unbraid retry {job.id[:8]} --model {job.options.model}"
            self._screen.show(Text(again, style="yellow"))


def _sum_words(job: Job) -> str:
    """Return "4 stems · add up to the original (−144 dB)": a terminal has no tooltip for the figure."""
    words = " · ".join(filter(None, (stem_count(job), sum_words(job))))
    inexact = job.null_dbfs is not None and not sums_exactly(job)
    return f"{words} ({job.null_dbfs:.0f} dB)".replace("-", "−") if inexact else words
