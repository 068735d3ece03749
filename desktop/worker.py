"""Composition root of the worker process: Celery with Unbraid's settings, attached to the supervisor."""

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

from desktop.errors import UnbraidError
from desktop.paths import find_home
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.fatal_error import print_error
from desktop.runtime.library import prepare_library
from desktop.supervisor.child_process import kill_leftover, kill_process_tree
from desktop.supervisor.redis_server import PIDFILE as REDIS_PIDFILE
from desktop.supervisor.worker_process import END_MESSAGE, READY_LINE
from desktop.tasks.celery_app import RECONCILIATION_STEP, app
from desktop.tasks.redis_client import redis_names
from desktop.tasks.worker_steps import release_ended_jobs
from desktop.text.message import tr

# Below the window and the audio playback: separation uses all remaining processor time.
_SEPARATION_NICENESS = 5
# The user waits for a draft, so it runs before the separation.
_DRAFT_NICENESS = 0
# Seconds between heartbeats to monitors such as Flower. Measured: 0.3 ms of processor time a second, of 3.
_HEARTBEAT_S = 10
_DRAFT_TASKS_MODULES = ["desktop.tasks.draft_jobs", "desktop.tasks.analysis_jobs", "desktop.tasks.export_jobs"]


def main(argv: Sequence[str]) -> int:
    """Run a Celery worker until it is stopped and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        library = prepare_library()
    except UnbraidError as error:
        print_error(str(error))
        return 1
    process_crash_handler.install(library, "draft" if arguments.draft else "worker")
    process_crash_handler.collect_reports()
    if os.environ.get("NO_COLOR"):
        os.environ["NO_COLOR"] = "1"  # any value means yes, but Celery rejects most of them
    # Sketch multiplies many small matrices: splitting each over all cores costs more time than it saves.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if arguments.supervised or arguments.draft:
        app.steps["consumer"].discard(RECONCILIATION_STEP)
    if arguments.supervised:
        _attach_to_supervisor(_DRAFT_NICENESS if arguments.draft else _SEPARATION_NICENESS)
    celery_arguments = ["worker", "--loglevel", arguments.loglevel, "--concurrency", str(arguments.concurrency)]
    if arguments.draft:
        app.conf.include = _DRAFT_TASKS_MODULES
        names = redis_names(library)
        queues = (names.draft_queue, names.analysis_queue, names.export_queue)
        celery_arguments += ["--queues", ",".join(queues), "--pool", "solo"]
    celery_arguments += ["--hostname", arguments.hostname or _default_hostname(arguments)]
    celery_arguments += ["--without-gossip", "--without-mingle", "--heartbeat-interval", str(_HEARTBEAT_S)]
    if arguments.logfile:
        # Celery expands %n and similar in the path.
        celery_arguments += ["--logfile", arguments.logfile.replace("%", "%%")]
    try:
        app.worker_main(celery_arguments)
    finally:
        process_crash_handler.uninstall()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unbraid worker", description=tr("Separate the songs in the queue."))
    parser.add_argument(
        "--concurrency",
        type=int,
        default=1,
        help=tr("number of songs separated at the same time (default 1, which uses all cores)"),
    )
    parser.add_argument("--loglevel", default="info", help=tr("debug, info, warning, error (default info)"))
    parser.add_argument("--logfile", help=tr("file for the log (default: the terminal)"))
    hostname_help = tr("name of the worker for Celery's remote control, such as one@%h (default celery@%h)")
    parser.add_argument("--hostname", "-n", help=hostname_help.replace("%", "%%"))
    parser.add_argument(
        "--draft", action="store_true", help=tr("make drafts of new songs with Sketch instead; does not need torch")
    )
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    return parser


def _default_hostname(arguments: argparse.Namespace) -> str:
    """Return the node name for Celery's remote control, which needs a unique name for each worker."""
    return "draft@%h" if arguments.draft else "app@%h" if arguments.supervised else "celery@%h"


def _attach_to_supervisor(niceness: int) -> None:
    """Print a line on standard output when ready, and exit when standard input closes.

    Standard input closes when the app stops the worker or dies.
    """
    _lower_priority(niceness)
    supervisor_pipe = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Celery's banner is not for the supervisor

    def report_ready(**_: object) -> None:
        supervisor_pipe.write(f"{READY_LINE}\n")
        supervisor_pipe.flush()

    worker_ready.connect(report_ready, weak=False)
    threading.Thread(target=_exit_when_stdin_closes, name="stdin", daemon=True).start()


def _lower_priority(niceness: int) -> None:
    """Lower the process priority to `niceness`, so that the window and the audio playback run first."""
    if sys.platform != "win32":
        os.nice(niceness)
    elif niceness:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    # Linux schedules sessions as groups, and this process is alone in its session: niceness alone has no effect.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(f"{niceness}\n", encoding="ascii")


def _exit_when_stdin_closes() -> None:
    received = b""
    while chunk := os.read(0, 64):
        received += chunk
    if received != END_MESSAGE:  # the app has died, and on macOS nothing else stops its Redis
        kill_leftover(find_home().runtime_dir / REDIS_PIDFILE)
    # Celery would log the killed pool children as a crash.
    logging.disable(logging.CRITICAL)
    # Do not wait for the current segment: the job goes back to the queue and resumes from its finished segments.
    for child in psutil.Process().children(recursive=True):
        kill_process_tree(child.pid)
    release_ended_jobs()
    process_crash_handler.uninstall()
    psutil.Process().kill()
