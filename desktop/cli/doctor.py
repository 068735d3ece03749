"""`unbraid doctor`: check everything that a job needs, and say how to fix problems."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from shutil import disk_usage

import redis
from rich.console import Console
from rich.text import Text

from desktop.audio.names import printable
from desktop.backend import Backend
from desktop.errors import ConfigurationError, SoundUnavailableError, UnbraidError
from desktop.models.store import ModelStore
from desktop.paths import Home, find_home
from desktop.playback.device import default_device_name
from desktop.runtime import nvidia
from desktop.runtime.disk_errors import describe_disk_error
from desktop.runtime.display import is_display_available
from desktop.runtime.logging_setup import configure_logging, describe_log
from desktop.runtime.redis_endpoint import describe_redis_error
from desktop.runtime.settings_file import load_settings
from desktop.settings import check_environment, external_redis
from desktop.tasks.queue import find_workers
from desktop.tasks.redis_client import redis_client, redis_names
from desktop.text.sizes import format_size

# Space for the stems and segments of a few tracks; with less, warn the user before a job fails.
LOW_SPACE_BYTES = 2 * 10**9
LOW_FREE_FILES = 1000


class Verdict(StrEnum):
    """Outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    """Jobs run, but something else does not work."""
    PROBLEM = "problem"
    """Jobs cannot run."""


@dataclass(frozen=True)
class Check:
    """Result of one check."""

    name: str
    verdict: Verdict
    found: str
    """Finding, as a sentence."""
    mend: str = ""
    """Advice on how to fix it; empty if all is well."""


