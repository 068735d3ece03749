"""`unbraid separate` and `unbraid retry`: separate tracks and wait for the results."""

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from desktop.audio.files import RejectedPath, SkippedFiles, find_tracks
from desktop.audio.names import printable
from desktop.backend import Backend
from desktop.cli.follow import QUEUE_PAUSED_TEXT, JobFollower
from desktop.cli.output import CommandOutput, JsonResultWriter, ResultWriter, TextResultWriter
from desktop.errors import DuplicateTrackError, StorageError, UnknownJobError, UnusableTrackError
from desktop.export.output_folder import check_output_folder, export_to_output_folder, is_exported
from desktop.jobs.model import Job, JobOptions, JobState, options_from_settings
from desktop.jobs.rows import has_all_stem_files
from desktop.models.store import ModelStore
from desktop.runtime.library import open_library
from desktop.runtime.settings_file import load_settings
from desktop.text.message import tr

_Value = TypeVar("_Value", int, float)


def run_separate(arguments: argparse.Namespace) -> int:
    """Separate every track. Return 0 if all completed, else 1.

    Raises ModelUnavailableError for an unknown model, StorageError if the output folder cannot be written,
    ServiceUnavailableError if Redis or the worker cannot be started.
    """
    library = open_library("terminal")
    defaults = options_from_settings(load_settings(library))
    options = JobOptions(
        model=arguments.model or defaults.model,
        format=arguments.format,
        bits=arguments.bits,
        sum_mode=arguments.sum_mode,
        out=_absolute_path(arguments.out) if arguments.out else None,
        overlap=_value_or(arguments.overlap, defaults.overlap),
        shifts=_value_or(arguments.shifts, defaults.shifts),
    )
    if options.out:
        check_output_folder(options.out)
    ModelStore(library).get(options.model)
    output = CommandOutput()
    results = JsonResultWriter(output) if arguments.json else TextResultWriter(output)
    backend = Backend(library)
    if backend.notice:
        print(backend.notice, file=sys.stderr)
    added = add_tracks(backend, map(_absolute_path, arguments.tracks), options, results, arguments.again)
    completed = follow_to_end(backend, added, results, output, options.out)
    return 0 if completed and not added.refused_count else 1


@dataclass
class AddedTracks:
    """Jobs of the tracks that were added, and the number of refused tracks."""

    jobs: list[Job] = field(default_factory=list)
    tracks: dict[str, list[Path]] = field(default_factory=dict)
    """Tracks by job id; tracks with the same content share a job."""
    existing_job_ids: set[str] = field(default_factory=set)
    """Ids of jobs that were in the library before."""
    refused_count: int = 0

    def add(self, job: Job, track: Path) -> None:
        """Record that `job` separates `track`."""
        if job.id not in self.tracks:
            self.jobs.append(job)
        self.tracks.setdefault(job.id, []).append(track)


def add_tracks(
    backend: Backend, tracks: Iterable[Path], options: JobOptions, results: ResultWriter, again: bool = False
) -> AddedTracks:
    """Add a job for every track, and search folders for tracks.

    A job of the library with the same content and options is used instead of a new one, unless `again`. Refused tracks
    are written to `results`.
    """
    added = AddedTracks()

    def refuse(path: Path, reason: str) -> None:
        results.write_refused(path, reason)
        added.refused_count += 1

    for found in find_tracks(tracks):
        if isinstance(found, SkippedFiles):
            print(found.message, file=sys.stderr)
            continue
        if isinstance(found, RejectedPath):
            refuse(found.path, str(found.reason))
            continue
        try:
            _add_track(backend, found, options, added, again)
        except (UnusableTrackError, StorageError, UnknownJobError) as error:
            refuse(found, str(error))
    return added


