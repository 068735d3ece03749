"""Messages follow the rows, whatever became of them: with the real Redis, and no worker."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from desktop.errors import ServiceUnavailableError
from desktop.jobs.model import Job
from desktop.settings import external_redis
from desktop.supervisor.redis_server import RedisServer, check_external_redis
from desktop.tasks import queue
from desktop.tasks.celery_app import app
from desktop.tasks.queue import CeleryQueue, message_id
from desktop.tasks.redis_client import redis_client, redis_names
from tests.helpers.queue import QueueOnlyLibrary, queue_only_library
from tests.helpers.redis_server import redis_on_free_port
from tests.helpers.rows import claim_job, make_new_job, simulate_dead_owner, update_rows


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[QueueOnlyLibrary]:
    with queue_only_library(tmp_path / "library") as made:
        yield made


def add(waiting: QueueOnlyLibrary, count: int) -> list[Job]:
    return [waiting.store.insert(make_new_job(f"{number}.wav")) for number in range(count)]


def test_a_message_is_named_by_its_job_and_token_and_is_json(waiting: QueueOnlyLibrary) -> None:
    (job,) = add(waiting, 1)
    waiting.queue.publish(replace(job, token=7))
    (message,) = waiting.messages()
    assert message["headers"]["id"] == f"{job.id}:7"
    assert message["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("seconds", "soft"),
    [(None, 3300), (150.0, 3300), (3600.0, 72_000), (100 * 3600.0, 6 * 24 * 3600)],
    ids=["unknown", "a song", "an hour", "a hundred hours"],
)
def test_limits_go_with_each_message_as_a_pair_and_grow_with_the_song(
    waiting: QueueOnlyLibrary, seconds: float | None, soft: int
) -> None:
    # A lone time_limit would be ignored under the soft limit of the settings.
    waiting.queue.publish(replace(make_new_job(), seconds=seconds))
    ((hard, told_soft),) = [message["headers"]["timelimit"] for message in waiting.messages()]
    assert (told_soft, hard - told_soft) == (soft, 300)
    assert hard < app.conf.broker_transport_options["visibility_timeout"]


def test_what_is_due_and_has_no_message_is_published_once_and_in_order(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 3)
    for _ in range(3):
        waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [message_id(job) for job in jobs]


def test_a_message_that_a_worker_holds_is_not_published_again(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 2)
    waiting.reconciliation.reconcile()
    assert waiting.hold_next_message() == message_id(jobs[0])
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [message_id(jobs[1])]


def test_an_entry_that_a_lost_owner_left_does_not_stand_for_the_next_run(waiting: QueueOnlyLibrary) -> None:
    (job,) = add(waiting, 1)
    waiting.reconciliation.reconcile()
    waiting.hold_next_message()
    simulate_dead_owner(waiting.home, claim_job(waiting.store, job))
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [f"{job.id}:1"]


def test_what_is_paused_rests_or_waits_in_a_paused_queue_is_not_published(waiting: QueueOnlyLibrary) -> None:
    paused, resting, free = add(waiting, 3)
    waiting.store.set_job_paused(paused.id, True)
    waiting.store.schedule_retry(claim_job(waiting.store, resting), "It was busy.", 40.0)
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [message_id(free)]
    waiting.service.pause_queue()
    assert waiting.message_ids() == []
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == []
    update_rows(waiting.home, "not_before = 0")
    waiting.service.resume_queue()
    assert waiting.message_ids() == [f"{resting.id}:1", message_id(free)]


def test_a_resumed_job_is_asked_for_at_its_place_in_line(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 3)
    waiting.service.pause_jobs([jobs[0].id])
    waiting.reconciliation.reconcile()
    waiting.service.resume_jobs([jobs[0].id])
    assert waiting.message_ids() == [message_id(job) for job in jobs]


def test_another_order_takes_the_place_of_what_was_asked_for(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 3)
    waiting.reconciliation.reconcile()
    waiting.service.move_to_front(jobs[2].id)
    assert waiting.message_ids() == [message_id(jobs[number]) for number in (2, 0, 1)]


def test_a_message_that_a_dead_worker_took_before_it_claimed_the_job_is_published_again(
    waiting: QueueOnlyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = add(waiting, 1)
    waiting.reconciliation.reconcile()
    waiting.hold_next_message()
    monkeypatch.setattr(queue, "_CLAIM_TIMEOUT_S", 0.0)
    for _ in range(2):
        waiting.reconciliation.reconcile()
        assert waiting.message_ids() == [message_id(job)]


def test_before_a_worker_starts_everything_is_made_anew_from_the_rows(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 2)
    waiting.reconciliation.reconcile()
    waiting.hold_next_message()
    waiting.queue.publish(jobs[1])
    assert len(waiting.message_ids()) == 2
    for _ in range(2):
        waiting.reconciliation.rebuild()
        assert waiting.message_ids() == [message_id(job) for job in jobs]
    with redis_client() as client:
        assert client.exists(*redis_names().unacked_options.values()) == 0


def test_while_another_process_compares_messages_and_rows_none_is_published(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 2)
    with waiting.queue.lock_for_reconciliation() as alone:
        assert alone
        waiting.reconciliation.reconcile()
        assert waiting.message_ids() == []
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [message_id(job) for job in jobs]


@pytest.fixture
def common_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that several libraries use."""
    with redis_on_free_port(tmp_path) as address:
        for name, value in address.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.parametrize("shared", [None, "studio"], ids=["names of their own", "a shared name"])
