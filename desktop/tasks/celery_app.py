"""The Celery application, for the app, for `celery -A desktop.tasks.celery_app worker` in a shell, and for Flower.

Only `REDIS_HOST` and the library determine the Redis server, never variables or options of Celery.
"""

import logging
import multiprocessing
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import click
from celery import Celery
from celery.app.amqp import AMQP
from celery.loaders.app import AppLoader
from celery.signals import before_task_publish, celeryd_init
from kombu import Connection, pools
from kombu.connection import ConnectionPool
from kombu.pools import ProducerPool

from desktop.errors import ConfigurationError, UnbraidError
from desktop.paths import Home, find_home
from desktop.runtime.environment import remove_foreign_variables
from desktop.runtime.redis_endpoint import read_endpoint
from desktop.tasks.redis_client import redis_names
from desktop.variables import RedisSettings, check_environment, external_redis, redis_from_environment

SEPARATE_TASK = "process_audio_job"
DRAFT_TASK = "draft_audio_job"
ANALYSE_TASK = "analyse_song"
EXPORT_TASK = "export_song"
LIBRARY_HEADER = "library"
"""Message header with the id of the library."""
_WEEK_S = 7 * 24 * 3600
# Reconciliation redelivers messages from the rows; a short visibility timeout would run long jobs twice.
_TRANSPORT_OPTIONS = {"visibility_timeout": _WEEK_S, "socket_timeout": 30, "socket_connect_timeout": 5}
_log = logging.getLogger(__name__)
_last_known_urls: dict[Home, str] = {}


class NoConfigLoader(AppLoader):
    """Loader that ignores `CELERY_CONFIG_MODULE`."""

    def read_configuration(self, env: str = "") -> dict[str, Any]:
        """Return an empty configuration: the application is configured in this module."""
        return {}


class RedisAmqp(AMQP):
    """Publishes to the current Redis. Celery itself would keep the pool of the first address forever."""

    @property
    def producer_pool(self) -> ProducerPool:  # pyright: ignore[reportIncompatibleVariableOverride]  only ever read
        """Pool of producers connected to the library's Redis. Raises ConfigurationError."""
        return pools.producers[self.app.connection_for_write()]


