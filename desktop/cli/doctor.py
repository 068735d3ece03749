"""`unbraid doctor`: is everything there that a job needs, and if not, how to mend it."""

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

from desktop import nvidia
from desktop.audio.names import shown
from desktop.backend import Backend
from desktop.disk_trouble import disk_trouble
from desktop.display import display_available
from desktop.errors import ConfigurationError, SoundUnavailableError, UnbraidError
from desktop.log import see_log, start_log
from desktop.models.shelf import Shelf
from desktop.paths import Home, home
from desktop.playback.device import default_device
from desktop.redis_trouble import redis_trouble
from desktop.settings import check_environment, external_redis, load_settings
from desktop.sizes import in_words
from desktop.tasks.names import names
from desktop.tasks.redis_client import redis_client
from desktop.tasks.workers import find_workers

# A few songs' stems, and their segments; below this the user should know before a job does.
LITTLE_SPACE = 2 * 10**9
FEW_FILES = 1000


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Jobs run, something else does not."""
    PROBLEM = "problem"
    """Jobs cannot run."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    found: str
    """What was found, in a sentence."""
    mend: str = ""
    """What to do about it; empty when all is well."""


MARKS = {Verdict.OK: ("✓", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.PROBLEM: ("✗", "red")}


def doctor(as_json: bool) -> int:
    """Make every check. Returns 1 when a job could not run, else 0.

    Takes 20 seconds at most where a part does not answer, and 2 minutes more for a worker that does not start.
    """
    checks = list(examine())
    if as_json:
        print(json.dumps([asdict(check) for check in checks]))
    else:
        _print(checks)
    return 1 if any(check.verdict is Verdict.PROBLEM for check in checks) else 0


def examine() -> Iterator[Check]:
    """Make the checks, in the order in which a job needs the parts."""
    try:
        library = home()
        check_environment()
    except ConfigurationError as error:
        yield Check("variables", Verdict.PROBLEM, str(error))
        return
    storage = _storage(library)
    yield storage
    if storage.verdict is Verdict.PROBLEM:
        return
    start_log(library, "terminal")
    yield from _library(library)
    yield _models(library)
    if hint := nvidia.hint():
        yield Check("card", Verdict.OK, "Songs are separated on the processor.", hint)
    yield _sound()
    yield _display()


def _storage(library: Home) -> Check:
    try:
        library.prepare()
        with tempfile.NamedTemporaryFile(dir=library.jobs) as probe:
            probe.write(b"unbraid")
    except OSError as error:
        reason, advice = disk_trouble(error, library.root)
        mend = f"{advice}, or set UNBRAID_HOME to another folder."
        return Check("storage", Verdict.PROBLEM, f"{shown(library.root)} cannot be written: {reason}.", mend)
    free, files = disk_usage(library.root).free, _free_files(library.root)
    if files is not None and files < FEW_FILES:
        found = f"{shown(library.root)}, {in_words(free)} free, but only {files} more files can be made there."
        return Check("storage", Verdict.WARNING, found, "Delete files on that disk, small ones as well.")
    found = f"{shown(library.root)}, {in_words(free)} free."
    if free < LITTLE_SPACE:
        return Check(
            "storage", Verdict.WARNING, found, "Free some space, or delete the removed songs: unbraid bin --empty"
        )
    return Check("storage", Verdict.OK, found)


def _free_files(folder: Path) -> int | None:
    """Return how many files can still be made, or None where the file system does not count them."""
    if not hasattr(os, "statvfs"):
        return None
    status = os.statvfs(folder)
    return status.f_favail if status.f_files else None


def _library(library: Home) -> Iterator[Check]:
    try:
        backend = Backend(library)
        count = len(backend.service.jobs())
    except UnbraidError as error:
        mend = "docs/troubleshooting.md, “Database”, tells what to do."
        yield Check("database", Verdict.PROBLEM, str(error), mend)
        return
    yield Check("database", Verdict.OK, f"The library opens. Jobs in it: {count}.")
    try:
        trouble = _start(backend)
        yield _redis(library)
        yield _worker(library, backend, trouble)
    finally:
        backend.stop()


def _start(backend: Backend) -> str | None:
    """Start what does not run. Return the sentence about what cannot be started."""
    try:
        backend.start()
    except UnbraidError as error:
        return str(error)
    return None


def _redis(library: Home) -> Check:
    external = external_redis()
    try:
        with redis_client() as client:
            version = str(client.info("server")["redis_version"])
            client.set(f"{names().queue}:doctor", "1", ex=1)  # a copy, or one that is full, answers but takes nothing
    except redis.RedisError as error:
        mend = "" if external else see_log(library, "redis")
        return Check("redis", Verdict.PROBLEM, redis_trouble(error, external), mend)
    return Check("redis", Verdict.OK, f"Redis {version} answers, and takes messages.")


def _worker(library: Home, backend: Backend, trouble: str | None) -> Check:
    if trouble:
        return Check("worker", Verdict.PROBLEM, trouble)
    try:
        workers = find_workers()
        trouble = backend.worker_trouble(workers)
    except UnbraidError as error:
        return Check("worker", Verdict.PROBLEM, str(error))
    songs = f"{_subject(workers.songs, 'takes', 'take')} songs." if workers.songs else "A worker is separating a song."
    drafts = f" {_subject(workers.drafts, 'makes', 'make')} drafts." if workers.drafts else ""
    if not trouble:
        return Check("worker", Verdict.OK, songs + drafts)
    others = f" Others answer: {', '.join(workers.others)}." if workers.others else ""
    mend = f"{see_log(library, 'worker')} Start Unbraid again, or another worker: unbraid worker"
    return Check("worker", Verdict.PROBLEM, f"{trouble}{drafts}{others}", mend)


def _subject(names: Sequence[str], one: str, many: str) -> str:
    """Return the names of workers and a verb."""
    return f"{', '.join(names)} {one if len(names) == 1 else many}"


def _models(library: Home) -> Check:
    wanted = load_settings(library).model
    present = [model.title for model in Shelf(library).models() if model.present]
    found = f"On this computer: {', '.join(present)}."
    if any(model.present for model in Shelf(library).models() if model.name == wanted):
        return Check("models", Verdict.OK, found)
    mend = f"The first song downloads it; to do so now: unbraid models download {wanted}"
    return Check("models", Verdict.WARNING, f"{found} The default model {wanted} is not.", mend)


def _sound() -> Check:
    try:
        return Check("sound", Verdict.OK, f"{default_device()} plays the stems.")
    except SoundUnavailableError as error:
        return Check(
            "sound", Verdict.WARNING, str(error), "Separating works without; connect a sound device to listen."
        )


def _display() -> Check:
    if display_available():
        return Check("display", Verdict.OK, "A window can be opened.")
    mend = "Songs are separated in the terminal: unbraid FILE"
    return Check("display", Verdict.WARNING, "There is no display to open the window on.", mend)


def _print(checks: list[Check]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in checks:
        mark, colour = MARKS[check.verdict]
        mend = f"  {check.mend}" if check.mend else ""
        console.print(Text.assemble((f"{mark} ", colour), (f"{check.name:<9}", "bold"), check.found, mend))
