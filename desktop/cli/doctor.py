"""`unbraid doctor`: is everything there that a job needs, and if not, how to mend it."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from shutil import disk_usage

import redis
from rich.console import Console
from rich.text import Text

from desktop import nvidia
from desktop.audio.names import shown
from desktop.backend import Backend
from desktop.disk_trouble import reason_of
from desktop.display import display_available
from desktop.errors import SoundUnavailableError, UnbraidError
from desktop.log import log_file, start_log
from desktop.models.shelf import Shelf
from desktop.paths import Home, home
from desktop.playback.device import default_device
from desktop.settings import load_settings
from desktop.sizes import in_words
from desktop.tasks.celery_app import app, broker_url

TASK = "process_audio_job"
# A few songs' stems; below this the user should know before a job does.
LITTLE_SPACE = 2 * 10**9


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
    """Make every check. Returns 1 when a job could not run, else 0."""
    library = home()
    checks = list(examine(library))
    if as_json:
        print(json.dumps([asdict(check) for check in checks]))
    else:
        _print(checks)
    return 1 if any(check.verdict is Verdict.PROBLEM for check in checks) else 0


def examine(library: Home) -> Iterator[Check]:
    """The checks, in the order in which a job needs the parts."""
    storage = _storage(library)
    yield storage
    if storage.verdict is Verdict.PROBLEM:
        return
    start_log(library, "terminal")
    backend = Backend(library)
    try:
        yield _database(backend)
        yield from _services(library, backend)
    finally:
        backend.stop()
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
        mend = "Make the folder writable, or set UNBRAID_HOME to one that is."
        return Check("storage", Verdict.PROBLEM, f"{shown(library.root)} cannot be written: {reason_of(error)}.", mend)
    free = disk_usage(library.root).free
    found = f"{shown(library.root)}, {in_words(free)} free."
    if free < LITTLE_SPACE:
        return Check(
            "storage", Verdict.WARNING, found, "Free some space, or delete the removed songs: unbraid bin --empty"
        )
    return Check("storage", Verdict.OK, found)


def _database(backend: Backend) -> Check:
    try:
        count = len(backend.service.jobs())
    except UnbraidError as error:
        return Check("database", Verdict.PROBLEM, str(error), "docs/troubleshooting.md, “Database”, tells what to do.")
    return Check("database", Verdict.OK, f"The library opens. Jobs in it: {count}.")


def _services(library: Home, backend: Backend) -> Iterator[Check]:
    trouble = _attempt(backend.start)
    yield _redis(library, trouble)
    yield _worker(library, trouble)


def _attempt(start: Callable[[], None]) -> str | None:
    try:
        start()
    except UnbraidError as error:
        return str(error)
    return None


def _redis(library: Home, trouble: str | None) -> Check:
    try:
        with redis.Redis.from_url(broker_url().replace("redis+socket", "unix").replace("virtual_host", "db")) as client:
            version = client.info("server")["redis_version"]
            client.ping()
    except redis.RedisError as error:
        mend = f"See {log_file(library, 'redis')}, or name a running server in REDIS_HOST."
        return Check("redis", Verdict.PROBLEM, trouble or f"Redis does not answer PING: {error}.", mend)
    return Check("redis", Verdict.OK, f"Redis {version} answers PING.")


def _worker(library: Home, trouble: str | None) -> Check:
    log = log_file(library, "worker")
    mend = f"See {log}, then start Unbraid again."
    if trouble:
        return Check("worker", Verdict.PROBLEM, trouble, mend)
    answers = app.control.ping(timeout=3.0, limit=1)
    if not answers:
        return Check("worker", Verdict.PROBLEM, "The worker does not answer a ping.", mend)
    registered = app.control.inspect(list(answers[0]), timeout=3.0).registered() or {}
    if not any(TASK in task for tasks in registered.values() for task in tasks):
        return Check("worker", Verdict.PROBLEM, f"The worker does not know the task {TASK}.", mend)
    return Check("worker", Verdict.OK, f"The worker answers and knows the task {TASK}.")


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
