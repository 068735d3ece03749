"""Messages follow the rows of the jobs, whatever happens to them: with a real Redis and no worker."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from desktop.errors import ServiceUnavailableError
from desktop.jobs.model import Job
from desktop.supervisor.redis_server import RedisServer, check_external_redis
from desktop.tasks import queue
from desktop.tasks.celery_app import app
from desktop.tasks.queue import CeleryQueue, message_id
from desktop.tasks.redis_client import redis_client, redis_names
from desktop.text.message import verbatim
from desktop.variables import external_redis
from tests.helpers.jobs import make_job
from tests.helpers.queue import QueueOnlyLibrary, queue_only_library
from tests.helpers.redis_server import redis_on_free_port
from tests.helpers.rows import claim_job, simulate_dead_owner, update_rows


@pytest.fixture
def library(tmp_path: Path) -> Iterator[QueueOnlyLibrary]:
    with queue_only_library(tmp_path / "library") as library:
        yield library


def add(library: QueueOnlyLibrary, count: int) -> list[Job]:
    return [library.store.insert(make_job(source=Path(f"/music/{number}.wav"))) for number in range(count)]


def test_message_id_is_job_id_and_token_and_its_content_is_json(library: QueueOnlyLibrary) -> None:
    (job,) = add(library, 1)
    library.queue.publish(replace(job, token=7))
    (message,) = library.messages()
    assert message["headers"]["id"] == f"{job.id}:7"
    assert message["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("seconds", "expected_soft"),
    [(None, 3300), (150.0, 3300), (3600.0, 72_000), (100 * 3600.0, 6 * 24 * 3600)],
    ids=["unknown length", "150 seconds", "one hour", "one hundred hours"],
)
def test_message_carries_both_time_limits_and_they_grow_with_the_track(
    library: QueueOnlyLibrary, seconds: float | None, expected_soft: int
) -> None:
    # A time_limit without its own soft limit would be ignored in favour of the soft limit in the settings.
    library.queue.publish(replace(make_job(), seconds=seconds))
    ((hard, soft),) = [message["headers"]["timelimit"] for message in library.messages()]
    assert (soft, hard - soft) == (expected_soft, 300)
    assert hard < app.conf.broker_transport_options["visibility_timeout"]


def test_due_jobs_without_a_message_are_published_once_in_queue_order(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 3)
    for _ in range(3):
        library.reconciliation.reconcile()
    assert library.message_ids() == [message_id(job) for job in jobs]


def test_message_held_by_a_worker_is_not_published_again(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 2)
    library.reconciliation.reconcile()
    assert library.hold_next_message() == message_id(jobs[0])
    library.reconciliation.reconcile()
    assert library.message_ids() == [message_id(jobs[1])]


def test_unacknowledged_message_of_a_dead_owner_does_not_block_the_next_run(library: QueueOnlyLibrary) -> None:
    (job,) = add(library, 1)
    library.reconciliation.reconcile()
    library.hold_next_message()
    simulate_dead_owner(library.home, claim_job(library.store, job))
    library.reconciliation.reconcile()
    assert library.message_ids() == [f"{job.id}:1"]


def test_paused_jobs_and_jobs_waiting_for_a_retry_are_not_published(library: QueueOnlyLibrary) -> None:
    paused, retrying, ready = add(library, 3)
    library.store.set_job_paused(paused.id, True)
    library.store.ownership.schedule_retry(claim_job(library.store, retrying), verbatim("It was busy."), 40.0)
    library.reconciliation.reconcile()
    assert library.message_ids() == [message_id(ready)]
    library.service.pause_queue()
    assert library.message_ids() == []
    library.reconciliation.reconcile()
    assert library.message_ids() == []
    update_rows(library.home, "not_before = 0")
    library.service.resume_queue()
    assert library.message_ids() == [f"{retrying.id}:1", message_id(ready)]


def test_resumed_job_is_published_at_its_queue_position(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 3)
    library.service.pause_jobs([jobs[0].id])
    library.reconciliation.reconcile()
    library.service.resume_jobs([jobs[0].id])
    assert library.message_ids() == [message_id(job) for job in jobs]


def test_reordering_the_queue_republishes_the_messages_in_the_new_order(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 3)
    library.reconciliation.reconcile()
    library.service.move_to_front(jobs[2].id)
    assert library.message_ids() == [message_id(jobs[number]) for number in (2, 0, 1)]


def test_message_that_was_taken_but_never_claimed_is_published_again(
    library: QueueOnlyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = add(library, 1)
    library.reconciliation.reconcile()
    library.hold_next_message()
    monkeypatch.setattr(queue, "_CLAIM_TIMEOUT_S", 0.0)
    for _ in range(2):
        library.reconciliation.reconcile()
        assert library.message_ids() == [message_id(job)]


def test_rebuild_recreates_all_messages_from_the_rows(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 2)
    library.reconciliation.reconcile()
    library.hold_next_message()
    library.queue.publish(jobs[1])
    assert len(library.message_ids()) == 2
    for _ in range(2):
        library.reconciliation.rebuild()
        assert library.message_ids() == [message_id(job) for job in jobs]
    with redis_client() as client:
        assert client.exists(*redis_names().unacked_options.values()) == 0


def test_reconcile_publishes_nothing_while_another_process_holds_the_lock(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 2)
    with library.queue.lock_for_reconciliation() as acquired:
        assert acquired
        library.reconciliation.reconcile()
        assert library.message_ids() == []
    library.reconciliation.reconcile()
    assert library.message_ids() == [message_id(job) for job in jobs]


@pytest.fixture
def common_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis shared by several libraries."""
    with redis_on_free_port(tmp_path) as address:
        for name, value in address.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.parametrize("shared", [None, "studio"], ids=["own names", "shared name"])