@pytest.mark.usefixtures("common_redis")
def test_of_two_libraries_on_one_redis_none_deletes_the_other_s_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: str | None
) -> None:
    if shared:
        monkeypatch.setenv("UNBRAID_QUEUE", shared)
    with queue_only_library(tmp_path / "theirs") as theirs:
        add(theirs, 3)
        theirs.reconciliation.reconcile()
        taken, waiting = theirs.hold_next_message(), set(theirs.message_ids())
    with queue_only_library(tmp_path / "ours") as ours:
        jobs = add(ours, 2)
        ours.reconciliation.reconcile()
        ours.queue.republish(jobs[:1])
        ours.reconciliation.rebuild()
        assert {message_id(job) for job in jobs} == set(ours.message_ids()) - waiting
        assert waiting <= set(ours.message_ids()) or not shared
    with queue_only_library(tmp_path / "theirs") as theirs:
        assert waiting <= set(theirs.message_ids())
        assert theirs.queue.message_ids() >= {taken, *waiting}


def test_a_lost_message_is_published_again(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 2)
    waiting.reconciliation.reconcile()
    with redis_client() as client:
        client.flushall()
    waiting.reconciliation.reconcile()
    assert waiting.message_ids() == [message_id(job) for job in jobs]


def test_without_a_redis_the_rows_wait_and_who_reconciles_is_told(tmp_path: Path) -> None:
    with queue_only_library(tmp_path / "library") as waiting:
        jobs = add(waiting, 2)
        waiting.redis.stop()
        waiting.service.pause_queue()
        waiting.service.resume_queue()
        waiting.reconciliation.rebuild()
        with pytest.raises(ServiceUnavailableError, match="Unbraid's own Redis does not answer"):
            waiting.reconciliation.reconcile()
        waiting.queue.publish_playhead(jobs[0].id, 1.0)
        waiting.redis.start()
        waiting.reconciliation.reconcile()
        assert waiting.message_ids() == [message_id(job) for job in jobs]


def test_nothing_is_ever_sent_to_somebody_else_s_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with queue_only_library(tmp_path / "somebody's") as somebody:
        monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "mine"))  # whose own Redis was not started yet
        CeleryQueue().publish(make_new_job())
        monkeypatch.setenv("UNBRAID_HOME", str(somebody.home.root))
        assert somebody.message_ids() == []


def test_redis_keeps_what_it_is_told_listens_on_no_port_and_runs_no_modules(waiting: QueueOnlyLibrary) -> None:
    with redis_client() as client:
        told = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "port", "save")}
        version = int(str(client.info("server")["redis_version"]).split(".")[0])
        modules = client.config_get("enable-module-command").get("enable-module-command")
    assert told == {"appendonly": "yes", "appendfsync": "everysec", "port": "0", "save": ""}
    assert modules == ("no" if version >= 7 else None)


def test_what_was_asked_for_outlives_a_kill_of_redis(waiting: QueueOnlyLibrary) -> None:
    jobs = add(waiting, 2)
    waiting.reconciliation.reconcile()
    child = waiting.redis.child
    assert child is not None
    # It writes to the disk once a second, and what it was told before that is in the system's hands.
    child.process.kill()
    child.process.wait()
    again = RedisServer(waiting.home)
    again.start()
    try:
        assert waiting.message_ids() == [message_id(job) for job in jobs]
    finally:
        again.stop()


@pytest.mark.usefixtures("common_redis")
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda client: client.config_set("maxmemory", "1"), "has no memory left, so songs wait. Raise its maxmemory"),
        (lambda client: client.execute_command("REPLICAOF", "127.0.0.1", "1"), "is a read-only copy of another server"),
        (lambda client: client.config_set("requirepass", "secret"), "wants another password. Set REDIS_PASSWORD."),
    ],
    ids=["full", "read-only", "password"],
)  # fmt: skip
def test_what_redis_has_against_it_is_said_in_a_sentence(
    tmp_path: Path, spoil: Callable[["redis.Redis"], object], words: str
) -> None:
    with queue_only_library(tmp_path / "library") as waiting:
        add(waiting, 1)
        with redis_client() as client:
            spoil(client)
        with pytest.raises(ServiceUnavailableError, match=words):
            waiting.reconciliation.reconcile()
        server = external_redis()
        assert server is not None
        with pytest.raises(ServiceUnavailableError, match=words):
            check_external_redis(server)
