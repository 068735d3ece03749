"""`unbraid export ID … --to FOLDER`: stems of the library's songs into a folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from desktop.audio.names import shown
from desktop.cli.jobs import backend, find
from desktop.cli.report import title_words
from desktop.export.batch import export_songs
from desktop.export.result import ExportProgress, export_format
from desktop.paths import home
from desktop.settings import load_settings


def export(beginnings: Sequence[str], folder: Path, file_format: str | None) -> int:
    """Export the jobs whose ids begin with `beginnings`, in the format of the settings unless one is given.

    Return 0 when all were exported, else 1. Raises UnknownJobError, JobStateError.
    """
    service = backend().service
    wanted = file_format or export_format(load_settings(home()))
    jobs = [find(service, beginning) for beginning in beginnings]
    with _bar() as bar:
        task = bar.add_task("", total=1.0)

        def report(progress: ExportProgress) -> None:
            bar.update(task, completed=progress.part)

        # Not resolve(): a symbolic link keeps the name that the user gave.
        result = export_songs(jobs, Path(os.path.abspath(folder)), wanted, service.job, report)  # noqa: PTH100
    out = Console(soft_wrap=True, highlight=False)
    for job, files in result.exported:
        out.print(Text.assemble(("✓ ", "green"), (title_words(job), "bold")))
        for path in files:
            out.print(Text(f"    {shown(path, max_length=4096)}"))
    for job, reason in result.left_out:
        out.print(Text.assemble(("✗ ", "red"), (title_words(job), "bold"), "  ", reason))
    if result.trouble:
        print(f"unbraid: {result.trouble}", file=sys.stderr)
    return 1 if result.left_out or result.trouble else 0


def _bar() -> Progress:
    words = TextColumn("Exporting"), BarColumn(bar_width=None), TextColumn("{task.percentage:>3.0f} %")
    console = Console(stderr=True)
    return Progress(*words, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