VERDICT_MARKS = {Verdict.OK: ("✓", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.PROBLEM: ("✗", "red")}


def run_doctor(as_json: bool) -> int:
    """Run and print every check. Return 1 if jobs cannot run, else 0.

    Takes at most 20 seconds if a component does not respond, and 2 more minutes if a worker does not start.
    """
    checks = list(run_checks())
    if as_json:
        print(json.dumps([asdict(check) for check in checks]))
    else:
        _print_checks(checks)
    return 1 if any(check.verdict is Verdict.PROBLEM for check in checks) else 0


def run_checks() -> Iterator[Check]:
    """Yield the result of each check, in the order in which a job needs the components."""
    try:
        home = find_home()
        check_environment()
    except ConfigurationError as error:
        yield Check("variables", Verdict.PROBLEM, str(error))
        return
    storage = _check_storage(home)
    yield storage
    if storage.verdict is Verdict.PROBLEM:
        return
    configure_logging(home, "terminal")
    yield from _check_library(home)
    yield _check_models(home)
    if hint := nvidia.setup_hint():
        yield Check("card", Verdict.OK, "Songs are separated on the processor.", hint)
    yield _check_sound()
    yield _check_display()


def _check_storage(home: Home) -> Check:
    try:
        home.create_folders()
        with tempfile.NamedTemporaryFile(dir=home.jobs) as probe:
            probe.write(b"unbraid")
    except OSError as error:
        reason, advice = describe_disk_error(error, home.root)
        mend = f"{advice}, or set UNBRAID_HOME to another folder."
        return Check("storage", Verdict.PROBLEM, f"{printable(home.root)} cannot be written: {reason}.", mend)
    free, free_files = disk_usage(home.root).free, _count_free_files(home.root)
    if free_files is not None and free_files < LOW_FREE_FILES:
        found = f"{printable(home.root)}, {format_size(free)} free, but only {free_files} more files can be made there."
        return Check("storage", Verdict.WARNING, found, "Delete files on that disk, small ones as well.")
    found = f"{printable(home.root)}, {format_size(free)} free."
    if free < LOW_SPACE_BYTES:
        return Check(
            "storage", Verdict.WARNING, found, "Free some space, or delete the removed songs: unbraid bin --empty"
        )
    return Check("storage", Verdict.OK, found)


def _count_free_files(folder: Path) -> int | None:
    """Return how many more files `folder` can hold, or None if the file system has no such limit."""
    if not hasattr(os, "statvfs"):
        return None
    status = os.statvfs(folder)
    return status.f_favail if status.f_files else None


def _check_library(home: Home) -> Iterator[Check]:
    try:
        backend = Backend(home)
        count = len(backend.service.jobs())
    except UnbraidError as error:
        mend = "docs/troubleshooting.md, “Database”, tells what to do."
        yield Check("database", Verdict.PROBLEM, str(error), mend)
        return
    yield Check("database", Verdict.OK, f"The library opens. Jobs in it: {count}.")
    try:
        start_error = _start_backend(backend)
        yield _check_redis(home)
        yield _check_worker(home, backend, start_error)
    finally:
        backend.stop()


def _start_backend(backend: Backend) -> str | None:
    """Start Redis and the worker if they do not run. Return the error message, or None."""
    try:
        backend.start()
    except UnbraidError as error:
        return str(error)
    return None


def _check_redis(home: Home) -> Check:
    external = external_redis()
    try:
        with redis_client() as client:
            version = str(client.info("server")["redis_version"])
            # A replica, or a server without free memory, responds but accepts no writes.
            client.set(f"{redis_names().queue}:doctor", "1", ex=1)
    except redis.RedisError as error:
        mend = "" if external else describe_log(home, "redis")
        return Check("redis", Verdict.PROBLEM, describe_redis_error(error, external), mend)
    return Check("redis", Verdict.OK, f"Redis {version} answers, and takes messages.")


def _check_worker(home: Home, backend: Backend, start_error: str | None) -> Check:
    if start_error:
        return Check("worker", Verdict.PROBLEM, start_error)
    try:
        workers = find_workers()
        problem = backend.worker_trouble(workers)
    except UnbraidError as error:
        return Check("worker", Verdict.PROBLEM, str(error))
    songs = (
        f"{_names_and_verb(workers.songs, 'takes', 'take')} songs."
        if workers.songs
        else "A worker is separating a song."
    )
    drafts = f" {_names_and_verb(workers.drafts, 'makes', 'make')} drafts." if workers.drafts else ""
    if not problem:
        return Check("worker", Verdict.OK, songs + drafts)
    others = f" Others answer: {', '.join(workers.others)}." if workers.others else ""
    mend = f"{describe_log(home, 'worker')} Start Unbraid again, or another worker: unbraid worker"
    return Check("worker", Verdict.PROBLEM, f"{problem}{drafts}{others}", mend)


def _names_and_verb(workers: Sequence[str], singular_verb: str, plural_verb: str) -> str:
    """Return the worker names with the matching form of a verb."""
    return f"{', '.join(workers)} {singular_verb if len(workers) == 1 else plural_verb}"


def _check_models(home: Home) -> Check:
    wanted = load_settings(home).model
    installed_titles = [model.title for model in ModelStore(home).list_models() if model.is_installed]
    found = f"On this computer: {', '.join(installed_titles)}."
    if any(model.is_installed for model in ModelStore(home).list_models() if model.name == wanted):
        return Check("models", Verdict.OK, found)
    mend = f"The first song downloads it; to do so now: unbraid models download {wanted}"
    return Check("models", Verdict.WARNING, f"{found} The default model {wanted} is not.", mend)


def _check_sound() -> Check:
    try:
        return Check("sound", Verdict.OK, f"{default_device_name()} plays the stems.")
    except SoundUnavailableError as error:
        return Check(
            "sound", Verdict.WARNING, str(error), "Separating works without; connect a sound device to listen."
        )


def _check_display() -> Check:
    if is_display_available():
        return Check("display", Verdict.OK, "A window can be opened.")
    mend = "Songs are separated in the terminal: unbraid FILE"
    return Check("display", Verdict.WARNING, "There is no display to open the window on.", mend)


def _print_checks(checks: Sequence[Check]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in checks:
        mark, colour = VERDICT_MARKS[check.verdict]
        mend = f"  {check.mend}" if check.mend else ""
        console.print(Text.assemble((f"{mark} ", colour), (f"{check.name:<9}", "bold"), check.found, mend))
