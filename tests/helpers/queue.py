"""The real Redis of a library without a worker: messages stay in the queue, where tests can read them."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from desktop.jobs.queue import JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.supervisor.redis_server import RedisServer
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.reconcile import Reconciliation
from desktop.tasks.redis_client import redis_client, redis_names
from desktop.variables import external_redis


class NullEvents:
    """Ignores every event."""

    def emit(self, event: JobEvent) -> None: ...


class QueueOnlyLibrary:
    """A library whose messages no worker takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.redis = RedisServer(home)
        self.queue = CeleryQueue()
        self.store = JobStore(home)
        self.service = JobService(home, self.store, self.queue, NullEvents())
        self.reconciliation = Reconciliation(home, self.store, self.queue, NullEvents())

    def messages(self) -> list[dict[str, Any]]:
        """Return the waiting messages, next one first."""
        with redis_client() as client:
            return [json.loads(text) for text in reversed(client.lrange(redis_names().queue, 0, -1))]

    def message_ids(self) -> list[str]:
        """Return the ids of the waiting messages, next one first."""
        return [message["headers"]["id"] for message in self.messages()]

    def hold_next_message(self) -> str:
        """Mark the next message as held by a worker, as the transport records it, and return its id."""
        with redis_client() as client:
            text = client.rpop(redis_names().queue)
            assert isinstance(text, str)
            tag = json.loads(text)["properties"]["delivery_tag"]
            client.hset(
                redis_names().unacked_options["unacked_key"],
                tag,
                json.dumps([json.loads(text), redis_names().queue, redis_names().queue]),
            )
            client.zadd(redis_names().unacked_options["unacked_index_key"], {tag: time()})
        return str(json.loads(text)["headers"]["id"])


@contextmanager
def queue_only_library(root: Path) -> Generator[QueueOnlyLibrary]:
    """Run a library with its own Redis, or that of REDIS_HOST, for this process; stop it at the end."""
    before = os.environ["UNBRAID_HOME"]
    os.environ["UNBRAID_HOME"] = str(root)
    library = QueueOnlyLibrary(Home(root).create_folders())
    try:
        if external_redis() is None:
            library.redis.start()
        yield library
    finally:
        library.redis.stop()
        os.environ["UNBRAID_HOME"] = before
