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
from desktop.models.titles import find_model_title
from desktop.paths import Home, find_home
from desktop.playback.device import default_device_name
from desktop.runtime import nvidia
from desktop.runtime.disk_errors import describe_disk_error
from desktop.runtime.display import is_display_available
from desktop.runtime.logging_setup import configure_logging, describe_log
from desktop.runtime.redis_endpoint import describe_redis_error
from desktop.runtime.settings_file import load_settings
from desktop.tasks.queue import find_workers
from desktop.tasks.redis_client import redis_client, redis_names
from desktop.text.message import Message, tr, tr_count
from desktop.variables import check_environment, external_redis

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
    """One of the keys of `_TITLES`."""
    verdict: Verdict
    found: str
    """Finding, as a sentence."""
    mend: str = ""
    """Advice on how to fix it; empty if all is well."""


_TITLES = {
    "variables": Message("variables"),
    "storage": Message("storage"),
    "database": Message("database"),
    "redis": Message("redis"),
    "worker": Message("worker"),
    "models": Message("models"),
    "card": Message("card"),
    "sound": Message("sound"),
    "display": Message("display"),
}
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
        yield Check("card", Verdict.OK, tr("Songs are separated on the processor."), str(hint))
    yield _check_sound()
    yield _check_display()


def _check_storage(home: Home) -> Check:
    try:
        home.create_folders()
        with tempfile.NamedTemporaryFile(dir=home.jobs) as probe:
            probe.write(b"unbraid")
    except OSError as error:
        reason, advice = describe_disk_error(error, home.root)
        found = tr("{folder} cannot be written: {reason}.", folder=printable(home.root), reason=reason)
        mend = tr("{advice}, or set UNBRAID_HOME to another folder.", advice=advice)
        return Check("storage", Verdict.PROBLEM, found, mend)
    free, free_files = disk_usage(home.root).free, _count_free_files(home.root)
    if free_files is not None and free_files < LOW_FREE_FILES:
        found = tr_count(
            "{folder}, {free:size} free, but only {count} more file can be created there.",
            "{folder}, {free:size} free, but only {count} more files can be created there.",
            free_files,
            folder=printable(home.root),
            free=free,
        )
        mend = tr("Delete some files on that disk. Small files count, too.")
        return Check("storage", Verdict.WARNING, found, mend)
    found = tr("{folder}, {free:size} free.", folder=printable(home.root), free=free)
    if free < LOW_SPACE_BYTES:
        mend = tr("Free up some space, or delete the removed songs: unbraid bin --empty")
        return Check("storage", Verdict.WARNING, found, mend)
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
        mend = tr("See “Database” in docs/troubleshooting.md.")
        yield Check("database", Verdict.PROBLEM, str(error), mend)
        return
    yield Check("database", Verdict.OK, tr("The library opens. Songs in it: {number}.", number=count))
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
        mend = "" if external else str(describe_log(home, "redis"))
        return Check("redis", Verdict.PROBLEM, str(describe_redis_error(error, external)), mend)
    return Check("redis", Verdict.OK, tr("Redis {version} answers and accepts messages.", version=version))


def _check_worker(home: Home, backend: Backend, start_error: str | None) -> Check:
    if start_error:
        return Check("worker", Verdict.PROBLEM, start_error)
    try:
        workers = find_workers()
        problem = backend.worker_trouble(workers)
    except UnbraidError as error:
        return Check("worker", Verdict.PROBLEM, str(error))
    drafts = _drafts_sentence(workers.drafts)
    if not problem:
        return Check("worker", Verdict.OK, _join(_songs_sentence(workers.songs), drafts))
    others = tr("Other workers answer: {workers}.", workers=", ".join(workers.others)) if workers.others else ""
    advice = tr("Start Unbraid again, or start a worker: unbraid worker")
    return Check(
        "worker", Verdict.PROBLEM, _join(str(problem), drafts, others), _join(str(describe_log(home, "worker")), advice)
    )


def _songs_sentence(workers: Sequence[str]) -> str:
    if not workers:
        return tr("A worker is separating a song.")
    return tr_count("{workers} takes songs.", "{workers} take songs.", len(workers), workers=", ".join(workers))


def _drafts_sentence(workers: Sequence[str]) -> str:
    if not workers:
        return ""
    return tr_count("{workers} makes drafts.", "{workers} make drafts.", len(workers), workers=", ".join(workers))


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _check_models(home: Home) -> Check:
    wanted = load_settings(home).model
    installed = [model for model in ModelStore(home).list_models() if model.is_installed]
    titles = [str(find_model_title(model.name, model.title)) for model in installed]
    found = tr("On this computer: {models}.", models=", ".join(titles))
    if any(model.name == wanted for model in installed):
        return Check("models", Verdict.OK, found)
    missing = tr("The default model {model} is not downloaded yet.", model=wanted)
    mend = tr("The first song downloads it. To download it now: unbraid models download {model}", model=wanted)
    return Check("models", Verdict.WARNING, _join(found, missing), mend)


def _check_sound() -> Check:
    try:
        return Check("sound", Verdict.OK, tr("{device} plays the stems.", device=default_device_name()))
    except SoundUnavailableError as error:
        mend = tr("Songs can be separated without one. Connect a sound device to listen.")
        return Check("sound", Verdict.WARNING, str(error), mend)


def _check_display() -> Check:
    if is_display_available():
        return Check("display", Verdict.OK, tr("The window can open."))
    mend = tr("Songs are separated in the terminal: unbraid FILE")
    return Check("display", Verdict.WARNING, tr("No display was found for the window."), mend)


def _print_checks(checks: Sequence[Check]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    width = max(len(str(title)) for title in _TITLES.values())
    for check in checks:
        mark, colour = VERDICT_MARKS[check.verdict]
        mend = f"  {check.mend}" if check.mend else ""
        title = f"{_TITLES[check.name]:<{width}}"
        console.print(Text.assemble((f"{mark} ", colour), (title, "bold"), check.found, mend))
