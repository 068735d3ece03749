"""`unbraid export ID … --to FOLDER`: export the library's songs to a folder, in the process of the command."""

import argparse
import json
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
from desktop.cli.output import CommandOutput
from desktop.errors import StorageError, UnbraidError, UnknownJobError, UnusableTrackError
from desktop.export.progress import ProgressMeter
from desktop.export.settings import NI_STEM_FORMATS, PROJECT_FORMATS, ExportKind, ExportSettings, ProjectKind
from desktop.export.song import export_latest, export_song, needed_bytes
from desktop.export.target_folder import prepare_target_folder
from desktop.jobs.export_job import ExportProgress
from desktop.jobs.model import Job
from desktop.jobs.service import JobService
from desktop.paths import find_home
from desktop.runtime.settings_file import load_settings
from desktop.settings import valid_settings
from desktop.text.message import Message, tr


def settings_from_arguments(arguments: argparse.Namespace) -> ExportSettings:
    """Return the settings that the arguments of the command say; the format defaults to that of the app's settings.

    Raises UnbraidError if the kind does not have this format, or no project.
    """
    settings = ExportSettings(
        kind=ExportKind(arguments.what),
        stems=arguments.stems,
        file_format=arguments.format or valid_settings(load_settings(find_home())).export_format,
        depth=arguments.depth,
        sample_rate=arguments.sample_rate,
        applies_levels=arguments.levels,
        applies_practice=arguments.practice,
        is_loop_only=arguments.loop,
        normalises=arguments.normalise,
        name_template=arguments.name,
        project=ProjectKind(arguments.project),
    )
    if arguments.format and settings.audio_format.name != arguments.format:
        formats = ", ".join(each.name for each in NI_STEM_FORMATS)
        raise UnbraidError(Message("Stem files have one of the formats {formats}.", formats=formats))
    if settings.project is not ProjectKind.NONE and not settings.can_have_project:
        formats = " or ".join(each.title for each in PROJECT_FORMATS)
        raise UnbraidError(Message("A project needs stems, as {formats}.", formats=formats))
    return settings


def export_jobs(id_prefixes: Sequence[str], folder: Path, settings: ExportSettings, as_json: bool) -> int:
    """Export the jobs whose ids begin with `id_prefixes`, and print what came of each.

    Return 0 if all were exported, else 1. Raises UnknownJobError if there is no such job, JobStateError if a prefix is
    ambiguous.
    """
    service = open_backend().service
    jobs = [find_job(service, id_prefix) for id_prefix in id_prefixes]
    # Not resolve(): keep the symbolic link that the user named.
    absolute_folder = Path(os.path.abspath(folder))  # noqa: PTH100
    results = _Results(CommandOutput(), as_json)
    try:
        prepare_target_folder(absolute_folder, needed_bytes(jobs, settings))
        _export_all(service, jobs, absolute_folder, settings, results)
    except StorageError as error:
        print(f"unbraid: {error}", file=sys.stderr)
        return 1
    return 0 if results.are_complete else 1


class _Results:
    """Prints what came of each song."""

    def __init__(self, output: CommandOutput, as_json: bool) -> None:
        self.output, self._as_json = output, as_json
        self.are_complete = True
        """Whether every song was exported."""

    def add(self, job: Job, files: Sequence[Path], reason: Message | None) -> None:
        """Print the files of a song, or why it has none."""
        self.are_complete &= reason is None
        if self._as_json:
            error = None if reason is None else str(reason)
            values = {"id": job.id, "title": job.title, "files": [str(path) for path in files], "error": error}
            self.output.print_line(json.dumps(values))
        elif reason is None:
            self.output.print_text(Text.assemble(("✓ ", "green"), (format_title(job), "bold")))
            for path in files:
                self.output.print_text(Text(f"    {printable(path, max_length=4096)}"))
        else:
            self.output.print_text(Text.assemble(("✗ ", "red"), (format_title(job), "bold"), "  ", str(reason)))


def _export_all(
    service: JobService, jobs: Sequence[Job], folder: Path, settings: ExportSettings, results: _Results
) -> None:
    """Export one song after the other. Raises StorageError if the folder cannot be written."""
    with create_progress(results.output.progress_console) as bar:
        task = bar.add_task(tr("Exporting"), total=1.0)

        def report(progress: ExportProgress) -> None:
            bar.update(task, completed=progress.fraction)

        meter = ProgressMeter("", [job.seconds for job in jobs], report)

        def export(job: Job) -> tuple[Path, ...]:
            meter.begin_song(job)
            return export_song(job, settings, folder, find_home(), meter.advance)

        for job in jobs:
            try:
                results.add(*export_latest(job.id, service.job, export), None)
            except (UnusableTrackError, UnknownJobError) as error:
                results.add(job, (), error.message)
            meter.finish_song()


def create_progress(console: Console | None = None) -> Progress:
    """Return a progress bar on standard error, for a terminal only; it is removed at the end.

    Text that is printed on `console` meanwhile appears above it.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    console = console or Console(stderr=True)
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
