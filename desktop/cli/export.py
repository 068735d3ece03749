"""`unbraid export ID … --to FOLDER`: export stems of the library's jobs to a folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from desktop.audio.names import printable
from desktop.cli.formatting import format_title
from desktop.cli.jobs import find_job, open_backend
from desktop.export.batch import export_batch
from desktop.export.result import ExportProgress
from desktop.paths import find_home
from desktop.runtime.settings_file import load_settings
from desktop.settings import valid_settings
from desktop.text.message import tr


def export_jobs(id_prefixes: Sequence[str], folder: Path, file_format: str | None) -> int:
    """Export the jobs whose ids begin with `id_prefixes`; `file_format` defaults to that of the settings.

    Return 0 if all were exported, else 1. Raises UnknownJobError if there is no such job, JobStateError if a prefix is
    ambiguous.
    """
    service = open_backend().service
    wanted = file_format or valid_settings(load_settings(find_home())).export_format
    jobs = [find_job(service, id_prefix) for id_prefix in id_prefixes]
    with create_progress() as bar:
        task = bar.add_task(tr("Exporting"), total=1.0)

        def report(progress: ExportProgress) -> None:
            bar.update(task, completed=progress.fraction)

        # Not resolve(): keep the symbolic link that the user named.
        result = export_batch(jobs, Path(os.path.abspath(folder)), wanted, service.job, report)  # noqa: PTH100
    out = Console(soft_wrap=True, highlight=False)
    for job, files in result.exported:
        out.print(Text.assemble(("✓ ", "green"), (format_title(job), "bold")))
        for path in files:
            out.print(Text(f"    {printable(path, max_length=4096)}"))
    for job, reason in result.skipped:
        out.print(Text.assemble(("✗ ", "red"), (format_title(job), "bold"), "  ", str(reason)))
    if result.error:
        print(f"unbraid: {result.error}", file=sys.stderr)
    return 1 if result.skipped or result.error else 0


def create_progress() -> Progress:
    """Return a progress bar on standard error, for a terminal only; it is removed at the end."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    console = Console(stderr=True)
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