def _add_track(backend: Backend, track: Path, options: JobOptions, added: AddedTracks, again: bool) -> None:
    """Add a job for one track, or reuse the job that it has.

    Raises UnusableTrackError, StorageError, and UnknownJobError if the job that it has was just removed.
    """
    try:
        added.add(backend.service.add(track, options, lambda job: not again and _has_wanted_stems(job, options)), track)
    except DuplicateTrackError as error:
        _reuse_job(backend.service.job(error.job_id), track, added)


def _has_wanted_stems(job: Job, options: JobOptions) -> bool:
    """Return True if the job has, or will have, the same stems as a new one with `options`."""
    if job.removed or replace(job.options, out=None) != replace(options, out=None):
        return False
    if job.state is JobState.COMPLETED:
        return job.model_used == options.model and has_all_stem_files(job)
    return not job.state.has_ended


def _reuse_job(job: Job, track: Path, added: AddedTracks) -> None:
    name = printable(track.name)
    if job.state.has_ended:
        text = tr("{file} is already in your library: using its stems. To separate it again: --again", file=name)
    else:
        text = tr("{file} is already in your library: waiting for it. To separate it again: --again", file=name)
    print(text, file=sys.stderr)
    if job.paused:
        print(tr("It is paused. To resume it: unbraid resume {id}", id=job.id[:8]), file=sys.stderr)
    if job.id not in added.tracks:
        added.existing_job_ids.add(job.id)
    added.add(job, track)


def follow_to_end(
    backend: Backend, added: AddedTracks, results: ResultWriter, output: CommandOutput, out: Path | None = None
) -> bool:
    """Start Redis and the worker, wait for the jobs, and write the result of every track.

    The stems of jobs that were in the library before are copied to `out`; Ctrl-C does not cancel these jobs.
    At the end, only services that this process started are stopped.

    Return True if each job has the requested stems. Raises ServiceUnavailableError if Redis or the worker cannot be
    started.
    """
    jobs, ended_jobs = added.jobs, list[Job]()

    def on_ended(job: Job) -> None:
        if job.id in added.existing_job_ids:
            try:
                job = _export_to(backend, job, out)
            except StorageError as error:
                results.write_refused(job.source, str(error))
                return
        ended_jobs.append(job)
        for track in added.tracks[job.id]:
            results.write_ended(replace(job, source=track))

    unfinished = [job for job in jobs if not job.state.has_ended]
    for job in jobs:
        if job.state.has_ended:
            on_ended(job)
    if unfinished:
        if backend.service.is_queue_paused():
            print(QUEUE_PAUSED_TEXT, file=sys.stderr)
        try:
            JobFollower(backend, unfinished, output.progress_console, on_ended, added.existing_job_ids).run()
        finally:
            backend.stop()
    return len(ended_jobs) == len(jobs) and all(_has_all_stems(job) for job in ended_jobs)


def _has_all_stems(job: Job) -> bool:
    """Return True if the last attempt completed, and its stems are in the requested output folder."""
    return job.state is JobState.COMPLETED and not job.last_attempt and is_exported(job)


def _export_to(backend: Backend, job: Job, out: Path | None) -> Job:
    """Return the job with `out` as its output folder; copy its stems there unless copies exist.

    Raises StorageError if the folder cannot be written.
    """
    wanted_job = replace(job, options=replace(job.options, out=out))
    copies = [stem.exported for stem in job.stems if stem.exported and stem.exported.exists()]
    has_all_copies = len(copies) == len(job.stems) and all(copy.parent.parent == out for copy in copies)
    if out is None or has_all_copies or job.state is not JobState.COMPLETED:
        return wanted_job
    exported = replace(wanted_job, stems=export_to_output_folder(wanted_job, job.stems))
    backend.service.record_exports(exported)
    return exported


def _value_or(value: _Value | None, default: _Value) -> _Value:
    return default if value is None else value


def _absolute_path(path: Path) -> Path:
    # Not resolve(): keep the symbolic link that the user named.
    return Path(os.path.abspath(path))  # noqa: PTH100
