"""The Celery application: `celery -A desktop.tasks.celery_app worker` works from a shell, Flower too."""

import sys
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from celery import Celery
from celery.signals import before_task_publish, celeryd_init

from desktop.address import own_port
from desktop.errors import UnbraidError
from desktop.paths import home
from desktop.settings import RedisSettings, external_redis, redis_from_environment
from desktop.tasks.names import names

TASK = "process_audio_job"
DRAFT_TASK = "draft_audio_job"
LIBRARY_HEADER = "library"
"""The header of a message that holds the id of its library."""
_WEEK = 7 * 24 * 3600
# Redelivery is reconciliation's work, from the rows; Redis's own clock would run long jobs twice.
_TRANSPORT = {"visibility_timeout": _WEEK, "socket_timeout": 30, "socket_connect_timeout": 5}


def broker_url() -> str:
    """Redis as Celery names it: the one of `REDIS_HOST`, else the library's own, else the usual local one."""
    external = external_redis()
    if external:
        return _tcp(external)
    socket = home().socket
    if socket.exists():
        return f"redis+socket://{socket}?virtual_host=0"
    return _tcp(own_port(home()) or redis_from_environment())


def connect() -> None:
    """Point the application at the library's Redis and queues: both may be newer than the import of this module.

    Raises StorageError where the library's folder cannot be used, ServiceUnavailableError if UNBRAID_QUEUE is no name.
    """
    known = names()
    app.conf.update(
        broker_url=broker_url(),
        result_backend=broker_url(),
        task_default_queue=known.queue,
        control_exchange=known.control_exchange,
        event_exchange=known.event_exchange,
        broker_transport_options=_TRANSPORT | known.unacked,
    )


@celeryd_init.connect
def _prepare_worker(**_: object) -> None:
    """Make the library's folder, which the names depend on, before a worker asks for its queue."""
    home().prepare()
    connect()


@before_task_publish.connect
def _name_library(headers: dict[str, Any], **_: object) -> None:
    headers[LIBRARY_HEADER] = names().library


def _tcp(server: RedisSettings) -> str:
    # Quoted: else a sign in it would end it, and an error message would show the rest.
    password = f":{quote(server.password, safe='')}@" if server.password else ""
    return f"redis://{password}{server.host}:{server.port}/{server.db}"


app = Celery(
    "unbraid",
    broker=broker_url(),
    backend=broker_url(),
    include=["desktop.tasks.audio_jobs", "desktop.tasks.draft_jobs"],
)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=3600,
    # The row is the truth: nothing of ours reads a result. A stored one may say failure for a job that completed while
    # Redis was down. Whoever asks for one asks the task for it; then a Redis that is away may not keep the next song
    # waiting for long.
    task_ignore_result=True,
    redis_socket_timeout=5.0,
    redis_socket_connect_timeout=5.0,
    result_backend_transport_options={"retry_policy": {"max_retries": 2, "interval_start": 0.5, "interval_max": 1.0}},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=3600,
    task_soft_time_limit=3300,
    task_send_sent_event=True,
    worker_send_task_events=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=50,
    # A worker that shall end waits so long for its song before that goes back to the queue, with its segments.
    worker_soft_shutdown_timeout=5.0,
    # Measured: True kills jobs that would have finished, and never runs them again.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Nothing that holds threads, a GPU or macOS frameworks survives a fork.
    worker_pool="solo" if sys.platform == "win32" else "prefork",
    worker_pool_start_method="spawn",
    # Celery's 4 s are too short for a child that imports the pipeline on a busy machine: it was killed, for ever anew.
    worker_proc_alive_timeout=120.0,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options=_TRANSPORT,
    timezone="UTC",
)
# By name, so that the window does not import what only a worker needs.
RECONCILER = "desktop.tasks.upkeep:Reconciler"
app.steps["consumer"].update({"desktop.tasks.upkeep:StallWatch", RECONCILER})
app.steps["worker"].add("desktop.tasks.upkeep:GentleEnd")
with suppress(UnbraidError):  # there may be no library yet: whoever needs one connects again
    connect()
