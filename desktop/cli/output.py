"""Output of commands: results on standard output, progress on standard error."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.text import Text

from desktop.audio.names import printable
from desktop.cli.formatting import format_title, job_to_json, refused_to_json
from desktop.jobs.model import Job, JobState
from desktop.jobs.text import format_last_attempt, format_stem_count, format_sum_check, sums_exactly
from desktop.settings import READY_STEMS_MODEL
from desktop.text.message import tr


class CommandOutput:
    """Writes results to standard output; provides the console for progress on standard error.

    If both are the same terminal, the progress console also prints the results, above the bars: the next frame would
    overwrite other output.
    """

    def __init__(self) -> None:
        # Environment variables that force colours in a pipe must not force progress bars there.
        self.progress_console = Console(stderr=True, highlight=False, force_terminal=sys.stderr.isatty())
        self._results_console = self.progress_console if _is_same_terminal() else Console(highlight=False)

    def print_text(self, result: RenderableType) -> None:
        """Print a result for people; the terminal wraps long lines."""
        self._results_console.print(result, soft_wrap=True)

    def print_line(self, line: str) -> None:
        """Print a line for programs unchanged, and flush it."""
        self._results_console.out(line, highlight=False)
        self._results_console.file.flush()


class ResultWriter(Protocol):
    """Writer of the result of each track."""

    def write_refused(self, path: Path, reason: str) -> None:
        """Write that a track was refused and has no job."""
        ...

    def write_ended(self, job: Job) -> None:
        """Write that a job completed, failed or was cancelled."""
        ...


class JsonResultWriter:
    """Writes one JSON object per track to standard output."""

    def __init__(self, output: CommandOutput) -> None:
        self._output = output

    def write_refused(self, path: Path, reason: str) -> None:
        """Print the JSON object of a refused track."""
        self._write_json(refused_to_json(path, reason))

    def write_ended(self, job: Job) -> None:
        """Print the JSON object of a job."""
        self._write_json(job_to_json(job))

    def _write_json(self, value: dict[str, Any]) -> None:
        self._output.print_line(json.dumps(value))


class TextResultWriter:
    """Writes results as text for people to standard output."""

    def __init__(self, output: CommandOutput) -> None:
        self._output = output

    def write_refused(self, path: Path, reason: str) -> None:
        """Print why the track was refused."""
        self._show_failure(printable(path.name), reason)

    def write_ended(self, job: Job) -> None:
        """Print where the stems are, or why there are none."""
        if job.last_attempt:
            self._show_failure(format_title(job), format_last_attempt(job))
        elif job.state is JobState.COMPLETED:
            self._show_completed(job)
        else:
            error = job.error if job.state is JobState.FAILED else None
            self._show_failure(format_title(job), str(error) if error else tr("Cancelled."))

    def _show_failure(self, name: str, reason: str) -> None:
        self._output.print_text(Text.assemble(("✗ ", "red"), (name, "bold"), "  ", reason))

    def _show_completed(self, job: Job) -> None:
        self._output.print_text(Text.assemble(("✓ ", "green"), (format_title(job), "bold"), "  ", _format_sum(job)))
        for stem in job.stems:
            self._output.print_text(
                Text(f"    {stem.name:<8}{printable(str(stem.exported or stem.path), max_length=4096)}")
            )
        for notice in job.notices:
            self._output.print_text(Text(f"    {notice}", style="yellow"))
        if job.model_used not in (job.options.model, READY_STEMS_MODEL):
            hint = tr(
                "To separate it again: unbraid retry {id} --model {model}", id=job.id[:8], model=job.options.model
            )
            self._output.print_text(Text(f"    {hint}", style="yellow"))


def _is_same_terminal() -> bool:
    """Return True if standard output and standard error are the same terminal."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return False
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    except OSError:  # a stream without a file descriptor
        return False


def _format_sum(job: Job) -> str:
    """Return "4 stems · add up to the original (−144 dB)"; the window shows the number in a tooltip."""
    text = " · ".join(filter(None, (format_stem_count(job), format_sum_check(job))))
    if job.null_dbfs is None or sums_exactly(job):
        return text
    level = f"{job.null_dbfs:.0f}".replace("-", "−")
    return tr("{result} ({level} dB)", result=text, level=level)
