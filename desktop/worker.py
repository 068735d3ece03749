"""Composition root of the worker process: Celery with this app's settings, and its ties to the app that started it."""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from celery.signals import worker_ready

from desktop.crashes.watch import watching
from desktop.errors import UnbraidError
from desktop.last_words import write_words
from desktop.opening import usable_home
from desktop.paths import home
from desktop.supervisor.child import kill_tree, reap
from desktop.supervisor.redis import PIDFILE as REDIS_PIDFILE
from desktop.supervisor.worker import END, READY
from desktop.tasks.celery_app import RECONCILER, app
from desktop.tasks.names import names
from desktop.tasks.upkeep import give_back

# Below the window and the sound: separating takes all the cores that nobody else wants.
_NICENESS = 5
# A draft is waited for; it goes before separating.
_DRAFT_NICENESS = 0
# Seconds between signs of life to monitors such as Flower. Measured: 0.3 ms of processor time a second, of 3.
_HEARTBEAT_S = 10
_DRAFTS_ALONE = "desktop.tasks.draft_jobs"


def main(argv: Sequence[str]) -> int:
    """Run a worker until it is told to stop. Returns the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        library = usable_home()
    except UnbraidError as error:
        write_words(str(error))
        return 1
    watching.begin(library, "draft" if arguments.draft else "worker")
    watching.look_back()
    if os.environ.get("NO_COLOR"):
        os.environ["NO_COLOR"] = "1"  # any value means yes, but Celery would refuse most
    # Sketch multiplies many small matrices: spreading each over all cores takes more time than it saves.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if arguments.supervised or arguments.draft:
        app.steps["consumer"].discard(RECONCILER)
    if arguments.supervised:
        _tie_to_supervisor(_DRAFT_NICENESS if arguments.draft else _NICENESS)
    words = ["worker", "--loglevel", arguments.loglevel, "--concurrency", str(arguments.concurrency)]
    if arguments.draft:
        app.conf.include = [_DRAFTS_ALONE]
        words += ["--queues", names(library).draft_queue, "--pool", "solo", "--hostname", "draft@%h"]
    words += ["--without-gossip", "--without-mingle", "--heartbeat-interval", str(_HEARTBEAT_S)]
    if arguments.logfile:
        # Celery would fill in names of its own for %n and the like.
        words += ["--logfile", arguments.logfile.replace("%", "%%")]
    try:
        app.worker_main(words)
    finally:
        watching.end()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unbraid worker", description="Separates the songs of the queue.")
    parser.add_argument(
        "--concurrency", type=int, default=1, help="songs at the same time (default 1: it uses all cores)"
    )
    parser.add_argument("--loglevel", default="info", help="debug, info, warning, error (default info)")
    parser.add_argument("--logfile", help="where to log (default: the terminal)")
    parser.add_argument(
        "--draft", action="store_true", help="make drafts of new songs instead, by Sketch, without torch"
    )
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    return parser


def _tie_to_supervisor(niceness: int) -> None:
    """Say when ready on standard output, and end when standard input does: the app is gone, or wants us gone."""
    _step_back(niceness)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Celery's banner is not for the supervisor

    def tell(**_: object) -> None:
        out.write(f"{READY}\n")
        out.flush()

    worker_ready.connect(tell, weak=False)
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()


def _step_back(niceness: int) -> None:
    """Leave the processor to what is nicer to have at once."""
    if sys.platform != "win32":
        os.nice(niceness)
    elif niceness:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    # Linux weighs sessions against each other, and this process has one of its own: its niceness alone counts nothing.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(f"{niceness}\n", encoding="ascii")


def _end_with_input() -> None:
    told = b""
    while more := os.read(0, 64):
        told += more
    if told != END:  # the app has died; on macOS nothing else ends its Redis then
        reap(home().run / REDIS_PIDFILE)
    # Celery would tell of children that are ended on purpose as of a crash.
    logging.disable(logging.CRITICAL)
    # No waiting for the segment in work: its job waits again, and goes on from its finished segments.
    for child in psutil.Process().children(recursive=True):
        kill_tree(child.pid)
    give_back()
    watching.end()
    psutil.Process().kill()
