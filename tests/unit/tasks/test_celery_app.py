"""Celery's settings. Each one prevents a failure that was seen without it; other tests cover what can be run."""

import sys
import tomllib
from pathlib import Path

import pytest

from desktop.paths import find_home
from desktop.tasks.celery_app import app, configure_for_library
from desktop.tasks.redis_client import redis_names
from tests.helpers.command import ROOT

HOUR, DAY = 3600, 24 * 3600


def test_task_is_acknowledged_late_and_redelivered_when_its_process_dies() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_pool_process_prefetches_one_message_and_is_replaced_after_fifty_tasks() -> None:
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.worker_max_tasks_per_child == 50


def test_only_json_messages_are_accepted() -> None:
    assert list(app.conf.accept_content) == ["json"]
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")


def test_results_are_ignored_by_default_and_expire_after_an_hour() -> None:
    assert app.conf.task_ignore_result
    assert app.conf.result_expires == HOUR


def test_default_time_limits_are_an_hour_hard_and_five_minutes_less_soft() -> None:
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (3300, HOUR)


def test_visibility_timeout_is_a_week_so_that_no_running_job_is_redelivered() -> None:
    assert app.conf.broker_transport_options["visibility_timeout"] == 7 * DAY


def test_broker_connection_has_a_socket_timeout() -> None:
    assert app.conf.broker_transport_options["socket_timeout"] == 30


def test_lost_broker_connection_does_not_cancel_the_running_task() -> None:
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss is False


def test_worker_waits_five_to_ten_seconds_for_its_task_at_shutdown() -> None:
    assert 5 <= app.conf.worker_soft_shutdown_timeout <= 10


def test_pool_process_has_at_least_a_minute_to_start() -> None:
    # On a busy machine, a pool process imports the pipeline for longer than Celery's 4 s: it would be killed for ever.
    assert app.conf.worker_proc_alive_timeout >= 60


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_pool_processes_are_spawned_and_can_be_killed() -> None:
    # The thread pool and the solo pool ignore time limits and cannot end a task.
    assert (app.conf.worker_pool, app.conf.worker_pool_start_method) == ("prefork", "spawn")


def test_queue_keys_and_channels_are_named_after_the_library() -> None:
    find_home().create_folders()
    configure_for_library()
    names = redis_names()
    assert names.queue == f"unbraid.{names.library}"
    assert app.conf.task_default_queue == names.queue
    assert names.unacked_options.items() <= app.conf.broker_transport_options.items()
    keys = (
        *names.unacked_options.values(),
        names.draft_queue,
        names.events_channel,
        names.playhead_key("x"),
        names.reconcile_lock_key,
    )
    assert all(key.startswith(names.queue) for key in (*keys, app.conf.control_exchange, app.conf.event_exchange))


def test_celery_is_pinned_with_its_redis_extra() -> None:
    project = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text())["project"]
    assert [name for name in project["dependencies"] if name.startswith("celery")] == ["celery[redis]==5.7.0"]


def test_producers_follow_a_changed_redis_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    for port in (7001, 7002):
        monkeypatch.setenv("REDIS_PORT", str(port))
        assert app.pool.connection.port == port
        assert app.producer_pool.connections.connection.port == port
