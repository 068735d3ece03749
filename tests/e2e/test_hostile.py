"""Hostile input to the whole app: it runs no code, and fails at most its own job."""

import base64
import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from desktop.jobs.model import JobOptions, JobState
from desktop.tasks.celery_app import SEPARATE_TASK
from desktop.tasks.redis_client import redis_client, redis_names
from tests.helpers.command import run_unbraid
from tests.helpers.library import RunningLibrary, running_library, wait_until, write_song
from tests.helpers.resume import find_worker

SKETCH = JobOptions(model="sketch")
DONE = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class HostilePickle:
    """An object that runs a command when it is unpickled."""

    def __init__(self, trap: Path) -> None:
        self._command = [sys.executable, "-c", f"open({str(trap)!r}, 'w')"]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return subprocess.check_call, (self._command,)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    with running_library(tmp_path_factory.mktemp("library"), drafts=True) as library:
        yield library


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a path that exists only after hostile code has run."""
    return tmp_path / "ran"


def write_hostile_weights(folder: Path, trap: Path, kind: str) -> Path:
    path = folder / f"evil.{kind}"
    if kind == "th":
        import torch

        torch.save({"klass": HostilePickle(trap), "args": (), "kwargs": {}, "state": {}}, path)
    else:
        command = f"open({str(trap)!r}, 'w')"
        metadata = {
            "klass": "builtins.exec",
            "args": json.dumps([command]),
            "kwargs": json.dumps({"sources": ["a", "b"]}),
        }
        header = json.dumps({"__metadata__": metadata}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


@pytest.mark.parametrize("kind", ["th", "safetensors"])
def test_import_rejects_hostile_weights_and_runs_no_code_from_them(tmp_path: Path, trap: Path, kind: str) -> None:
    home = tmp_path / "library"
    result = run_unbraid(home, "models", "import", write_hostile_weights(tmp_path, trap, kind))
    assert result.exit_status == 1
    assert f"evil.{kind}" in result.stderr
    assert "Traceback" not in result.stderr
    assert not trap.exists()
    assert not list((home / "models").rglob("evil*"))


@pytest.mark.parametrize("kind", ["th", "safetensors"])
def test_hostile_weights_copied_into_the_model_store_fail_only_their_own_job(
    library: RunningLibrary, tmp_path: Path, trap: Path, kind: str
) -> None:
    imported_folder = library.home.models / "imported"
    imported_folder.mkdir(exist_ok=True)
    write_hostile_weights(imported_folder, trap, kind)
    (imported_folder / "evil.json").write_text(
        json.dumps({"file": f"evil.{kind}", "sources": ["a", "b"]}), encoding="utf-8"
    )
    failed = library.service.add(write_song(tmp_path / "song.wav"), JobOptions(model="evil"))
    after = library.service.add(write_song(tmp_path / "after.wav"), SKETCH)
    failed = library.wait_for(failed, *DONE)
    assert failed.state is JobState.FAILED
    assert f"evil.{kind}" in str(failed.error)
    assert library.wait_for(after, *DONE).state is JobState.COMPLETED
    assert not trap.exists()


def celery_message(body: bytes, content_type: str, encoding: str, task: str = SEPARATE_TASK) -> str:
    """Return a message in the format that Celery puts into the queue."""
    properties = {
        "correlation_id": str(uuid4()), "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "unbraid"},
        "priority": 0, "body_encoding": "base64", "delivery_tag": str(uuid4()),
    }  # fmt: skip
    headers = {"lang": "py", "task": task, "id": str(uuid4()), "retries": 0, "argsrepr": "", "origin": "elsewhere"}
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(), "content-encoding": encoding, "content-type": content_type,
            "headers": headers, "properties": properties,
        }
    )  # fmt: skip


def hostile_messages(trap: Path) -> dict[str, str | bytes]:
    pickled = pickle.dumps(((HostilePickle(trap),), {}, {}))
    foreign_task = json.dumps(([f"open({str(trap)!r}, 'w')"], {}, {})).encode()
    path_argument = json.dumps((["../../../../etc"], {}, {})).encode()
    return {
        "pickle": celery_message(pickled, "application/x-python-serialize", "binary"),
        "pickle said to be JSON": celery_message(pickled, "application/json", "utf-8"),
        "yaml": celery_message(b"!!python/object/apply:os.system [true]", "application/x-yaml", "utf-8"),
        "a task of somebody else's": celery_message(foreign_task, "application/json", "utf-8", task="builtins.exec"),
        "a path in place of a job": celery_message(path_argument, "application/json", "utf-8"),
        "no arguments": celery_message(b"[[], {}, {}]", "application/json", "utf-8"),
        "JSON of something else": json.dumps([1, 2, 3]),
        "no JSON": "nothing of the kind",
        "no text": b"\x80\x04\xff\xfe",
    }


@pytest.mark.parametrize("kind", hostile_messages(Path()))
@pytest.mark.parametrize("queue", ["queue", "draft_queue"])
def test_hostile_message_in_the_queue_runs_no_code_and_jobs_complete(
    library: RunningLibrary, tmp_path: Path, trap: Path, kind: str, queue: str
) -> None:
    with redis_client() as client:
        client.lpush(getattr(redis_names(), queue), hostile_messages(trap)[kind])
    jobs = [library.service.add(write_song(tmp_path / f"{name}.wav", 1.0), SKETCH) for name in ("one", "two")]
    assert [library.wait_for(job, *DONE).state for job in jobs] == [JobState.COMPLETED] * 2
    assert not trap.exists()


def test_malformed_messages_do_not_stop_republishing_or_the_restart_of_the_worker(tmp_path: Path, trap: Path) -> None:
    with running_library(tmp_path / "library") as library:
        busy = library.service.add(write_song(tmp_path / "busy.wav", 240.0), SKETCH)
        library.wait_for_progress(busy)
        waiting = library.service.add(write_song(tmp_path / "waiting.wav", 1.0), SKETCH)
        with redis_client() as client:
            client.delete(redis_names().queue)
            client.lpush(redis_names().queue, *hostile_messages(trap).values())
            # A pending job without a message gets one, whatever else is in the queue.
            wait_until(lambda: any(waiting.id in text for text in client.lrange(redis_names().queue, 0, -1)))
        find_worker(library.home.root).kill()
        library.service.cancel(busy.id)
        assert library.wait_for(waiting, *DONE).state is JobState.COMPLETED
        assert not trap.exists()


def test_malformed_events_are_ignored(library: RunningLibrary, tmp_path: Path) -> None:
    first = library.service.add(write_song(tmp_path / "first.wav", 1.0), SKETCH)
    library.wait_for(first, *DONE)
    malformed = (
        b"\x80\xff",
        b"",
        b"[]",
        b"3",
        b"null",
        b'{"stage": 1}',
        b'{"job_id": 5}',
        b'{"job_id": "x", "token": []}',
    )
    with redis_client() as client:
        for payload in (*malformed, b'{"paused": "no"}', b"[" * 100_000):
            client.publish(redis_names().events_channel, payload)
    second = library.service.add(write_song(tmp_path / "second.wav", 20.0), SKETCH)
    library.wait_for_progress(second)
    assert library.wait_for(second, *DONE).state is JobState.COMPLETED