class RedisApp(Celery):
    """Celery application that determines the Redis URL for each connection.

    The library's own Redis may start after the import of this module. Celery itself would let variables such as
    `CELERY_BROKER_URL` override the configuration.
    """

    amqp_cls = "desktop.tasks.celery_app:RedisAmqp"

    @property
    def pool(self) -> ConnectionPool:  # pyright: ignore[reportIncompatibleMethodOverride]  as Celery's own does
        """Pool of connections to the library's Redis. Raises ConfigurationError."""
        return pools.connections[self.connection_for_write()]

    def connection_for_read(self, url: str | None = None, **options: Any) -> Connection:
        """Connect to `url`, or to the library's Redis. Raises ConfigurationError."""
        return super().connection_for_read(url or broker_url(), **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Connection:
        """Connect to `url`, or to the library's Redis. Raises ConfigurationError."""
        return super().connection_for_write(url or broker_url(), **options)

    def connection(self, *address: Any, **options: Any) -> Connection:
        """Connect to `address`, or to the library's Redis. Raises ConfigurationError."""
        if not address:
            options.setdefault("hostname", broker_url())
        return super().connection(*address, **options)

    @property
    def backend_cls(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  Celery only ever reads it
        """URL of the result backend. Raises ConfigurationError."""
        return broker_url()


def broker_url() -> str:
    """Return the URL of the Redis at `REDIS_HOST`, else of the library's own Redis, else of the default local one.

    Raises ConfigurationError.
    """
    external = external_redis()
    if external:
        return _tcp_url(external)
    return _library_redis_url() or _tcp_url(_default_redis())


def _library_redis_url() -> str | None:
    """Return the URL of the library's own Redis, or its last known URL while it restarts; None if never known.

    The last known URL is needed because Celery retries only the address of the lost connection.
    """
    library = find_home()
    if library.redis_socket.exists():
        _last_known_urls[library] = f"redis+socket://{quote(str(library.redis_socket))}?virtual_host=0"
    elif port_address := read_endpoint(library):
        _last_known_urls[library] = _tcp_url(port_address)
    return _last_known_urls.get(library)


def _default_redis() -> RedisSettings:
    """Return the local server. Without `REDIS_HOST`, invalid Redis variables may belong to another program."""
    try:
        return redis_from_environment()
    except ConfigurationError:
        return RedisSettings("localhost", 6379, 0, None)


def configure_for_library() -> None:
    """Set the queue, exchange and key names of the library in the application's configuration.

    The library's folder may be created after the import of this module. Raises StorageError if the folder cannot be
    used, and ConfigurationError if UNBRAID_QUEUE is invalid.
    """
    library_names = redis_names()
    app.conf.update(
        task_default_queue=library_names.queue,
        control_exchange=library_names.control_exchange,
        event_exchange=library_names.event_exchange,
        broker_transport_options=_TRANSPORT_OPTIONS | library_names.unacked_options,
    )


@celeryd_init.connect
def _prepare_worker(**_: object) -> None:
    """Create the library's folder, which determines the queue name, before a worker opens its queue."""
    find_home().create_folders()
    configure_for_library()


@before_task_publish.connect
def _add_library_header(headers: dict[str, Any], **_: object) -> None:
    headers[LIBRARY_HEADER] = redis_names().library


def _tcp_url(server: RedisSettings) -> str:
    # Quoted, because a special character would end the password and error messages would show the rest.
    password = f":{quote(server.password, safe='')}@" if server.password else ""
    host = f"[{quote(server.host, safe=':')}]" if ":" in server.host else quote(server.host)
    return f"redis://{password}{host}:{server.port}/{server.db}"


def _choose_worker_pool() -> str:
    """Return "prefork" if the system has semaphores, which need /dev/shm on Linux, else "solo"."""
    if sys.platform == "win32":
        return "solo"
    try:
        multiprocessing.get_context("fork").Semaphore()
    except OSError as error:
        _log.warning("Worker uses its own process for separation, because semaphores are not available: %s", error)
        return "solo"
    return "prefork"


def _isolate_celery_command() -> None:
    """Remove the environment variables of other applications if the `celery` command has loaded this module.

    The command has read `-A` by now and reads its worker options next, also from variables. Other programs that load
    this module keep their environment. Exits with a message if a variable of Unbraid is invalid.
    """
    context = click.get_current_context(silent=True)
    if context is None or context.find_root().command.name != "celery":
        return
    remove_foreign_variables()
    try:
        check_environment()
    except ConfigurationError as error:
        sys.exit(f"unbraid: {error}")


_isolate_celery_command()
app = RedisApp(
    "unbraid",
    loader=NoConfigLoader,
    include=[f"desktop.tasks.{name}" for name in ("audio_jobs", "draft_jobs", "analysis_jobs", "export_jobs")],
    fixups=[],  # no Django support
)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=3600,
    # The row is the truth: Unbraid reads no results. A stored result may report a failure for a job that completed
    # while Redis was down. Other callers request a result from the task; the short timeouts below keep an unreachable
    # Redis from delaying the next job.
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
    # Seconds that a stopping worker waits for its job before the job returns to the queue, with its segments.
    worker_soft_shutdown_timeout=5.0,
    # Measured: True kills jobs that would have finished, and never runs them again.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_pool=_choose_worker_pool(),
    # Threads, GPU contexts and macOS frameworks do not survive a fork.
    worker_pool_start_method="spawn",
    # Celery's default of 4 s is too short on a busy machine: children that import the pipeline were killed in a loop.
    worker_proc_alive_timeout=120.0,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options=_TRANSPORT_OPTIONS,
    timezone="UTC",
)
# By name, so that the window does not import modules that only a worker needs.
RECONCILIATION_STEP = "desktop.tasks.worker_steps:ReconciliationStep"
app.steps["consumer"].update({"desktop.tasks.worker_steps:StallDetector", RECONCILIATION_STEP})
app.steps["worker"].add("desktop.tasks.worker_steps:SoftShutdown")
# The import creates no files: without an id file, the process that creates the library calls `configure_for_library`.
with suppress(UnbraidError, OSError):
    if find_home().id_file.exists():
        configure_for_library()
