"""Celery's settings. Each was chosen for what was seen to happen without it; what can be tried is tried elsewhere."""

import sys
import tomllib
from pathlib import Path

import pytest

from desktop.paths import find_home
from desktop.tasks.celery_app import app, configure_for_library
from desktop.tasks.redis_client import redis_names
from tests.helpers.command import ROOT

HOUR, DAY = 3600, 24 * 3600


def test_a_task_is_done_with_when_it_has_ended_and_comes_back_when_its_process_dies() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_a_child_holds_one_message_and_is_made_anew_after_fifty() -> None:
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.worker_max_tasks_per_child == 50


def test_nothing_but_json_is_read() -> None:
    assert list(app.conf.accept_content) == ["json"]
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")


def test_the_row_is_the_truth_and_no_result_is_kept_for_long() -> None:
    assert app.conf.task_ignore_result
    assert app.conf.result_expires == HOUR


def test_the_limits_of_a_song_of_usual_length_are_an_hour_and_five_minutes_less() -> None:
    assert (app.conf.task_soft_time_limit, app.conf.task_time_limit) == (3300, HOUR)


def test_redis_gives_no_message_to_a_second_worker_while_the_first_may_still_work_on_it() -> None:
    assert app.conf.broker_transport_options["visibility_timeout"] == 7 * DAY


def test_a_redis_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    assert app.conf.broker_transport_options["socket_timeout"] == 30


def test_a_broken_connection_does_not_kill_the_song_in_work() -> None:
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss is False


def test_a_worker_that_shall_end_waits_a_moment_for_its_song() -> None:
    assert 5 <= app.conf.worker_soft_shutdown_timeout <= 10


def test_a_child_may_take_its_time_to_start() -> None:
    # Celery's 4 s are over before a child on a busy machine has imported the pipeline: it would be killed for ever.
    assert app.conf.worker_proc_alive_timeout >= 60


@pytest.mark.skipif(sys.platform == "win32", reason="there are no forks to avoid")
def test_children_are_spawned_and_can_be_ended() -> None:
    # The pools of threads, and of the worker's own process, ignore limits and cannot end a task.
    assert (app.conf.worker_pool, app.conf.worker_pool_start_method) == ("prefork", "spawn")


def test_queue_keys_and_channels_are_named_after_the_library() -> None:
    find_home().create_folders()
    configure_for_library()
    known = redis_names()
    assert known.queue == f"unbraid.{known.library}"
    assert app.conf.task_default_queue == known.queue
    assert known.unacked_options.items() <= app.conf.broker_transport_options.items()
    keys = (
        *known.unacked_options.values(),
        known.draft_queue,
        known.events_channel,
        known.playhead_key("x"),
        known.reconcile_lock_key,
    )
    assert all(key.startswith(known.queue) for key in (*keys, app.conf.control_exchange, app.conf.event_exchange))


def test_celery_is_installed_with_what_its_redis_transport_needs() -> None:
    project = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text())["project"]
    assert [name for name in project["dependencies"] if name.startswith("celery")] == ["celery[redis]==5.7.0"]


def test_a_redis_that_is_at_another_place_is_found_by_all_who_publish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    for port in (7001, 7002):
        monkeypatch.setenv("REDIS_PORT", str(port))
        assert app.pool.connection.port == port
        assert app.producer_pool.connections.connection.port == port
