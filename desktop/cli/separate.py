"""`unbraid separate` and `unbraid retry`: see jobs to their end in the terminal."""

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from desktop.audio.files import LeftOut, Refusal, find_tracks
from desktop.audio.names import shown
from desktop.backend import Backend
from desktop.cli.follow import PAUSED, Follower
from desktop.cli.results import Lines, Objects, Results
from desktop.cli.screen import Screen
from desktop.errors import DuplicateTrackError, StorageError, UnknownJobError, UnusableTrackError
from desktop.jobs.choices import options_of
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.results import is_whole
from desktop.models.shelf import Shelf
from desktop.opening import open_home
from desktop.settings import load_settings
from desktop.tasks.export import check_folder, export, is_exported

_Value = TypeVar("_Value", int, float)


def separate(arguments: argparse.Namespace) -> int:
    """Separate every track. Returns 0 when all completed, else 1. Raises ModelUnavailableError for an unknown model."""
    library = open_home("terminal")
    chosen = options_of(load_settings(library))
    options = JobOptions(
        model=arguments.model or chosen.model,
        format=arguments.format,
        bits=arguments.bits,
        sum_mode=arguments.sum_mode,
        out=_absolute(arguments.out) if arguments.out else None,
        overlap=_or(arguments.overlap, chosen.overlap),
        shifts=_or(arguments.shifts, chosen.shifts),
    )
    if options.out:
        check_folder(options.out)
    Shelf(library).get(options.model)
    screen = Screen()
    results = Objects(screen) if arguments.json else Lines(screen)
    backend = Backend(library)
    if backend.notice:
        print(backend.notice, file=sys.stderr)
    added = add_tracks(backend, map(_absolute, arguments.tracks), options, results, arguments.again)
    completed = see_to_the_end(backend, added, results, screen, options.out)
    return 0 if completed and not added.refused else 1


@dataclass
class Added:
    """What came of the tracks."""

    jobs: list[Job] = field(default_factory=list)
    tracks: dict[str, list[Path]] = field(default_factory=dict)
    """The tracks of each job: of those with the same content, all that were given."""
    known: set[str] = field(default_factory=set)
    """The ids of jobs that were in the library before."""
    refused: int = 0

    def note(self, job: Job, track: Path) -> None:
        """Note that `job` separates `track`."""
        if job.id not in self.tracks:
            self.jobs.append(job)
        self.tracks.setdefault(job.id, []).append(track)


def add_tracks(
    backend: Backend, tracks: Iterable[Path], options: JobOptions, results: Results, again: bool = False
) -> Added:
    """Make a job of every track, folders searched.

    A job of the library with the same content and options takes the place of a new one, unless `again`.
    """
    added = Added()

    def refuse(path: Path, reason: str) -> None:
        results.refused(path, reason)
        added.refused += 1

    for found in find_tracks(tracks):
        if isinstance(found, LeftOut):
            print(found.sentence, file=sys.stderr)
            continue
        if isinstance(found, Refusal):
            refuse(found.path, found.reason)
            continue
        try:
            _add(backend, found, options, added, again)
        except (UnusableTrackError, StorageError, UnknownJobError) as error:
            refuse(found, str(error))
    return added


def _add(backend: Backend, track: Path, options: JobOptions, added: Added, again: bool) -> None:
    """Raises UnusableTrackError, StorageError, UnknownJobError when the job that it has was removed in this moment."""
    try:
        added.note(backend.service.add(track, options, lambda job: not again and _serves(job, options)), track)
    except DuplicateTrackError as error:
        _use(backend.service.job(error.job_id), track, added)


def _serves(job: Job, options: JobOptions) -> bool:
    """Return True when the job has, or will have, the stems that a new one with `options` would have."""
    if job.removed or replace(job.options, out=None) != replace(options, out=None):
        return False
    if job.state is JobState.COMPLETED:
        return job.model_used == options.model and is_whole(job)
    return not job.state.ended


def _use(job: Job, track: Path, added: Added) -> None:
    stems = "its stems are used" if job.state.ended else "it is waited for"
    print(f"{shown(track.name)} is already in your library: {stems}. To separate it anew: --again", file=sys.stderr)
    if job.paused:
        print(f"It is paused. To go on: unbraid resume {job.id[:8]}", file=sys.stderr)
    if job.id not in added.tracks:
        added.known.add(job.id)
    added.note(job, track)


def see_to_the_end(backend: Backend, added: Added, results: Results, screen: Screen, out: Path | None = None) -> bool:
    """Start Redis and the worker, wait for the jobs, end what was started, and tell the result of every track.

    The stems of jobs that were in the library before are copied into `out`; Ctrl-C does not cancel these.
    Returns True when each job has the stems that it was asked for. Raises ServiceUnavailableError.
    """
    jobs, ends = added.jobs, list[Job]()

    def ended(job: Job) -> None:
        if job.id in added.known:
            try:
                job = _exported(backend, job, out)
            except StorageError as error:
                results.refused(job.source, str(error))
                return
        ends.append(job)
        for track in added.tracks[job.id]:
            results.ended(replace(job, source=track))

    waiting = [job for job in jobs if not job.state.ended]
    for job in jobs:
        if job.state.ended:
            ended(job)
    if waiting:
        if backend.service.paused():
            print(PAUSED, file=sys.stderr)
        try:
            Follower(backend, waiting, screen.progress, ended, added.known).run()
        finally:
            backend.stop()
    return len(ends) == len(jobs) and all(_is_done(job) for job in ends)


def _is_done(job: Job) -> bool:
    """Return True when the job has the stems that it was asked for, where it was asked for them."""
    return job.state is JobState.COMPLETED and not job.last_attempt and is_exported(job)


def _exported(backend: Backend, job: Job, out: Path | None) -> Job:
    """Return a job as if it had been asked for with `out`: copy its stems there, unless copies are there already.

    Raises StorageError.
    """
    wanted = replace(job, options=replace(job.options, out=out))
    copies = [stem.exported for stem in job.stems if stem.exported and stem.exported.exists()]
    there = len(copies) == len(job.stems) and all(copy.parent.parent == out for copy in copies)
    if out is None or there or job.state is not JobState.COMPLETED:
        return wanted
    exported = replace(wanted, stems=export(wanted, job.stems))
    backend.service.note_exports(exported)
    return exported


def _or(asked: _Value | None, chosen: _Value) -> _Value:
    return chosen if asked is None else asked


def _absolute(path: Path) -> Path:
    # Not resolve(): a symbolic link keeps the name that the user gave.
    return Path(os.path.abspath(path))  # noqa: PTH100
