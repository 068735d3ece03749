"""`unbraid separate` and `unbraid retry`: see jobs to their end in the terminal."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from desktop.audio.files import Refusal, find_tracks
from desktop.backend import Backend
from desktop.cli.follow import PAUSED, Follower
from desktop.cli.results import Lines, Objects, Results
from desktop.errors import StorageError, UnusableTrackError
from desktop.jobs.choices import options_of
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.models.shelf import Shelf
from desktop.opening import open_home
from desktop.settings import load_settings

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
    Shelf(library).get(options.model)
    results = Objects() if arguments.json else Lines()
    backend = Backend(library)
    if backend.notice:
        print(backend.notice, file=sys.stderr)
    jobs, refused = add_tracks(backend, map(_absolute, arguments.tracks), options, results)
    completed = see_to_the_end(backend, jobs, results)
    return 0 if completed and not refused else 1


def add_tracks(
    backend: Backend, tracks: Iterable[Path], options: JobOptions, results: Results
) -> tuple[list[Job], int]:
    """Make a job of every track, folders searched; the jobs, and how many tracks were refused."""
    jobs: list[Job] = []
    refused = 0
    for found in find_tracks(tracks):
        try:
            if isinstance(found, Refusal):
                raise UnusableTrackError(found.reason)
            jobs.append(backend.service.add(found, options))
        except (UnusableTrackError, StorageError) as error:
            results.refused(found.path if isinstance(found, Refusal) else found, str(error))
            refused += 1
    return jobs, refused


def see_to_the_end(backend: Backend, jobs: Sequence[Job], results: Results) -> bool:
    """Start Redis and the worker, wait for `jobs`, end what was started. True when each has the stems it was asked for.

    Raises ServiceUnavailableError.
    """
    if not jobs:
        return True
    if backend.service.paused():
        print(PAUSED, file=sys.stderr)
    ends: list[Job] = []

    def ended(job: Job) -> None:
        ends.append(job)
        results.ended(job)

    try:
        Follower(backend, jobs, Console(stderr=True), ended).run()
    finally:
        backend.stop()
    return len(ends) == len(jobs) and all(job.state is JobState.COMPLETED and not job.last_attempt for job in ends)


def _or(asked: _Value | None, chosen: _Value) -> _Value:
    return chosen if asked is None else asked


def _absolute(path: Path) -> Path:
    # Not resolve(): a symbolic link keeps the name that the user gave.
    return Path(os.path.abspath(path))  # noqa: PTH100
