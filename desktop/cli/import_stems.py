"""`unbraid import-stems`: add a song whose stems another program separated."""

import sys
from collections.abc import Sequence
from pathlib import Path

from desktop.cli.export import create_progress
from desktop.cli.jobs import open_backend
from desktop.cli.output import CommandOutput, JsonResultWriter, TextResultWriter
from desktop.errors import DuplicateTrackError
from desktop.jobs.model import Job, options_from_settings
from desktop.jobs.rows import has_all_stem_files
from desktop.paths import find_home
from desktop.runtime.settings_file import load_settings
from desktop.settings import READY_STEMS_MODEL
from desktop.text.message import tr


def import_stems(paths: Sequence[Path], title: str, again: bool, as_json: bool) -> int:
    """Add the stems in a folder, a stem file or several files to the library, and print the song. Return 0.

    A song of the library with the same stems is printed in place of a new one, unless `again`. Raises
    UnusableTrackError if they are no stems of one song, StorageError if they cannot be written.
    """
    service = open_backend().service
    output = CommandOutput()
    with create_progress(output.progress_console) as bar:
        task = bar.add_task(tr("Opening stems"), total=1.0)

        def report(fraction: float) -> None:
            bar.update(task, completed=fraction)

        try:
            job = service.stem_imports.add(
                paths,
                options_from_settings(load_settings(find_home())),
                title=title,
                is_duplicate=lambda job: not again and _has_ready_stems(job),
                report_progress=report,
            )
        except DuplicateTrackError as error:
            job = service.job(error.job_id)
            text = tr("These stems are already in your library. To add them once more: --again")
            print(text, file=sys.stderr)
    writer = JsonResultWriter(output) if as_json else TextResultWriter(output)
    writer.write_ended(job)
    return 0


def _has_ready_stems(job: Job) -> bool:
    return job.removed is None and job.model_used == READY_STEMS_MODEL and has_all_stem_files(job)