@pytest.mark.usefixtures("common_redis")
def test_library_on_a_shared_redis_never_deletes_messages_of_another_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: str | None
) -> None:
    if shared:
        monkeypatch.setenv("UNBRAID_QUEUE", shared)
    with queue_only_library(tmp_path / "theirs") as theirs:
        add(theirs, 3)
        theirs.reconciliation.reconcile()
        held, pending = theirs.hold_next_message(), set(theirs.message_ids())
    with queue_only_library(tmp_path / "ours") as ours:
        jobs = add(ours, 2)
        ours.reconciliation.reconcile()
        ours.queue.republish(jobs[:1])
        ours.reconciliation.rebuild()
        assert {message_id(job) for job in jobs} == set(ours.message_ids()) - pending
        assert pending <= set(ours.message_ids()) or not shared
    with queue_only_library(tmp_path / "theirs") as theirs:
        assert pending <= set(theirs.message_ids())
        assert theirs.queue.message_ids() >= {held, *pending}


def test_lost_message_is_published_again(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 2)
    library.reconciliation.reconcile()
    with redis_client() as client:
        client.flushall()
    library.reconciliation.reconcile()
    assert library.message_ids() == [message_id(job) for job in jobs]


def test_jobs_wait_while_redis_is_down_and_reconcile_raises(tmp_path: Path) -> None:
    with queue_only_library(tmp_path / "library") as library:
        jobs = add(library, 2)
        library.redis.stop()
        library.service.pause_queue()
        library.service.resume_queue()
        library.reconciliation.rebuild()
        with pytest.raises(ServiceUnavailableError, match="Unbraid's own Redis does not answer"):
            library.reconciliation.reconcile()
        library.queue.publish_playhead(jobs[0].id, 1.0)
        library.redis.start()
        library.reconciliation.reconcile()
        assert library.message_ids() == [message_id(job) for job in jobs]


def test_message_is_never_sent_to_the_redis_of_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with queue_only_library(tmp_path / "other") as other_library:
        monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "mine"))  # its own Redis is not running
        CeleryQueue().publish(make_job())
        monkeypatch.setenv("UNBRAID_HOME", str(other_library.home.root))
        assert other_library.message_ids() == []


def test_redis_persists_its_data_listens_on_no_port_and_loads_no_modules(library: QueueOnlyLibrary) -> None:
    with redis_client() as client:
        config = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "port", "save")}
        version = int(str(client.info("server")["redis_version"]).split(".")[0])
        modules = client.config_get("enable-module-command").get("enable-module-command")
    assert config == {"appendonly": "yes", "appendfsync": "everysec", "port": "0", "save": ""}
    assert modules == ("no" if version >= 7 else None)


def test_messages_survive_a_kill_of_redis(library: QueueOnlyLibrary) -> None:
    jobs = add(library, 2)
    library.reconciliation.reconcile()
    child = library.redis.child
    assert child is not None
    # Redis syncs its file once a second; what it wrote before that is already with the operating system.
    child.process.kill()
    child.process.wait()
    restarted = RedisServer(library.home)
    restarted.start()
    try:
        assert library.message_ids() == [message_id(job) for job in jobs]
    finally:
        restarted.stop()


@pytest.mark.usefixtures("common_redis")
@pytest.mark.parametrize(
    ("misconfigure", "message"),
    [
        (lambda client: client.config_set("maxmemory", "1"), "has no memory left, so songs wait. Raise its maxmemory"),
        (lambda client: client.execute_command("REPLICAOF", "127.0.0.1", "1"), "is a read-only copy of another server"),
        (lambda client: client.config_set("requirepass", "secret"), "needs a different password. Set REDIS_PASSWORD."),
    ],
    ids=["full", "read-only", "password"],
)  # fmt: skip
def test_reason_why_redis_refuses_writes_is_reported(
    tmp_path: Path, misconfigure: Callable[["redis.Redis"], object], message: str
) -> None:
    with queue_only_library(tmp_path / "library") as library:
        add(library, 1)
        with redis_client() as client:
            misconfigure(client)
        with pytest.raises(ServiceUnavailableError, match=message):
            library.reconciliation.reconcile()
        server = external_redis()
        assert server is not None
        with pytest.raises(ServiceUnavailableError, match=message):
            check_external_redis(server)
