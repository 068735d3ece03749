"""Messages for analyses: published one at a time while nothing else is to do, and behind drafts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from desktop.jobs.model import AnalysisInput, Job
from desktop.tasks import reconcile
from desktop.tasks.celery_app import ANALYSE_TASK
from desktop.tasks.draft_watch import DraftWatch
from desktop.tasks.redis_client import redis_client, redis_names
from tests.helpers.jobs import make_job
from tests.helpers.queue import QueueOnlyLibrary, queue_only_library
from tests.helpers.rows import claim_job, complete_job


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueueOnlyLibrary]:
    monkeypatch.setattr(reconcile, "_ANALYSIS_INTERVAL_S", 0.0)
    with queue_only_library(tmp_path_factory.mktemp("library")) as library:
        yield library


def analysis_messages() -> list[dict[str, Any]]:
    with redis_client() as client:
        return [json.loads(text) for text in client.lrange(redis_names().analysis_queue, 0, -1)]


def complete(library: QueueOnlyLibrary) -> Job:
    return complete_job(library.home, library.store, library.store.insert(make_job()))


def test_songs_without_an_analysis_are_published_one_at_a_time_the_newest_first(library: QueueOnlyLibrary) -> None:
    older, newer = complete(library), complete(library)
    for _ in range(3):
        library.reconciliation.reconcile()
    (message,) = analysis_messages()
    assert message["headers"]["task"] == ANALYSE_TASK
    assert message["headers"]["argsrepr"] == f"('{newer.id}',)"
    with redis_client() as client:
        client.delete(redis_names().analysis_queue)  # a worker takes it
    library.store.analyses.finish(newer.id, AnalysisInput.STEMS, 120.0, None)
    library.reconciliation.reconcile()
    assert [message["headers"]["argsrepr"] for message in analysis_messages()] == [f"('{older.id}',)"]


def test_nothing_is_published_while_songs_are_separated_or_wait(library: QueueOnlyLibrary) -> None:
    complete(library)
    waiting = library.store.insert(make_job())
    library.reconciliation.reconcile()
    assert analysis_messages() == []
    claimed = claim_job(library.store, waiting)
    library.reconciliation.reconcile()
    assert analysis_messages() == []
    complete_job(library.home, library.store, library.store.insert(make_job()))
    library.store.ownership.release(claimed)
    library.service.pause_queue()
    library.reconciliation.reconcile()
    assert len(analysis_messages()) == 1


def test_songs_of_the_bin_and_analysed_songs_are_left_out(library: QueueOnlyLibrary) -> None:
    removed, analysed = complete(library), complete(library)
    library.service.remove_jobs([removed.id])
    library.store.analyses.finish(analysed.id, AnalysisInput.STEMS, None, None)
    library.reconciliation.reconcile()
    assert analysis_messages() == []


def test_old_messages_are_deleted_when_the_queue_is_rebuilt(library: QueueOnlyLibrary) -> None:
    songs = [complete(library) for _ in range(3)]
    for song in songs:
        library.queue.publish_analysis(song.id)
    library.reconciliation.rebuild()
    assert len(analysis_messages()) == 1


def test_an_analysis_steps_aside_for_a_draft_that_waits(library: QueueOnlyLibrary) -> None:
    job = library.store.insert(make_job())
    assert not DraftWatch()()
    library.queue.publish_analysis(job.id)
    assert not DraftWatch()()
    library.queue.publish_draft(job)
    assert DraftWatch()()
