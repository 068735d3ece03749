"""Messages for exports: one while an export waits, whatever became of the message before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.export.settings import ExportSettings
from desktop.jobs.export_job import ExportJob
from desktop.tasks.celery_app import EXPORT_TASK
from desktop.tasks.export_jobs import export_next_song
from desktop.tasks.redis_client import redis_client, redis_names
from tests.helpers.jobs import make_job
from tests.helpers.queue import QueueOnlyLibrary, queue_only_library
from tests.helpers.rows import claim_job


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueueOnlyLibrary]:
    with queue_only_library(tmp_path_factory.mktemp("library")) as library:
        yield library


def export_messages() -> list[dict[str, Any]]:
    with redis_client() as client:
        return [json.loads(text) for text in client.lrange(redis_names().export_queue, 0, -1)]


def lose_messages() -> None:
    with redis_client() as client:
        client.delete(redis_names().export_queue)


def start_export(library: QueueOnlyLibrary, folder: Path) -> ExportJob:
    job = library.store.insert(make_job())
    return library.service.start_export([job], ExportSettings(), folder)


def test_started_export_has_one_message_and_a_lost_one_is_published_again(
    library: QueueOnlyLibrary, tmp_path: Path
) -> None:
    start_export(library, tmp_path)
    for _ in range(3):
        library.reconciliation.reconcile()
        (message,) = export_messages()
        assert message["headers"]["task"] == EXPORT_TASK
    lose_messages()
    library.reconciliation.reconcile()
    assert len(export_messages()) == 1
    library.reconciliation.rebuild()
    assert len(export_messages()) == 1


def test_export_in_work_needs_no_message_until_its_worker_is_lost(library: QueueOnlyLibrary, tmp_path: Path) -> None:
    start_export(library, tmp_path)
    claimed = library.store.exports.claim()
    assert claimed is not None
    lose_messages()
    library.reconciliation.reconcile()
    assert export_messages() == []
    library.store.exports.release_ended_owners()
    library.reconciliation.reconcile()
    assert len(export_messages()) == 1


def test_exports_wait_neither_for_songs_nor_for_the_paused_queue(library: QueueOnlyLibrary, tmp_path: Path) -> None:
    claim_job(library.store)
    start_export(library, tmp_path)
    library.service.pause_queue()
    lose_messages()
    library.reconciliation.reconcile()
    assert len(export_messages()) == 1


def test_ended_export_needs_neither_a_message_nor_the_draft_worker(library: QueueOnlyLibrary, tmp_path: Path) -> None:
    export = start_export(library, tmp_path)
    assert library.reconciliation.needs_draft_worker()
    library.service.cancel_export(export.id)
    lose_messages()
    library.reconciliation.reconcile()
    assert export_messages() == []
    assert not library.reconciliation.needs_draft_worker()


def test_message_is_followed_by_another_until_no_export_waits(library: QueueOnlyLibrary, tmp_path: Path) -> None:
    start_export(library, tmp_path)  # of a song without stems
    lose_messages()
    assert export_next_song("any", content="of a message") == "exported"
    assert len(export_messages()) == 1
    assert export_next_song() == "dropped"
    assert len(export_messages()) == 1, "the one from before"
